package mm

import "sync/atomic"

var managedPages uint32 // atomic; pages given to the allocator, used or free

// Stats is a picture of the page allocator. Sizes are in pages.
type Stats struct {
	Total   int // all pages the allocator has or has given out
	Free    int
	Heap    int // of the used ones: those of AllocHeapPage
	Reserve int // free pages that only that may use

	// Blocks are the free blocks of each order: of zone 0, below 4 GiB, and of
	// zone 1. Free pages that are not among them are in the CPUs' own lists.
	Blocks [2][MaxOrder + 1]int
}

// ReadStats returns the present numbers. While other CPUs allocate, they need
// not fit together exactly.
func ReadStats() (s Stats) {
	s.Total = int(atomic.LoadUint32(&managedPages))
	s.Heap = int(atomic.LoadUint64(&heapPages))
	s.Reserve = int(atomic.LoadUint32(&reserve))
	s.Free = int(atomic.LoadUint32(&buddyPages)) + earlyFreePages()
	for cpu := range cpus {
		s.Free += cpuFree(cpu)
	}
	for zone := range s.Blocks {
		for order := range s.Blocks[zone] {
			s.Blocks[zone][order] = freeBlocks(zone, order)
		}
	}
	return s
}

//go:nosplit
func cpuFree(cpu int) int {
	flags := hwIRQSave()
	touchStack()
	c := &cpus[uint(cpu)%maxCPUs]
	c.lock.lock()
	n := c.n
	c.lock.unlock()
	hwIRQRestore(flags)
	return int(n)
}

//go:nosplit
func freeBlocks(zone, order int) int {
	flags := hwIRQSave()
	touchStack()
	buddyLock.lock()
	n := zones[uint(zone)%2].count[uint(order)%16]
	buddyLock.unlock()
	hwIRQRestore(flags)
	return int(n)
}

// TotalPages returns how many pages the allocator has or has given out.
func TotalPages() int { return int(atomic.LoadUint32(&managedPages)) }
