package arm64

import (
	"sync/atomic"
	"unsafe"
)

// tables is a tree of translation tables.
//
// Concurrent use is safe as long as nobody changes the same page: a table that
// is missing is added with one atomic exchange, and none is ever removed.
//
// While the MMU is off, offset is 0 and tables come from the range next to end:
// exclusive accesses are not allowed then (Arm ARM B2.9.2), nor is any access
// to memory that another CPU has cached.
type tables struct {
	root   uintptr // physical address of the level 0 table
	offset uintptr // virtual minus physical address of tables

	next, end uintptr // physical addresses of free, zeroed pages; boot only
}

// at turns an address into a pointer.
//
//go:nosplit
func at(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

// entry returns the entry for va in the table at physical address table.
//
//go:nosplit
func (t *tables) entry(table, va uintptr, level uint) *uint64 {
	return (*uint64)(at(table + t.offset + 8*tableIndex(va, level)))
}

// fill writes d into an empty entry and returns the entry's value, which comes
// from another CPU if that was faster.
//
//go:nosplit
func (t *tables) fill(e *uint64, d uint64) uint64 {
	if t.offset == 0 {
		*e = d
		return d
	}
	if !atomic.CompareAndSwapUint64(e, 0, d) {
		return atomic.LoadUint64(e)
	}
	return d
}

// grow puts a new table into an empty entry and returns the entry's value. It
// returns 0 if there is no memory.
//
//go:nosplit
func (t *tables) grow(e *uint64) uint64 {
	if t.offset == 0 {
		if t.next == t.end {
			return 0
		}
		t.next += pageSize
		return t.fill(e, uint64(t.next-pageSize)|descTable)
	}
	pa := newTable()
	if pa == 0 {
		return 0
	}
	d := t.fill(e, uint64(pa)|descTable)
	if uintptr(d&descAddress) != pa {
		freeTable(pa)
	}
	return d
}

// page returns the level 3 entry for va, nil if a table is missing or a block
// covers va.
//
//go:nosplit
func (t *tables) page(va uintptr) *uint64 {
	table := t.root
	for level := uint(0); level < pageLevel; level++ {
		d := atomic.LoadUint64(t.entry(table, va, level))
		if !isTable(d, level) {
			return nil
		}
		table = uintptr(d & descAddress)
	}
	return t.entry(table, va, pageLevel)
}

// growTo adds the tables that page needs for va. It reports false if there is
// no memory, or a block covers va.
//
//go:nosplit
func (t *tables) growTo(va uintptr) bool {
	table := t.root
	for level := uint(0); level < pageLevel; level++ {
		e := t.entry(table, va, level)
		d := atomic.LoadUint64(e)
		if d == 0 {
			d = t.grow(e)
		}
		if !isTable(d, level) {
			return false
		}
		table = uintptr(d & descAddress)
	}
	return true
}

// mapRange maps size bytes from va on to pa, with the largest entries that fit.
// What is mapped in the range already stays as it is. All arguments are
// multiples of the page size. It reports false if there is no memory for a
// table; then part of the range is mapped.
//
//go:nosplit
func (t *tables) mapRange(va, pa, size uintptr, attr uint64) bool {
	for size > 0 {
		n := t.mapOne(va, pa, size, attr)
		if n == 0 {
			return false
		}
		if n >= size {
			return true
		}
		va += n
		pa += n
		size -= n
	}
	return true
}

// mapOne makes one entry for va, or finds one. It returns how many bytes from
// va on are mapped now, at most the entry's; 0 if there is no memory.
//
//go:nosplit
func (t *tables) mapOne(va, pa, size uintptr, attr uint64) uintptr {
	table := t.root
	for level := uint(0); ; level++ {
		e := t.entry(table, va, level)
		d := atomic.LoadUint64(e)
		span := levelSize(level)
		if d == 0 && level >= largestBlock && (va|pa)&(span-1) == 0 && size >= span {
			d = t.fill(e, leaf(pa, attr, level))
		}
		if d == 0 {
			if d = t.grow(e); d == 0 {
				return 0
			}
		}
		if !isTable(d, level) {
			return span - va&(span-1)
		}
		table = uintptr(d & descAddress)
	}
}
