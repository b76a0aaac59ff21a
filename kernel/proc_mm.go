package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"onsen/arch"
	"onsen/kernel/vm"
)

// mapsNameColumn is where the names begin in /proc/PID/maps.
const mapsNameColumn = 73

// showMaps shows the areas.
func showMaps(m *vm.MM, w *bytes.Buffer) error {
	at := heapAndStack(m)
	m.Walk(func(a *vm.Area) bool {
		showArea(w, a, at)
		return true
	})
	return nil
}

// showArea shows where an area is, its rights, and what is mapped there.
func showArea(w *bytes.Buffer, a *vm.Area, at landmarks) {
	start := w.Len()
	dev, ino, offset := uint64(0), uint64(0), uint64(0)
	if a.File != nil {
		dev, ino = a.File.MapID()
		offset = a.Offset
	}
	fmt.Fprintf(w, "%08x-%08x %s %08x %02x:%02x %d ",
		a.Start, a.End, areaRights(a.Flags), offset, devMajor(dev), devMinor(dev), ino)
	if name := areaName(a, at); name != "" {
		for w.Len()-start < mapsNameColumn {
			w.WriteByte(' ')
		}
		w.WriteString(escapeNewlines(name))
	}
	w.WriteByte('\n')
}

// landmarks are where the heap is, and an address in the first stack.
type landmarks struct{ brkStart, brk, stack uintptr }

func heapAndStack(m *vm.MM) landmarks {
	m.ArgLock.Lock()
	defer m.ArgLock.Unlock()
	return landmarks{m.StartBrk, m.Brk, m.StartStack}
}

// areaRights returns a string such as "rw-p".
func areaRights(f vm.Flags) string {
	b := []byte("---p")
	for i, bit := range [...]vm.Flags{vm.VM_READ, vm.VM_WRITE, vm.VM_EXEC} {
		if f&bit != 0 {
			b[i] = "rwx"[i]
		}
	}
	if f&vm.VM_MAYSHARE != 0 {
		b[3] = 's'
	}
	return string(b)
}

// areaName returns the last column of an area.
func areaName(a *vm.Area, at landmarks) string {
	switch {
	case a.File != nil:
		return a.File.MapPath()
	case a.Name != "":
		return a.Name
	case a.Object != nil:
		return ""
	case a.Start < at.brk && a.End > at.brkStart:
		return "[heap]"
	case a.Start <= at.stack && a.End >= at.stack:
		return "[stack]"
	}
	return ""
}

func devMajor(dev uint64) uint64 { return dev >> 8 & 0xfff }
func devMinor(dev uint64) uint64 { return dev&0xff | dev>>12&0xfff00 }

// escapeNewlines keeps a file's name on one line.
func escapeNewlines(s string) string { return escapeOctal(s, "\n") }

// showAuxv shows the auxiliary vector as the program was given it.
func showAuxv(m *vm.MM, w *bytes.Buffer) error {
	m.ArgLock.Lock()
	v := m.Auxv
	m.ArgLock.Unlock()
	for _, word := range v {
		w.Write(binary.LittleEndian.AppendUint64(nil, word))
	}
	return nil
}

// showEnviron shows the environment that the program was given.
func showEnviron(m *vm.MM, w *bytes.Buffer) error {
	m.ArgLock.Lock()
	start, end := m.EnvStart, m.EnvEnd
	m.ArgLock.Unlock()
	showMemory(m, w, start, end)
	return nil
}

// showCmdline shows the arguments. A program that has written over the NUL
// behind them, to change its title, has its environment shown up to the first
// NUL.
func showCmdline(m *vm.MM, w *bytes.Buffer) error {
	m.ArgLock.Lock()
	start, end, envEnd := m.ArgStart, m.ArgEnd, m.EnvEnd
	m.ArgLock.Unlock()
	if start >= end {
		return nil
	}
	var last [1]byte
	if n, _ := m.ReadRemote(end-1, last[:]); n == 1 && last[0] != 0 {
		var b bytes.Buffer
		showMemory(m, &b, start, envEnd)
		title, _, _ := bytes.Cut(b.Bytes(), []byte{0})
		w.Write(title)
		return nil
	}
	showMemory(m, w, start, end)
	return nil
}

// showMemory shows [start, end) as far as it can be read.
func showMemory(m *vm.MM, w *bytes.Buffer, start, end uintptr) {
	var page [arch.PageSize]byte
	for start < end {
		n, err := m.ReadRemote(start, page[:min(end-start, arch.PageSize)])
		w.Write(page[:n])
		if err != nil || n == 0 {
			return
		}
		start += uintptr(n)
	}
}
