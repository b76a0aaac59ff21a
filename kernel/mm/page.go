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
// memory.
type page struct {
	next, prev uint32 // free list, page frame numbers, 0 ends it; buddyLock
	tag        uint64 // atomic; what the block is that starts here
}

// page.tag is 0 for a page that does not start a free or used block: it is
// reserved, inside a block, or in a CPU's list. Otherwise it has these parts.
const (
	tagOrder = 0xf
	tagFree  = 1 << 4  // in a free list of a zone
	tagUsed  = 1 << 5  // allocated
	tagHeap  = 1 << 6  // with tagUsed: by AllocHeapPage
	tagCode  = 1 << 7  // with tagUsed: see SetPageCode
	tagOwner = 1 << 32 // with tagUsed: times the number of owners
)

const (
	pageStructSize  = unsafe.Sizeof(page{})
	pagesPerMapPage = PageSize / pageStructSize // described by one page of vmemmap
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

// holds reports whether the bank has the page.
//
//go:nosplit
func (b *bank) holds(pfn uintptr) bool {
	return pfn-uintptr(b.start) < uintptr(atomic.LoadUint32(&b.size))
}

// managed reports whether the page array has an entry for the page at pa.
//
//go:nosplit
func managed(pa uintptr) bool {
	return banks[0].holds(pa>>pageShift) || managedElsewhere(pa)
}

//go:nosplit
func managedElsewhere(pa uintptr) bool {
	n := atomic.LoadUint32(&nbanks)
	for i := uint32(1); i < n; i++ {
		if banks[i%maxBanks].holds(pa >> pageShift) {
			return true
		}
	}
	return false
}

// usedPage returns the entry and the tag of the allocated block that starts at
// pa, nil if there is none.
//
//go:nosplit
func usedPage(pa uintptr) (p *page, tag uint64) {
	if pa%PageSize != 0 || !managed(pa) {
		return nil, 0
	}
	p = pageAt(uint32(pa >> pageShift))
	tag = atomic.LoadUint64(&p.tag)
	if tag&tagUsed == 0 {
		return nil, 0
	}
	return p, tag
}

// GetPage adds an owner to the allocated block at pa. The caller is an owner
// itself, or holds a lock that keeps one alive. There can be 2^32-1 owners.
//
//go:nosplit
func GetPage(pa uintptr) {
	if pa%PageSize == 0 && managed(pa) {
		p := pageAt(uint32(pa >> pageShift))
		if atomic.AddUint64(&p.tag, tagOwner)&tagUsed != 0 {
			return
		}
		atomic.AddUint64(&p.tag, ^uint64(tagOwner-1))
	}
	reportBug(BugNotAllocated, pa)
}

// GetPages is GetPage for every word that is not 0: its bits in mask are the
// address, so that page table entries can be passed as they are.
//
//go:nosplit
func GetPages(words []uint64, mask uint64) {
	first, size := uint64(banks[0].start), uint64(atomic.LoadUint32(&banks[0].size))
	for _, w := range words {
		if w == 0 {
			continue
		}
		pfn := w & mask >> pageShift
		if pfn-first >= size || atomic.AddUint64(&pageAt(uint32(pfn)).tag, tagOwner)&tagUsed == 0 {
			if pfn-first < size {
				atomic.AddUint64(&pageAt(uint32(pfn)).tag, ^uint64(tagOwner-1))
			}
			GetPage(uintptr(w & mask)) // elsewhere, or a bug to report
		}
	}
}

// PutPage gives up one ownership of the block at pa and frees the block with
// the last one. It reports whether it did.
//
//go:nosplit
func PutPage(pa uintptr) bool {
	for {
		p, tag := usedPage(pa)
		if p == nil {
			reportBug(BugNotAllocated, pa)
			return false
		}
		if tag < 2*tagOwner {
			FreePages(pa, int(tag&tagOrder))
			return true
		}
		if atomic.CompareAndSwapUint64(&p.tag, tag, tag-tagOwner) {
			return false
		}
	}
}

// PageOwners returns how many owners the allocated block at pa has, 0 if there
// is no such block.
//
//go:nosplit
func PageOwners(pa uintptr) uint32 {
	_, tag := usedPage(pa)
	return uint32(tag / tagOwner)
}

// SetPageCode notes whether instruction fetches see what is in the allocated
// page at pa. They need not after AllocPage, nor after somebody has written to
// it. The caller is an owner.
func SetPageCode(pa uintptr, seen bool) {
	if p, _ := usedPage(pa); p == nil {
		reportBug(BugNotAllocated, pa)
	} else if seen {
		atomic.OrUint64(&p.tag, tagCode)
	} else {
		atomic.AndUint64(&p.tag, ^uint64(tagCode))
	}
}

// PageCode reports what SetPageCode has noted.
func PageCode(pa uintptr) bool {
	_, tag := usedPage(pa)
	return tag&tagCode != 0
}
