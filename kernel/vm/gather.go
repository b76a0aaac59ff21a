package vm

import (
	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

// gather collects pages whose entries were cleared, until every CPU has
// forgotten them and they can be given up; Linux's struct mmu_gather.
type gather struct {
	m          *MM
	start, end uintptr // what has to be flushed; empty if start >= end
	dead       bool    // no CPU uses the address space any more
	n          int
	few        [16]uint64 // addresses, or entries that have been cleared
	many       uintptr    // instead of few once that is full: a page, or 0
}

// begin makes g, which is all zero, ready.
func (g *gather) begin(m *MM, dead bool) {
	g.m, g.dead = m, dead
	g.start = arch.TaskSize
}

// room is where the pages are kept.
func (g *gather) room() []uint64 {
	if g.many == 0 {
		return g.few[:]
	}
	return tableAt(g.many)[:]
}

// add takes over a reference to the page at pa. What has mapped it is to be
// told to changed before.
func (g *gather) add(pa uintptr) {
	room := g.room()
	if g.n == len(room) {
		room = g.makeRoom()
	}
	room[g.n] = uint64(pa)
	g.n++
}

// addTable takes over an empty page table that was in use for [start, end).
func (g *gather) addTable(start, end, pa uintptr) {
	if g.dead && emptyTables[arch.CPU()].put(pa) {
		return
	}
	g.changed(start, end)
	g.add(pa)
}

// makeRoom makes room for a page.
func (g *gather) makeRoom() []uint64 {
	if g.many == 0 {
		if g.many = mm.AllocPage(); g.many != 0 {
			room := g.room()
			//lint:ignore S1001 copy makes Go 1.26's compiler for arm64 fail
			for i, entry := range g.few {
				room[i] = entry
			}
			return room
		}
	}
	g.release()
	return g.room()
}

// changed notes that entries in [start, end) allow less than before.
func (g *gather) changed(start, end uintptr) {
	g.start, g.end = min(g.start, start), max(g.end, end)
}

// release makes all CPUs forget what has changed so far and gives the pages up.
func (g *gather) release() {
	if g.start < g.end && !g.dead {
		arch.FlushTLB(&g.m.ctx, g.start, g.end)
	}
	mm.PutPages(g.room()[:g.n], addressBits)
	g.n = 0
}

// finish is release at the end. A range that was told to changed may have been
// flushed already, but not all of it: it counts until here.
func (g *gather) finish() {
	g.release()
	g.start, g.end = arch.TaskSize, 0
	if g.many != 0 {
		mm.FreePage(g.many)
		g.many = 0
	}
}

// zap clears the entries of [start, end), pages of one area.
//
// Preconditions: lock held for writing.
func (m *MM) zap(g *gather, a *Area, start, end uintptr) {
	kind := a.kind()
	for start < end {
		t, skip := m.leafOrHole(start)
		if t == nil {
			start = min((start|(1<<skip-1))+1, end)
			continue
		}
		next := nextLeaf(start, end)
		m.rss[kind].Add(-int64(zapLeaf(g, t, start, next)))
		start = next
		sched.CondResched()
	}
}

// zapLeaf clears the entries of one table and returns how many pages that were.
func zapLeaf(g *gather, t *table, start, end uintptr) (pages int) {
	first := start >> pageShift & tableMask
	entries := t[first : first+(end-start)>>pageShift]
	for i := nextUsed(entries, 0); i < len(entries); i = nextUsed(entries, i) {
		run := entries[i:]
		n := 0
		for n < len(run) && run[n] != 0 {
			n++
		}
		if pages == 0 {
			g.changed(start, end)
		}
		g.takeRun(run[:n])
		pages += n
		i += n
	}
	return pages
}

// takeRun clears entries and takes over their references.
func (g *gather) takeRun(entries []uint64) {
	if g.dead {
		mm.PutPages(entries, addressBits)
		clear(entries)
		return
	}
	for len(entries) > 0 {
		room := g.room()
		if g.n == len(room) {
			room = g.makeRoom()
		}
		n := copy(room[g.n:], entries)
		clear(entries[:n])
		g.n += n
		entries = entries[n:]
	}
}

// nextUsed returns the index of the first entry from i on that is not 0, or the
// length.
func nextUsed(entries []uint64, i int) int {
	for i < len(entries) && entries[i] == 0 {
		if i+8 < len(entries) {
			if e := (*[8]uint64)(entries[i+1:]); e[0]|e[1]|e[2]|e[3]|e[4]|e[5]|e[6]|e[7] == 0 {
				i += 8
			}
		}
		i++
	}
	return i
}
