package vm

import (
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/mm"
)

// table is a page of entries: a page table, or a node of a page cache's index.
type table [pageSize / 8]uint64

const tableMask = pageSize/8 - 1

// tableAt returns the table at a physical address.
//
//go:nocheckptr
func tableAt(pa uintptr) *table { return (*table)(unsafe.Add(nil, arch.PhysToVirt(pa))) }

// pageBytes returns the contents of a page.
//
//go:nocheckptr
func pageBytes(pa uintptr) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, arch.PhysToVirt(pa))), pageSize)
}

// zeroPage clears a page.
func zeroPage(pa uintptr) { arch.ZeroPage(arch.PhysToVirt(pa)) }

// copyPage copies a page.
func copyPage(dst, src uintptr) { *tableAt(dst) = *tableAt(src) }

// addressBits are the bits of a page table entry that are the page's address.
var addressBits = uint64(arch.PTE(^uint64(0)).PA())

// syncCode makes what the kernel has put into a page visible to instruction
// fetches, unless that was done before. What programs write is their own matter,
// as on Linux.
func syncCode(pa uintptr) {
	if !arch.CoherentCode && !mm.PageCode(pa) {
		arch.SyncICache(arch.PhysToVirt(pa), pageSize)
		mm.SetPageCode(pa, true)
	}
}

// wroteTo is called after the kernel has written to a page that may be mapped.
func wroteTo(pa uintptr) {
	if !arch.CoherentCode && mm.PageCode(pa) {
		mm.SetPageCode(pa, false)
	}
}

// allocZeroed returns a page of zeros, 0 if there is none.
func allocZeroed() uintptr {
	pa := mm.AllocPage()
	if pa != 0 {
		zeroPage(pa)
	}
	return pa
}

func loadPTE(e *uint64) arch.PTE { return arch.PTE(atomic.LoadUint64(e)) }

func storePTE(e *uint64, v arch.PTE) { atomic.StoreUint64(e, uint64(v)) }

func swapPTE(e *uint64, old, new arch.PTE) bool {
	return atomic.CompareAndSwapUint64(e, uint64(old), uint64(new))
}
