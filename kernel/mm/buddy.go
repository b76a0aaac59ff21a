package mm

import (
	"math/bits"
	"sync/atomic"
)

// The buddy allocator. Free blocks of 2^order pages, aligned to their size,
// hang in one list per order and zone; the links are page frame numbers in the
// page array, so the memory itself is never touched.

// zone is memory below or above 4 GiB; see zoneOf.
//
// buddyLock protects all of it.
type zone struct {
	avail uint32     // bit k set: head[k] is not empty
	head  [16]uint32 // first block of each order, 0 for none
	count [16]uint32 // blocks of each order
}

const (
	zoneLow    = 0 // below 4 GiB: for devices with 32 address bits
	zoneNormal = 1
)

var (
	buddyLock  spinLock
	zones      [2]zone
	buddyPages uint32 // pages free in all zones; written under buddyLock, read atomically
	reserve    uint32 // of these only the Go heap may have the last ones; atomic
)

//go:nosplit
func zoneOf(pfn uint32) *zone {
	return &zones[min(pfn>>(32-pageShift), zoneNormal)]
}

// push makes the block at pfn a free block of its zone.
//
//go:nosplit
func (z *zone) push(pfn, order uint32) {
	order %= 16
	p := pageAt(pfn)
	head := z.head[order]
	if head != 0 {
		pageAt(head).prev = pfn
	}
	p.next = head
	p.prev = 0
	atomic.StoreUint64(&p.tag, tagFree|uint64(order))
	z.head[order] = pfn
	z.count[order]++
	z.avail |= 1 << order
}

// remove takes a free block out of its list.
//
//go:nosplit
func (z *zone) remove(pfn, order uint32) {
	order %= 16
	p := pageAt(pfn)
	next, prev := p.next, p.prev
	if next != 0 {
		pageAt(next).prev = prev
	}
	if prev != 0 {
		pageAt(prev).next = next
	} else {
		z.head[order] = next
		if next == 0 {
			z.avail &^= 1 << order
		}
	}
	atomic.StoreUint64(&p.tag, 0)
	z.count[order]--
}

// take returns a block of the order, 0 if the zone has none. The rest of a
// larger block becomes free blocks again.
//
//go:nosplit
func (z *zone) take(order uint32) uint32 {
	order %= 16
	m := z.avail >> order
	if m == 0 {
		return 0
	}
	k := order + uint32(bits.TrailingZeros32(m))
	pfn := z.head[k%16]
	z.remove(pfn, k)
	for k > order {
		k--
		z.push(pfn+1<<(k%32), k)
	}
	return pfn
}

// takeSmall returns a block of at most the given order: the smallest there is,
// to keep the large ones whole, or else a part of a larger one.
//
//go:nosplit
func (z *zone) takeSmall(most uint32) (pfn, order uint32) {
	order = min(uint32(bits.TrailingZeros32(z.avail)), most)
	return z.take(order), order
}

// buddyTake takes a block from the zone or a lower one, 0 if there is none.
// Unless it is for the heap it leaves the reserve alone.
//
// Preconditions: buddyLock held.
//
//go:nosplit
func buddyTake(tag uint64, order, zone uint32) uint32 {
	need := uint32(1) << (order % 32)
	floor := need
	if tag&tagHeap == 0 {
		floor += reserve
	}
	if buddyPages < floor {
		return 0
	}
	pfn := uint32(0)
	if zone == zoneNormal {
		pfn = zones[zoneNormal].take(order)
	}
	if pfn == 0 {
		pfn = zones[zoneLow].take(order)
	}
	if pfn != 0 {
		atomic.StoreUint32(&buddyPages, buddyPages-need)
	}
	return pfn
}

// buddyTakeSmall takes a block of at most 2^most pages that is not part of the
// reserve, 0 if there is none.
//
// Preconditions: buddyLock held.
//
//go:nosplit
func buddyTakeSmall(most uint32) (pfn, order uint32) {
	if buddyPages <= reserve {
		return 0, 0
	}
	most = min(most, uint32(bits.Len32(buddyPages-reserve))-1)
	pfn, order = zones[zoneNormal].takeSmall(most)
	if pfn == 0 {
		pfn, order = zones[zoneLow].takeSmall(most)
	}
	if pfn != 0 {
		atomic.StoreUint32(&buddyPages, buddyPages-1<<(order%32))
	}
	return pfn, order
}

// buddyGive gives a block back and joins it with its buddy as long as that is
// free.
//
// Preconditions: buddyLock held; the tag of the block's first page is 0.
//
//go:nosplit
func buddyGive(pfn, order uint32) {
	z := zoneOf(pfn)
	atomic.StoreUint32(&buddyPages, buddyPages+1<<(order%32))
	for order < MaxOrder {
		buddy := pfn ^ 1<<(order%32)
		if atomic.LoadUint64(&pageAt(buddy).tag) != tagFree|uint64(order) {
			break
		}
		z.remove(buddy, order)
		pfn &= buddy
		order++
	}
	z.push(pfn, order)
}
