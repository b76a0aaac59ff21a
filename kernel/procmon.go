//go:build metal

package kernel

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/arch/bootinfo"
	"onsen/kernel/mm"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/virtio"
)

// procMonitorPoll is how long the monitor's thread waits for a slow reader, ns.
const procMonitorPoll = 1_000_000

// startProcMonitor sends the events of processes to the first virtio console
// there is. Without one nobody listens, and events cost nothing.
func startProcMonitor() {
	for _, r := range virtioDevices() {
		regs := virtioRegisters(arch.MapDevice(uintptr(r.Start), uintptr(r.Size())))
		id, err := virtio.Probe(regs)
		if err == virtio.ErrLegacy {
			printk.Warn("%v: %v", r, err)
		}
		if err == nil && id == virtio.IDConsole && openProcMonitor(regs, fmt.Sprintf("at %#x", r.Start)) {
			return
		}
	}
	for _, f := range arch.PCIFunctions() {
		if virtio.PCIType(f) != virtio.IDConsole {
			continue
		}
		regs, err := virtio.OpenPCI(f, mapPCI)
		if err != nil {
			printk.Warn("%v: %v", f, err)
			continue
		}
		if openProcMonitor(regs, "on PCI at "+f.String()) {
			return
		}
	}
}

// virtioDevices returns the devices that firmware and command line name.
func virtioDevices() []bootinfo.Range {
	all := machine.Virtio
	for _, word := range bootOptions.Virtio {
		d, err := virtio.ParseDevice(word)
		if err != nil {
			printk.Warn("%v", err)
			continue
		}
		all = append(all, bootinfo.RangeOf(d.Base, d.Size))
	}
	return all
}

// openProcMonitor reports whether events go to the console behind regs from now on.
// If not, it has said why.
func openProcMonitor(regs virtio.Registers, where string) bool {
	if err := sendEventsTo(regs); err != nil {
		printk.Err("virtio console %s: %v", where, err)
		return false
	}
	printk.Info("monitor: process events on the virtio console %s", where)
	return true
}

func sendEventsTo(regs virtio.Registers) error {
	var m virtio.ConsoleMemory
	m.Queue, m.QueuePA = zeroedPage()
	m.Buffers, m.BuffersPA = zeroedPage()
	if m.QueuePA == 0 || m.BuffersPA == 0 {
		return syscall.ENOMEM
	}
	c, err := virtio.OpenConsole(regs, m)
	if err != nil {
		return err
	}
	q := new(procEventQueue)
	procMonitor.Store(q)
	for _, t := range Tasks() {
		if t.Pid == t.Tgid {
			tellMonitor(procHave, t)
		}
	}
	_, err = KthreadRun(func(any) int { q.send(c); return 0 }, nil, "procmon")
	return err
}

// zeroedPage returns a page for a device, 0 if there is none.
func zeroedPage() (unsafe.Pointer, uint64) {
	pa := mm.AllocPage()
	if pa == 0 {
		return nil, 0
	}
	va := arch.PhysToVirt(pa)
	arch.ZeroPage(va)
	return *(*unsafe.Pointer)(unsafe.Pointer(&va)), uint64(pa)
}

// send writes events to c for ever.
func (q *procEventQueue) send(c *virtio.Console) {
	writeAll(c, []byte("onsen-events 1\n"))
	var line []byte
	for {
		var e procEvent
		q.wait.Wait(func() (ok bool) {
			e, ok = q.take()
			return ok
		})
		line = e.appendLine(line[:0])
		writeAll(c, line)
	}
}

// writeAll waits as long as the device has no room: it reads when its reader
// does.
func writeAll(c *virtio.Console, p []byte) {
	for len(p) > 0 {
		n := c.Write(p)
		if n == 0 {
			sched.Sleep(procMonitorPoll)
		}
		p = p[n:]
	}
}

// virtioRegisters are a device's registers at a virtual address.
type virtioRegisters uintptr

func (v virtioRegisters) word(offset uintptr) *uint32 {
	va := uintptr(v) + offset
	return *(**uint32)(unsafe.Pointer(&va))
}

// Read implements virtio.Registers.
func (v virtioRegisters) Read(offset uintptr) uint32 { return atomic.LoadUint32(v.word(offset)) }

// Write implements virtio.Registers.
func (v virtioRegisters) Write(offset uintptr, w uint32) { atomic.StoreUint32(v.word(offset), w) }

// pciWindow is a piece of a PCI function's memory at a virtual address.
type pciWindow uintptr

// mapPCI is a virtio.MapFunc.
func mapPCI(pa, size uint64) virtio.Window {
	va := arch.MapDevice(uintptr(pa), uintptr(size))
	if va == 0 {
		return nil
	}
	return pciWindow(va)
}

// Load implements virtio.Window. The compiler may not know what it calls: it must
// neither leave out nor join accesses.
//
//go:noinline
func (w pciWindow) Load(offset uintptr, width int) uint32 {
	va := uintptr(w) + offset
	p := *(*unsafe.Pointer)(unsafe.Pointer(&va))
	switch width {
	case 8:
		return uint32(*(*uint8)(p))
	case 16:
		return uint32(*(*uint16)(p))
	}
	return atomic.LoadUint32((*uint32)(p))
}

// Store implements virtio.Window.
//
//go:noinline
func (w pciWindow) Store(offset uintptr, width int, v uint32) {
	va := uintptr(w) + offset
	p := *(*unsafe.Pointer)(unsafe.Pointer(&va))
	switch width {
	case 8:
		*(*uint8)(p) = uint8(v)
	case 16:
		*(*uint16)(p) = uint16(v)
	default:
		atomic.StoreUint32((*uint32)(p), v)
	}
}
