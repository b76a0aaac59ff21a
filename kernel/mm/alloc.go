package mm

import (
	"math/bits"
	"sync/atomic"
)

// cpuList holds single free pages for one CPU, so that most calls stay away
// from buddyLock.
type cpuList struct {
	lock spinLock
	n    uint32 // lock
	_    [2]uint32
	pfns [cpuListMax]uint32 // lock; the first n are valid
}

const (
	cpuListMax   = 64 // a power of two
	cpuListBatch = 16 // pages moved at once from the zones
)

var (
	cpus      [maxCPUs]cpuList
	heapPages uint64 // atomic; pages in use by AllocHeapPage
	ready     uint32 // atomic; the zones are in use and hwCPU works
)

// AllocPage returns the physical address of a page, 0 if there is none. What
// is in the page is undefined. The last pages are kept for AllocHeapPage.
//
//go:nosplit
func AllocPage() (pa uintptr) { return allocPage(tagUsed) }

// Scarce reports whether only the reserve is left, or less: who would put what a
// program has into the Go heap asks first, and refuses.
func Scarce() bool {
	r := atomic.LoadUint32(&reserve)
	return r != 0 && atomic.LoadUint32(&buddyPages) <= r
}

// AllocHeapPage is AllocPage for what the Go heap cannot do without: its pages
// and the kernel's page tables. It may use the reserve.
//
//go:nosplit
func AllocHeapPage() (pa uintptr) { return allocPage(tagUsed | tagHeap) }

// AllocPages returns a block of 2^order pages aligned to its size, 0 if there
// is none. Before Init orders above 6 are not available.
//
//go:nosplit
func AllocPages(order int) (pa uintptr) { return allocBlock(tagUsed, order, zoneNormal) }

// AllocPagesLow is AllocPages below 4 GiB, for devices with 32 address bits.
//
//go:nosplit
func AllocPagesLow(order int) (pa uintptr) { return allocBlock(tagUsed, order, zoneLow) }

//go:nosplit
func allocPage(tag uint64) uintptr {
	flags := hwIRQSave()
	touchStack()
	pfn := uint32(0)
	if atomic.LoadUint32(&ready) != 0 {
		c := &cpus[uint(hwCPU())%maxCPUs]
		c.lock.lock()
		if c.n == 0 {
			c.refill()
		}
		if c.n != 0 {
			c.n--
			pfn = c.pfns[c.n%cpuListMax]
		}
		c.lock.unlock()
	}
	if pfn != 0 {
		if poisoning != 0 {
			checkPoison(pfn, 0)
		}
		claim(pfn, tag)
	} else {
		pfn = allocPageSlow(tag)
	}
	hwIRQRestore(flags)
	return uintptr(pfn) << pageShift
}

// allocPageSlow takes a page from wherever there is one. It has less stack to
// use than allocBlockSlow.
//
// Preconditions: interrupts masked, no lock held.
//
//go:nosplit
func allocPageSlow(tag uint64) uint32 {
	if atomic.LoadUint32(&ready) == 0 {
		return earlyAlloc(tag, 0)
	}
	buddyLock.lock()
	pfn := buddyTake(tag, 0, zoneNormal)
	buddyLock.unlock()
	if pfn == 0 {
		pfn = steal()
	}
	if pfn == 0 {
		return earlyAlloc(tag, 0)
	}
	if poisoning != 0 {
		checkPoison(pfn, 0)
	}
	claim(pfn, tag)
	return pfn
}

//go:nosplit
func allocBlock(tag uint64, order int, zone uint32) uintptr {
	if uint(order) > MaxOrder {
		return 0
	}
	if order == 0 && zone == zoneNormal {
		return allocPage(tag)
	}
	flags := hwIRQSave()
	touchStack()
	pfn := allocBlockSlow(tag, uint32(order), zone)
	hwIRQRestore(flags)
	return uintptr(pfn) << pageShift
}

