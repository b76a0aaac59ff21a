//go:build metal && amd64

package amd64

import (
	"sync/atomic"
	"unsafe"

	"onsen/arch/spec"
)

// Bits of a page table entry (SDM vol. 3, tables 4-15 to 4-20).
const (
	pteP   = 1 << 0  // present
	pteRW  = 1 << 1  // writable
	ptePWT = 1 << 3  // write-through
	ptePCD = 1 << 4  // cache disable
	pteA   = 1 << 5  // accessed
	pteD   = 1 << 6  // dirty
	ptePS  = 1 << 7  // large page
	pteG   = 1 << 8  // global
	pteNX  = 1 << 63 // no execute

	pteAddr = 0x000f_ffff_ffff_f000
)

// kernelRoot is the physical address of the kernel's top-level table. Every
// other address space shares its upper half.
var kernelRoot uintptr

// entry returns the table entry at a physical address.
//
//go:nosplit
func entry(pa uintptr) *atomic.Uint64 {
	va := DirectMapBase + pa
	return *(**atomic.Uint64)(unsafe.Pointer(&va))
}

// flagsOf translates access rights.
//
//go:nosplit
func flagsOf(p spec.Prot) uint64 {
	f := uint64(pteP | pteA | pteG)
	if p&spec.ProtW != 0 {
		f |= pteRW | pteD
	}
	if p&spec.ProtX == 0 {
		f |= pteNX
	}
	if p&spec.ProtDevice != 0 {
		f |= ptePCD | ptePWT
	}
	return f
}

// walk returns the entry for va at the given level: 0 for 4 KiB pages, 1 for
// 2 MiB, 2 for 1 GiB. It makes the tables above it if create is set; it
// returns nil if they are missing, or if a larger page is in the way.
//
//go:nosplit
func walk(va uintptr, level uint, create bool) *atomic.Uint64 {
	table := kernelRoot
	for l := uint(3); ; l-- {
		e := entry(table + va>>(12+9*l)&511*8)
		if l == level {
			return e
		}
		v := e.Load()
		if v&pteP == 0 {
			if !create || !addTable(e) {
				return nil
			}
			v = e.Load()
		}
		if v&ptePS != 0 {
			return nil
		}
		table = uintptr(v & pteAddr)
	}
}

// addTable hangs an empty table into e, unless another CPU just did.
//
//go:nosplit
func addTable(e *atomic.Uint64) bool {
	pa := allocTable()
	if pa == 0 {
		return false
	}
	zeroPage(DirectMapBase + pa)
	if !e.CompareAndSwap(0, uint64(pa)|pteP|pteRW|pteA) {
		freePage(pa)
	}
	return true
}

// MapKernelPage maps one page; see package arch.
//
//go:nosplit
func MapKernelPage(va, pa uintptr, p spec.Prot) bool {
	e := walk(va, 0, true)
	if e == nil {
		return false
	}
	e.Store(uint64(pa) | flagsOf(p))
	return true
}

// UnmapKernelPage unmaps one page; see package arch.
//
//go:nosplit
func UnmapKernelPage(va uintptr) (pa uintptr, ok bool) {
	e := walk(va, 0, false)
	if e == nil {
		return 0, false
	}
	v := e.Swap(0)
	return uintptr(v & pteAddr), v&pteP != 0
}

// KernelPageMapped reports whether a page, of any size, is mapped at va.
//
//go:nosplit
func KernelPageMapped(va uintptr) bool {
	table := kernelRoot
	for l := uint(3); ; l-- {
		v := entry(table + va>>(12+9*l)&511*8).Load()
		if v&pteP == 0 {
			return false
		}
		if l == 0 || v&ptePS != 0 {
			return true
		}
		table = uintptr(v & pteAddr)
	}
}

// mapRange maps [va, va+size) to pa with the largest pages that fit. All three
// are multiples of the page size. It reports false if there is no memory.
//
//go:nosplit
func mapRange(va, pa, size uintptr, p spec.Prot) bool {
	for size > 0 {
		level, n := uint(0), uintptr(pageSize)
		switch {
		case hasGigaPages && (va|pa)%gigaPageSize == 0 && size >= gigaPageSize:
			level, n = 2, gigaPageSize
		case (va|pa)%hugePageSize == 0 && size >= hugePageSize:
			level, n = 1, hugePageSize
		}
		e := walk(va, level, true)
		if e == nil {
			return false
		}
		v := uint64(pa) | flagsOf(p)
		if level > 0 {
			v |= ptePS
		}
		e.Store(v)
		va, pa, size = va+n, pa+n, size-n
	}
	return true
}

// MapDirect adds RAM to the direct map. What the image's own mapping has
// claimed already stays as it is. The range is cut down to whole pages.
func MapDirect(start, end uintptr) {
	start = (start + pageMask) &^ pageMask
	end &^= pageMask
	lo, hi := imageDirect()
	if start < lo {
		mapDirect(start, min(end, lo))
	}
	if end > hi {
		mapDirect(max(start, hi), end)
	}
}

func mapDirect(start, end uintptr) {
	if start < end && !mapRange(DirectMapBase+start, start, end-start, spec.ProtR|spec.ProtW) {
		panic("amd64: no memory for the direct map")
	}
}

// deviceNext is the next free address for device registers.
var deviceNext atomic.Uintptr

// MapDevice maps device registers, uncached. There is room for 512 GiB of
// them, and none are ever unmapped.
//
//go:nosplit
func MapDevice(pa, size uintptr) uintptr {
	first := pa &^ pageMask
	n := (pa + size - first + pageMask) &^ pageMask
	va := deviceBase + deviceNext.Add(n) - n
	for off := uintptr(0); off < n; off += pageSize {
		if !MapKernelPage(va+off, first+off, spec.ProtR|spec.ProtW|spec.ProtDevice) {
			return 0
		}
	}
	return va + pa - first
}

// stackNext is the next free address for kernel stacks.
var stackNext atomic.Uintptr

// newStack maps a stack of n pages between two unmapped ones and returns its
// top, or 0 if there is no memory.
//
//go:nosplit
func newStack(n uintptr) uintptr {
	va := stackBase + stackNext.Add((n+1)*pageSize) - n*pageSize
	for i := range n {
		pa := allocTable()
		if pa == 0 || !MapKernelPage(va+i*pageSize, pa, spec.ProtR|spec.ProtW) {
			return 0
		}
	}
	return va + n*pageSize
}

// PhysToVirt returns where the direct map shows a physical address.
//
//go:nosplit
func PhysToVirt(pa uintptr) uintptr { return DirectMapBase + pa }

// VirtToPhys undoes PhysToVirt; it also knows the image's addresses.
//
//go:nosplit
func VirtToPhys(va uintptr) uintptr {
	if va >= ImageBase {
		return va - ImageBase
	}
	return va - DirectMapBase
}
