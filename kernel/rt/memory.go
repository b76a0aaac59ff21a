//go:build metal

package rt

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
)

// The runtime's memory is reserved here as address space and gets its frames
// one by one when it is touched. Address space is never reused: at 16 TiB a
// region, a kernel that maps a gigabyte a second lasts four hours of nothing
// but that.

// The page allocator is called through variables, so that the linker begins a
// new sum of nosplit stack use: on a kernel stack there is room for both parts.
var (
	allocHeapPage = mm.AllocHeapPage
	freePage      = mm.FreePage
)

// region is a range of kernel addresses handed out from the bottom.
type region struct {
	next atomic.Uintptr
	end  uintptr
}

var (
	heap = region{end: arch.HeapEnd} // Go arenas, kept contiguous
	anon = region{end: arch.VMEnd}   // everything else
)

// arenaSize is the unit in which the runtime grows its heap (heapArenaBytes).
const arenaSize = 64 << 20

// reserve takes n bytes. It returns 0 if they are not there, or if the region
// does not continue at hint.
//
//go:nosplit
func (r *region) reserve(n, hint uintptr) uintptr {
	for {
		base := r.next.Load()
		if n > r.end-base || hint != 0 && hint != base {
			return 0
		}
		if r.next.CompareAndSwap(base, base+n) {
			return base
		}
	}
}

// holds reports whether addr was handed out.
//
//go:nosplit
func (r *region) holds(base, addr uintptr) bool { return addr >= base && addr < r.next.Load() }

//go:nosplit
func reserved(addr uintptr) bool {
	return heap.holds(arch.HeapBase, addr) || anon.holds(arch.VMBase, addr)
}

// mmap is mmap(2) for private anonymous memory. A hint that cannot be met is
// an error: the runtime then asks again without one.
//
//go:nosplit
func mmap(addr, n, prot, flags uintptr) uintptr {
	if n == 0 || n > arch.HeapEnd-arch.HeapBase {
		return fail(einval)
	}
	n = (n + arch.PageSize - 1) &^ (arch.PageSize - 1)
	if flags&syscall.MAP_FIXED != 0 {
		if !reserved(addr) || !reserved(addr+n-1) {
			return fail(enomem)
		}
		discard(addr, n)
		return addr
	}
	r := &anon
	if addr != 0 || prot == syscall.PROT_NONE && n%arenaSize == 0 {
		r = &heap
	}
	if base := r.reserve(n, addr); base != 0 {
		return base
	}
	return fail(enomem)
}

// discard gives the frames of a range back. The next touch finds zeros, as
// after MADV_DONTNEED or a fresh mmap.
//
//go:nosplit
func discard(addr, n uintptr) {
	chain := uintptr(0)
	flags := lockPages()
	for va := addr &^ (arch.PageSize - 1); va < addr+n; va += arch.PageSize {
		if pa, ok := arch.UnmapKernelPage(va); ok {
			*(*uintptr)(at(arch.PhysToVirt(pa))) = chain
			chain = pa
		}
	}
	unlockPages(flags)
	if chain == 0 {
		return
	}
	arch.FlushKernelTLB(addr, addr+n)
	for chain != 0 {
		pa := chain
		chain = *(*uintptr)(at(arch.PhysToVirt(pa)))
		freePage(pa)
	}
}

// populate maps a zeroed frame at a reserved address that was touched for the
// first time. It reports false if there is no memory.
//
//go:nosplit
func populate(addr uintptr) bool {
	va := addr &^ (arch.PageSize - 1)
	pa := allocHeapPage()
	if pa == 0 {
		return false
	}
	arch.ZeroPage(arch.PhysToVirt(pa))
	flags := lockPages()
	ok := true
	if arch.KernelPageMapped(va) { // another CPU was faster
		freePage(pa)
	} else if ok = arch.MapKernelPage(va, pa, arch.ProtR|arch.ProtW); !ok {
		freePage(pa)
	}
	unlockPages(flags)
	return ok
}

// pages protects the page tables of the two regions.
var pages atomic.Uint32

//go:nosplit
func lockPages() uintptr {
	flags := arch.IRQSave()
	for !pages.CompareAndSwap(0, 1) {
		arch.CPURelax()
	}
	return flags
}

//go:nosplit
func unlockPages(flags uintptr) {
	pages.Store(0)
	arch.IRQRestore(flags)
}