// allocBlockSlow takes a block from the zones.
//
// Preconditions: interrupts masked, no lock held.
//
//go:nosplit
func allocBlockSlow(tag uint64, order, zone uint32) uint32 {
	if atomic.LoadUint32(&ready) == 0 {
		return earlyAlloc(tag, order)
	}
	for range 2 {
		buddyLock.lock()
		pfn := buddyTake(tag, order, zone)
		buddyLock.unlock()
		if pfn != 0 {
			if poisoning != 0 {
				checkPoison(pfn, order)
			}
			claim(pfn, tag|uint64(order))
			return pfn
		}
		drainAll()
	}
	return earlyAlloc(tag, order)
}

// claim makes the block at pfn, which nobody else can have, a used one.
//
//go:nosplit
func claim(pfn uint32, tag uint64) {
	if tag&tagHeap != 0 {
		atomic.AddUint64(&heapPages, 1<<(tag&tagOrder))
	}
	atomic.StoreUint64(&pageAt(pfn).tag, tagOwner|tag)
}

// FreePage frees a page of AllocPage or AllocHeapPage that has one owner.
//
//go:nosplit
func FreePage(pa uintptr) {
	flags := hwIRQSave()
	touchStack()
	pfn := uint32(pa >> pageShift)
	if !disown(pa, 0) {
		freeOdd(pa, 0)
	} else if atomic.LoadUint32(&buddyPages) < atomic.LoadUint32(&reserve) {
		// The reserve is filled up again before others get the page.
		buddyLock.lock()
		buddyGive(pfn, 0)
		buddyLock.unlock()
	} else {
		c := &cpus[uint(hwCPU())%maxCPUs]
		c.lock.lock()
		if c.n == cpuListMax {
			c.drain(cpuListMax / 2)
		}
		c.pfns[c.n%cpuListMax] = pfn
		c.n++
		c.lock.unlock()
	}
	hwIRQRestore(flags)
}

// FreePages frees a block of AllocPages and the like that has one owner.
//
//go:nosplit
func FreePages(pa uintptr, order int) {
	if order == 0 {
		FreePage(pa)
		return
	}
	flags := hwIRQSave()
	touchStack()
	if disown(pa, uint32(order)) {
		buddyLock.lock()
		buddyGive(uint32(pa>>pageShift), uint32(order))
		buddyLock.unlock()
	} else {
		freeOdd(pa, uint32(order))
	}
	hwIRQRestore(flags)
}

// PutPages is PutPage for every word, of which the bits in mask are the address.
// Many pages come back at the price of few.
//
//go:nosplit
func PutPages(words []uint64, mask uint64) {
	for len(words) > 0 {
		n := putBatch(words[:min(len(words), cpuListMax)], mask)
		if n < len(words) && n < cpuListMax {
			PutPage(uintptr(words[n] & mask)) // not a simple case
			n++
		}
		words = words[n:]
	}
}

// putBatch does PutPage for simple cases, in order, until it meets another one.
// It returns how many that were. Interrupts are masked meanwhile.
//
//go:nosplit
func putBatch(words []uint64, mask uint64) int {
	flags := hwIRQSave()
	touchStack()
	c := &cpus[uint(hwCPU())%maxCPUs]
	c.lock.lock()
	first, size := uint64(banks[0].start), uint64(atomic.LoadUint32(&banks[0].size))
	room := c.room()
	done := 0
	for _, w := range words {
		pfn := w & mask >> pageShift
		if pfn-first >= size {
			break
		}
		tag := &pageAt(uint32(pfn)).tag
		old := atomic.LoadUint64(tag)
		if old&tagUsed != 0 && old >= 2*tagOwner {
			if !atomic.CompareAndSwapUint64(tag, old, old-tagOwner) {
				break
			}
		} else if old&^tagCode == tagOwner|tagUsed && room > 0 && atomic.CompareAndSwapUint64(tag, old, 0) {
			room--
			c.pfns[c.n%cpuListMax] = uint32(pfn)
			c.n++
		} else {
			break
		}
		done++
	}
	c.lock.unlock()
	hwIRQRestore(flags)
	return done
}

