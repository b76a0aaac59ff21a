//go:build metal && arm64

package arm64

import (
	"sync/atomic"
	_ "unsafe" // for linkname

	"onsen/arch/spec"
)

//go:linkname mmInitEarly onsen/kernel/mm.InitEarly
func mmInitEarly(virt, pa, size uintptr)

//go:linkname mmAllocHeapPage onsen/kernel/mm.AllocHeapPage
func mmAllocHeapPage() (pa uintptr)

//go:linkname mmFreePage onsen/kernel/mm.FreePage
func mmFreePage(pa uintptr)

// kernel is the tree of TTBR1. Pages of the Go heap are protected by a lock of
// package rt, all others by whoever owns the range.
var kernel tables

// imageOffset is the virtual minus the physical address of the image.
var imageOffset uintptr

// newTable returns the physical address of an empty table, 0 if there is no
// memory. The page allocator needs more stack than a goroutine is sure to have.
//
//go:nosplit
func newTable() uintptr { return onKernelStack(allocTable) }

//go:nosplit
func allocTable() uintptr {
	pa := mmAllocHeapPage()
	if pa != 0 {
		ZeroPage(PhysToVirt(pa))
		storeBarrier() // before the table is linked
	}
	return pa
}

//go:nosplit
func freeTable(pa uintptr) { mmFreePage(pa) }

// PhysToVirt returns where the direct map shows a physical address.
//
//go:nosplit
func PhysToVirt(pa uintptr) uintptr { return pa + DirectMapBase }

// VirtToPhys undoes PhysToVirt; it also knows the addresses of the image.
//
//go:nosplit
func VirtToPhys(va uintptr) uintptr {
	if va >= ImageBase {
		return va - imageOffset
	}
	return va - DirectMapBase
}

// MapKernelPage maps one page. It reports false when there is no memory for
// the tables. A page already mapped there is replaced, without a flush.
//
//go:nosplit
func MapKernelPage(va, pa uintptr, p spec.Prot) bool {
	e := kernel.page(va)
	if e == nil {
		if !kernel.growTo(va) {
			return false
		}
		e = kernel.page(va)
	}
	atomic.StoreUint64(e, leaf(pa, attributes(p), pageLevel))
	publishTables()
	return true
}

// UnmapKernelPage removes the mapping of one page and returns what it was. It
// flushes nothing; see FlushKernelTLB.
//
//go:nosplit
func UnmapKernelPage(va uintptr) (pa uintptr, ok bool) {
	e := kernel.page(va)
	if e == nil {
		return 0, false
	}
	d := atomic.SwapUint64(e, 0)
	return uintptr(d & descAddress), d&descValid != 0
}

// KernelPageMapped reports whether a page, of any size, is mapped at va.
//
//go:nosplit
func KernelPageMapped(va uintptr) bool {
	if va < DirectMapBase {
		return false // translated by TTBR0
	}
	table := kernel.root
	for level := uint(0); ; level++ {
		d := atomic.LoadUint64(kernel.entry(table, va, level))
		if !isTable(d, level) {
			return d&descValid != 0
		}
		table = uintptr(d & descAddress)
	}
}

// flushLimit is how many pages are flushed one by one.
const flushLimit = 64

// FlushKernelTLB makes every CPU forget the translations of [start, end). The
// processor tells the others by itself; no interrupt is needed.
//
//go:nosplit
func FlushKernelTLB(start, end uintptr) {
	start &^= pageMask
	if end-start > flushLimit*pageSize {
		flushAll()
		return
	}
	flushRange(start, end)
}

// MapDirect adds the RAM in [start, end) to the direct map, with the largest
// entries. What is mapped there already stays: the image, whose code and
// constants are read-only in the direct map too. Memory beyond the direct map
// is left out.
func MapDirect(start, end uintptr) {
	start &^= pageMask
	end = min((end+pageMask)&^pageMask, directMapEnd-DirectMapBase)
	if start >= end {
		return
	}
	if !kernel.mapRange(PhysToVirt(start), start, end-start, attrData) {
		panic("arm64: no memory for the direct map")
	}
	publishTables()
}

// MapDevice maps device registers and returns their virtual address, 0 if they
// are out of reach. Registers mapped before are mapped at the same place.
func MapDevice(pa, size uintptr) uintptr {
	start, end := pa&^pageMask, (pa+size+pageMask)&^pageMask
	if size == 0 || end <= start || end > deviceEnd-deviceBase {
		return 0
	}
	attr := attributes(spec.ProtR | spec.ProtW | spec.ProtDevice)
	if !kernel.mapRange(deviceBase+start, start, end-start, attr) {
		panic("arm64: no memory to map devices")
	}
	publishTables()
	return deviceBase + pa
}
