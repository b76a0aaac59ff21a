package mm

import (
	"sync/atomic"
	"unsafe"
)

const (
	pageShift = 12
	// PageSize is the size of a page in bytes.
	PageSize = 1 << pageShift
	// MaxOrder is the largest order of AllocPages: blocks of 4 MiB.
	MaxOrder = 10
	maxBlock = 1 << MaxOrder // pages
)

// page describes one page of memory. The page array (vmemmap) holds one for
// every page frame number, at vmemmapBase, and is mapped only where there is
// memory. A zero page belongs to nobody the allocator knows: it is reserved,
// or in a per-CPU list, or not the first of its block.
type page struct {
	next, prev uint32 // free list, page frame numbers, 0 ends it; buddyLock
	refs       uint32 // atomic; owners of a used block, in its first page
	state      uint32 // atomic; see below
}

const (
	pageStructSize  = unsafe.Sizeof(page{})
	pagesPerMapPage = PageSize / pageStructSize // described by one page of vmemmap
)

// page.state of the first page of a block: its order and what it is.
const (
	stateOrder = 0xf
	stateFree  = 1 << 4 // in a free list of a zone
	stateUsed  = 1 << 5 // allocated
	stateHeap  = 1 << 6 // with stateUsed: allocated for the Go heap
)

// pageAt returns the entry of a page frame number inside a bank.
//
//go:nosplit
//go:nocheckptr
func pageAt(pfn uint32) *page {
	return (*page)(unsafe.Add(nil, vmemmapBase+uintptr(pfn)*pageStructSize))
}

// bank is a range of page frame numbers whose part of the page array is
// mapped. Both ends are multiples of maxBlock, so the buddy of a block in a
// bank is in the bank too.
type bank struct {
	start uint32
	size  uint32 // atomic; grows while Init adds memory
}

const maxBanks = 64

// banks are in descending order of their size after Init, because managed
// looks at the first one first.
var (
	banks  [maxBanks]bank
	nbanks uint32 // atomic
)

// managed reports whether the page array has an entry for the page at pa.
//
//go:nosplit
func managed(pa uintptr) bool {
	pfn := pa >> pageShift
	n := atomic.LoadUint32(&nbanks)
	for i := uint32(0); i < n; i++ {
		b := &banks[i%maxBanks]
		if pfn-uintptr(b.start) < uintptr(atomic.LoadUint32(&b.size)) {
			return true
		}
	}
	return false
}

// usedPage returns the entry of the allocated block that starts at pa, nil if
// there is none.
//
//go:nosplit
func usedPage(pa uintptr) *page {
	if pa%PageSize != 0 || !managed(pa) {
		return nil
	}
	p := pageAt(uint32(pa >> pageShift))
	if atomic.LoadUint32(&p.state)&stateUsed == 0 {
		return nil
	}
	return p
}

// GetPage adds an owner to the allocated block at pa. The caller is an owner
// itself, or holds a lock that keeps one alive.
//
//go:nosplit
func GetPage(pa uintptr) {
	p := usedPage(pa)
	if p == nil {
		reportBug(BugNotAllocated, pa)
		return
	}
	atomic.AddUint32(&p.refs, 1)
}

// PutPage gives up one ownership of the block at pa and frees the block with
// the last one. It reports whether it did.
//
//go:nosplit
func PutPage(pa uintptr) bool {
	p := usedPage(pa)
	if p == nil {
		reportBug(BugNotAllocated, pa)
		return false
	}
	for {
		n := atomic.LoadUint32(&p.refs)
		if n <= 1 {
			break
		}
		if atomic.CompareAndSwapUint32(&p.refs, n, n-1) {
			return false
		}
	}
	freeBlock(pa, atomic.LoadUint32(&p.state)&stateOrder)
	return true
}

// PageOwners returns how many owners the allocated block at pa has, 0 if there
// is no such block.
//
//go:nosplit
func PageOwners(pa uintptr) uint32 {
	p := usedPage(pa)
	if p == nil {
		return 0
	}
	return atomic.LoadUint32(&p.refs)
}