// room returns how many free pages the list may take.
//
// Preconditions: lock held.
//
//go:nosplit
func (c *cpuList) room() uint32 {
	if poisoning != 0 || atomic.LoadUint32(&buddyPages) < atomic.LoadUint32(&reserve) {
		return 0
	}
	return cpuListMax - c.n
}

// disown ends the use of a block and reports whether it was one that its only
// owner may free.
//
//go:nosplit
func disown(pa uintptr, order uint32) bool {
	if pa%PageSize != 0 || !managed(pa) {
		return false
	}
	p := pageAt(uint32(pa >> pageShift))
	tag := atomic.LoadUint64(&p.tag)
	if tag&^(tagHeap|tagCode) != tagOwner|tagUsed|uint64(order) {
		return false
	}
	if !atomic.CompareAndSwapUint64(&p.tag, tag, 0) {
		return false // somebody else frees it, too
	}
	if tag&tagHeap != 0 {
		atomic.AddUint64(&heapPages, -(uint64(1) << (order % 16)))
	}
	if poisoning != 0 {
		poison(uint32(pa>>pageShift), order)
	}
	return true
}

// freeOdd frees a block that the zones do not know as used: one of the early
// pool, or none at all.
//
//go:nosplit
func freeOdd(pa uintptr, order uint32) {
	if earlyFree(pa, order) {
		return
	}
	bug := BugNotAllocated
	if p, tag := usedPage(pa); p == nil {
		// Free already, or never ours.
	} else if tag&tagOrder != uint64(order) {
		bug = BugOrder
	} else if tag >= 2*tagOwner {
		bug = BugShared
	}
	reportBug(bug, pa)
}

// giveBlock gives a block that nobody owns to the zones.
//
//go:nosplit
func giveBlock(pfn, order uint32) {
	flags := hwIRQSave()
	touchStack()
	buddyLock.lock()
	buddyGive(pfn, order)
	buddyLock.unlock()
	hwIRQRestore(flags)
}

// refill moves a batch of pages into the empty list, as far as they are not
// part of the reserve: from that allocPageSlow takes single pages.
//
// Preconditions: c.lock held.
//
//go:nosplit
func (c *cpuList) refill() {
	buddyLock.lock()
	for n := uint32(0); n < cpuListBatch; {
		first, order := buddyTakeSmall(uint32(bits.Len32(cpuListBatch-n)) - 1)
		if first == 0 {
			break
		}
		// The list is a stack: the lowest address comes out first.
		for pfn := first + 1<<(order%32); pfn > first; n++ {
			pfn--
			c.pfns[n%cpuListMax] = pfn
		}
		c.n = n
	}
	buddyLock.unlock()
}

// drain gives the last n pages of the list back.
//
// Preconditions: c.lock held, c.n >= n.
//
//go:nosplit
func (c *cpuList) drain(n uint32) {
	buddyLock.lock()
	for ; n > 0; n-- {
		c.n--
		buddyGive(c.pfns[c.n%cpuListMax], 0)
	}
	buddyLock.unlock()
}

// steal takes a page out of any CPU's list, 0 if all are empty.
//
// Preconditions: interrupts masked, no lock held.
//
//go:nosplit
func steal() (pfn uint32) {
	for i := range cpus {
		c := &cpus[i]
		c.lock.lock()
		if c.n != 0 {
			c.n--
			pfn = c.pfns[c.n%cpuListMax]
		}
		c.lock.unlock()
		if pfn != 0 {
			break
		}
	}
	return pfn
}

// drainAll empties every CPU's list.
//
// Preconditions: interrupts masked, no lock held.
//
//go:nosplit
func drainAll() {
	for i := range cpus {
		c := &cpus[i]
		c.lock.lock()
		c.drain(c.n)
		c.lock.unlock()
	}
}
