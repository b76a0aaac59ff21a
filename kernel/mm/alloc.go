package mm

import "sync/atomic"

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
	heapPages uint64 // atomic; pages allocated by AllocHeapPage
	ready     uint32 // atomic; the zones are in use and hwCPU works
)

// AllocPage returns the physical address of a page, 0 if there is none. What
// is in the page is undefined. The last pages are kept for AllocHeapPage.
//
//go:nosplit
func AllocPage() (pa uintptr) { return allocPage(stateUsed) }

// AllocHeapPage is AllocPage for what the Go heap cannot do without: its pages
// and the kernel page tables that map them. It may use the reserve.
//
//go:nosplit
func AllocHeapPage() (pa uintptr) { return allocPage(stateUsed | stateHeap) }

// AllocPages returns a block of 2^order pages aligned to its size, 0 if there
// is none. Before Init orders above 6 are not available.
//
//go:nosplit
func AllocPages(order int) (pa uintptr) {
	if order == 0 {
		return allocPage(stateUsed)
	}
	return allocBlock(order, zoneNormal)
}

// AllocPagesLow is AllocPages below 4 GiB, for devices with 32 address bits.
//
//go:nosplit
func AllocPagesLow(order int) (pa uintptr) { return allocBlock(order, zoneLow) }

// FreePage frees a page of AllocPage or AllocHeapPage that has one owner.
//
//go:nosplit
func FreePage(pa uintptr) { freeBlock(pa, 0) }

// FreePages frees a block of AllocPages that has one owner.
//
//go:nosplit
func FreePages(pa uintptr, order int) { freeBlock(pa, uint32(order)) }

//go:nosplit
func allocPage(state uint32) uintptr {
	flags := hwIRQSave()
	touchStack()
	pfn := uint32(0)
	if atomic.LoadUint32(&ready) != 0 {
		c := &cpus[hwCPU()%maxCPUs]
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
		claim(pfn, state)
	} else {
		pfn = allocSlow(state, 0, zoneNormal)
	}
	hwIRQRestore(flags)
	return uintptr(pfn) << pageShift
}

//go:nosplit
func allocBlock(order int, zone uint32) uintptr {
	if uint(order) > MaxOrder {
		return 0
	}
	flags := hwIRQSave()
	touchStack()
	pfn := allocSlow(stateUsed, uint32(order), zone)
	hwIRQRestore(flags)
	return uintptr(pfn) << pageShift
}

// allocSlow takes a block from wherever there is one.
//
// Preconditions: interrupts masked, no lock held.
//
//go:nosplit
func allocSlow(state, order, zone uint32) uint32 {
	if atomic.LoadUint32(&ready) == 0 {
		return earlyAlloc(state, order)
	}
	for try := 0; try < 2; try++ {
		buddyLock.lock()
		pfn := buddyTake(state, order, zone)
		buddyLock.unlock()
		if pfn != 0 {
			claim(pfn, state|order)
			return pfn
		}
		drainAll()
	}
	return earlyAlloc(state, order)
}

// claim makes the block at pfn a used one.
//
//go:nosplit
func claim(pfn, state uint32) {
	p := pageAt(pfn)
	if atomic.LoadUint32(&poisoning) != 0 {
		checkPoison(pfn, state&stateOrder)
	}
	atomic.StoreUint32(&p.refs, 1)
	atomic.StoreUint32(&p.state, state)
	if state&stateHeap != 0 {
		atomic.AddUint64(&heapPages, 1)
	}
}

//go:nosplit
func freeBlock(pa uintptr, order uint32) {
	flags := hwIRQSave()
	touchStack()
	if !disown(pa, order) {
		if !earlyFree(pa, order) {
			reportBug(whyNotFreed(pa, order), pa)
		}
	} else if pfn := uint32(pa >> pageShift); order != 0 ||
		atomic.LoadUint32(&buddyPages) < atomic.LoadUint32(&reserve) {
		// Below the watermark a page must not serve others first.
		buddyLock.lock()
		buddyGive(pfn, order)
		buddyLock.unlock()
	} else {
		c := &cpus[hwCPU()%maxCPUs]
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

// disown ends the use of a block and reports whether it was one that its only
// owner may free.
//
//go:nosplit
func disown(pa uintptr, order uint32) bool {
	p := usedPage(pa)
	if p == nil {
		return false
	}
	s := atomic.LoadUint32(&p.state)
	if s&^stateHeap != stateUsed|order || atomic.LoadUint32(&p.refs) != 1 {
		return false
	}
	if atomic.LoadUint32(&poisoning) != 0 {
		poison(uint32(pa>>pageShift), order)
	}
	if !atomic.CompareAndSwapUint32(&p.state, s, 0) {
		return false // somebody else frees it, too
	}
	if s&stateHeap != 0 {
		atomic.AddUint64(&heapPages, ^uint64(0))
	}
	return true
}

// whyNotFreed names what is wrong with freeing the block.
//
//go:nosplit
func whyNotFreed(pa uintptr, order uint32) Bug {
	p := usedPage(pa)
	switch {
	case p == nil:
		return BugNotAllocated
	case atomic.LoadUint32(&p.state)&stateOrder != order:
		return BugOrder
	case atomic.LoadUint32(&p.refs) != 1:
		return BugShared
	}
	return BugNotAllocated
}

// refill moves a batch of pages into the empty list, as far as they are not
// part of the reserve: from that allocSlow takes single pages.
//
// Preconditions: c.lock held.
//
//go:nosplit
func (c *cpuList) refill() {
	buddyLock.lock()
	for c.n < cpuListBatch {
		pfn := buddyTake(stateUsed, 0, zoneNormal)
		if pfn == 0 {
			break
		}
		c.pfns[c.n%cpuListMax] = pfn
		c.n++
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
