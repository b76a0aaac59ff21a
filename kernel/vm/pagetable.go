package vm

import (
	"onsen/arch"
	"onsen/kernel/mm"
)

// Page tables have four levels of 512 entries; pages are in the last one.
const (
	leafShift = pageShift + 9 // what one table of the last level maps: 2 MiB
	topShift  = pageShift + 27
	leafSize  = 1 << leafShift
)

// allocTable returns an empty page table, 0 if there is no memory.
func (m *MM) allocTable() uintptr {
	pa := emptyTables[arch.CPU()].take()
	if pa == 0 {
		pa = allocZeroed()
	}
	if pa != 0 {
		m.tables.Add(1)
	}
	return pa
}

func (m *MM) freeTable(pa uintptr) {
	m.tables.Add(-1)
	mm.FreePage(pa)
}

// leaf returns the last table on the way to addr, nil if there is none.
//
// Preconditions: lock held.
func (m *MM) leaf(addr uintptr) *table {
	t := tableAt(m.ctx.Pgd)
	for shift := topShift; shift > pageShift; shift -= 9 {
		e := loadPTE(&t[addr>>shift&tableMask])
		if e.None() {
			return nil
		}
		t = tableAt(e.PA())
	}
	return t
}

// leafAlloc is leaf that makes the tables that are missing. nil: no memory.
//
// Preconditions: lock held.
func (m *MM) leafAlloc(addr uintptr) *table {
	t := tableAt(m.ctx.Pgd)
	for shift := topShift; shift > pageShift; shift -= 9 {
		slot := &t[addr>>shift&tableMask]
		e := loadPTE(slot)
		if e.None() {
			if e = m.addTable(slot); e.None() {
				return nil
			}
		}
		t = tableAt(e.PA())
	}
	return t
}

// addTable puts a new table into an empty slot, unless another thread has just
// done so, and returns the entry. It is empty if there is no memory.
func (m *MM) addTable(slot *uint64) arch.PTE {
	pa := m.allocTable()
	if pa == 0 {
		return 0
	}
	if e := arch.MakeTable(pa); swapPTE(slot, 0, e) {
		return e
	}
	m.freeTable(pa)
	return loadPTE(slot)
}

// entry returns the slot of addr in its last table.
func (t *table) entry(addr uintptr) *uint64 { return &t[addr>>pageShift&tableMask] }

// nextLeaf returns where the next table of the last level begins, at most end.
func nextLeaf(addr, end uintptr) uintptr { return min((addr|(leafSize-1))+1, end) }

// eachLeaf calls visit for each table of the last level in [start, end), with
// the part of the range that it maps. Ranges without tables are skipped.
//
// Preconditions: lock held.
func (m *MM) eachLeaf(start, end uintptr, visit func(t *table, start, end uintptr)) {
	for start < end {
		t, skip := m.leafOrHole(start)
		if t == nil {
			start = min((start|(1<<skip-1))+1, end)
			continue
		}
		next := nextLeaf(start, end)
		visit(t, start, next)
		start = next
	}
}

// leafOrHole is leaf that tells how much is missing: 1<<skip bytes, aligned.
func (m *MM) leafOrHole(addr uintptr) (t *table, skip uint) {
	t = tableAt(m.ctx.Pgd)
	for shift := uint(topShift); shift > pageShift; shift -= 9 {
		e := loadPTE(&t[addr>>shift&tableMask])
		if e.None() {
			return nil, shift
		}
		t = tableAt(e.PA())
	}
	return t, 0
}

// freeTables frees the tables that map nothing but parts of [floor, ceiling), in
// which no page is left. [start, end), inside, is where there may be some.
// Through g they are free when no CPU walks them any more.
//
// Preconditions: lock held for writing.
func (m *MM) freeTables(g *gather, start, end, floor, ceiling uintptr) {
	m.freeBelow(g, tableAt(m.ctx.Pgd), topShift, start, end, floor, ceiling)
}

func (m *MM) freeBelow(g *gather, t *table, shift uint, start, end, floor, ceiling uintptr) {
	size := uintptr(1) << shift
	for start < end {
		base := start &^ (size - 1)
		next := min(base+size, end)
		slot := &t[base>>shift&tableMask]
		if e := loadPTE(slot); !e.None() {
			if shift > leafShift {
				m.freeBelow(g, tableAt(e.PA()), shift-9, start, next, floor, ceiling)
			}
			if base >= floor && base+size <= ceiling {
				storePTE(slot, 0)
				m.tables.Add(-1)
				g.addTable(base, base+size, e.PA())
			}
		}
		start = next
	}
}
