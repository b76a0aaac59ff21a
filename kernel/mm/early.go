package mm

import (
	"math/bits"
	"sync/atomic"
)

// The early pool is memory inside the kernel image that the allocator may use
// before it knows anything about the machine. Init hands what is left of it to
// the zones and gives its used pages entries in the page array.
//
// There is no lock and no atomic read-modify-write here: the pool is used by
// one CPU with interrupts masked, at first with its MMU off, where arm64
// forbids exclusive accesses.
const (
	earlyMax      = 2048 // pages
	earlyMaxOrder = 6    // a block is found within one word of the bitmap
)

var early struct {
	start uint32 // page frame number of the first page
	first uint32 // page frame number of bit 0: start rounded down to a multiple of 64
	pages uint32 // bits in use; 0 before InitEarly and after Init
	free  [earlyMax / 64]uint64
	used  [earlyMax]uint8 // the tag of the page, without owners
}

// earlyAligned has a bit for every position where a block of the order may
// start.
var earlyAligned = [8]uint64{
	^uint64(0), 0x5555555555555555, 0x1111111111111111, 0x0101010101010101,
	0x0001000100010001, 0x0000000100000001, 1,
}

// InitEarly gives the allocator its first memory: size bytes at physical
// address pa, of which the first earlyMax pages are used. The boot CPU calls
// it once, before anything else here. virt, the pool's address in the kernel
// image, is not needed: the allocator never looks into a page it gives out.
//
//go:nosplit
func InitEarly(virt, pa, size uintptr) {
	start := (pa + PageSize - 1) >> pageShift
	end := (pa + size) >> pageShift
	first := start &^ 63
	if end > first+earlyMax {
		end = first + earlyMax
	}
	if end <= start {
		return
	}
	early.start = uint32(start)
	early.first = uint32(first)
	early.pages = uint32(end - first)
	for i := start - first; i < end-first; i++ {
		early.free[i/64%(earlyMax/64)] |= 1 << (i % 64)
	}
}

// earlyAlloc takes a block from the pool, 0 if there is none.
//
// Preconditions: interrupts masked, one CPU.
//
//go:nosplit
func earlyAlloc(tag uint64, order uint32) uint32 {
	if order > earlyMaxOrder {
		return 0
	}
	for w := range early.free {
		m := early.free[w]
		for k := uint32(0); k < order; k++ {
			m &= m >> (1 << (k % 64))
		}
		m &= earlyAligned[order%8]
		if m == 0 {
			continue
		}
		i := uint32(bits.TrailingZeros64(m))
		early.free[w] &^= (1<<(1<<(order%8)) - 1) << (i % 64)
		i += uint32(w) * 64
		early.used[i%earlyMax] = uint8(tag) | uint8(order)
		if tag&tagHeap != 0 {
			heapPages += 1 << (order % 8)
		}
		return early.first + i
	}
	return 0
}

// earlyFree takes back a block of the pool and reports whether it was one.
//
// Preconditions: interrupts masked, one CPU unless the pool is empty.
//
//go:nosplit
func earlyFree(pa uintptr, order uint32) bool {
	i := pa>>pageShift - uintptr(early.first)
	if i >= uintptr(early.pages) || pa%PageSize != 0 {
		return false
	}
	tag := uint32(early.used[i%earlyMax])
	if tag&^tagHeap != tagUsed|order {
		return false
	}
	if tag&tagHeap != 0 {
		heapPages -= 1 << (order % 8)
	}
	early.used[i%earlyMax] = 0
	early.free[i/64%(earlyMax/64)] |= (1<<(1<<(order%8)) - 1) << (i % 64)
	return true
}

// earlyFreePages counts the free pages of the pool.
func earlyFreePages() (n int) {
	for w := range early.free {
		n += bits.OnesCount64(atomic.LoadUint64(&early.free[w]))
	}
	return n
}

// earlyRange returns the pool.
func earlyRange() Range {
	return Range{
		Start: uint64(early.start) << pageShift,
		End:   uint64(early.first+early.pages) << pageShift,
	}
}

// retireEarly hands the pool to the zones and closes it.
//
// Preconditions: one CPU; the page array has entries for the pool.
//
//go:nosplit
func retireEarly() {
	flags := hwIRQSave()
	touchStack()
	for i := early.start - early.first; i < early.pages; i++ {
		pfn := early.first + i
		if tag := early.used[i%earlyMax]; tag != 0 {
			atomic.StoreUint64(&pageAt(pfn).tag, tagOwner|uint64(tag))
			continue
		}
		if early.free[i/64%(earlyMax/64)]&(1<<(i%64)) == 0 {
			continue // inside a used block
		}
		if poisoning != 0 {
			poison(pfn, 0)
		}
		buddyLock.lock()
		buddyGive(pfn, 0)
		buddyLock.unlock()
	}
	atomic.AddUint32(&managedPages, early.first+early.pages-early.start)
	for w := range early.free {
		early.free[w] = 0
	}
	early.pages = 0
	hwIRQRestore(flags)
}
