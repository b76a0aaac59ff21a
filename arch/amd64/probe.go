//go:build metal && amd64

package amd64

import (
	"unsafe"

	"onsen/arch/amd64/acpi"
	"onsen/arch/amd64/pvh"
	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// Probe reads what the boot loader and the firmware left in memory; see package
// arch. Nothing else may have used free memory yet: that is where they left it.
func Probe() (*bootinfo.Info, error) {
	memory := newPeeker()
	defer memory.close()
	info, tables, err := pvh.Parse(memory.read, uint64(startInfo))
	if err != nil {
		return nil, err
	}
	if err := acpi.Fill(memory.read, tables, info); err != nil {
		info.Note("%v: assuming one CPU, a standard I/O APIC and no way to switch off.", err)
	}
	info.MarkBootCPU(uint64(percpus[0].apicID))
	reserveOwn(info)
	initPower(info)
	RefineClock()
	describeClock(info)
	return info, nil
}

// reserveOwn reserves what the kernel itself needs to stay where it is.
func reserveOwn(info *bootinfo.Info) {
	lo, hi := imageDirect()
	info.Reserve(bootinfo.Range{Start: uint64(lo), End: uint64(hi)}, "kernel")
	info.Reserve(bootinfo.RangeOf(bootGDT, bootSegmentSize), "boot page tables")
	// The first page has the BIOS's data, and address 0 is nobody's friend.
	info.Reserve(bootinfo.RangeOf(0, pageSize), "BIOS")
	const realModeEnd = 0xa0000
	for _, r := range info.Usable(pageSize) {
		if r.Start < realModeEnd {
			trampolinePage = uintptr(min(r.End, realModeEnd)) - pageSize
			info.Reserve(bootinfo.RangeOf(uint64(trampolinePage), pageSize), "CPU start-up")
			return
		}
	}
	info.Note("There is no memory below 640 KiB: only the boot CPU can run.")
}

// bootSegmentSize is the size of what the image brings along at bootGDT: a page
// of tables for segments, and 7 page tables.
const bootSegmentSize = 8 * pageSize

// peeker shows physical memory of which nothing is known, a window at a time.
type peeker struct {
	window uintptr        // virtual address
	shown  bootinfo.Range // whole pages, at window
}

// peekerSize is the size of the window; acpi asks for 4 MiB at most.
const peekerSize = 4<<20 + pageSize

func newPeeker() *peeker {
	window := deviceBase + deviceNext.Add(peekerSize) - peekerSize
	return &peeker{window: window}
}

// read is a bootinfo.Reader. It refuses addresses that the processor does not
// have, and the registers of interrupt controllers.
func (p *peeker) read(pa uint64, n int) ([]byte, bool) {
	want := bootinfo.RangeOf(pa, uint64(n))
	registers := bootinfo.Range{Start: 0xfec0_0000, End: 0xfef0_0000}
	if n <= 0 || n > peekerSize-pageSize || want.End > 1<<physicalBits() || want.Overlaps(registers) {
		return nil, false
	}
	if !p.shown.Contains(want) && !p.show(want) {
		return nil, false
	}
	at := p.window + uintptr(pa-p.shown.Start)
	return unsafe.Slice((*byte)(pointer(at)), n), true
}

// show moves the window.
func (p *peeker) show(want bootinfo.Range) bool {
	p.close()
	start := want.Start &^ pageMask
	for pa := start; pa < want.End; pa += pageSize {
		if !MapKernelPage(p.window+uintptr(pa-start), uintptr(pa), spec.ProtR) {
			p.close()
			return false
		}
		p.shown = bootinfo.Range{Start: start, End: pa + pageSize}
	}
	return true
}

// close empties the window. Only this CPU runs, so only it must forget.
func (p *peeker) close() {
	size := uintptr(p.shown.Size())
	for at := p.window; at < p.window+size; at += pageSize {
		UnmapKernelPage(at)
	}
	flushLocal(p.window, p.window+size)
	p.shown = bootinfo.Range{}
}

// physicalBits returns how many bits a physical address has.
func physicalBits() uint32 {
	const leafAddress, atLeast = 0x8000_0008, 36 // SDM vol. 2, CPUID
	if last, _, _, _ := CPUID(0x8000_0000, 0); last < leafAddress {
		return atLeast
	}
	a, _, _, _ := CPUID(leafAddress, 0)
	return max(atLeast, min(a&0xff, 52))
}
