package vm

import (
	"sync/atomic"

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
	few        [16]uintptr
	many       *table // more room, once few is full; a page of its own
	manyPA     uintptr
}

// begin makes g ready. It is not a constructor because g must stay on the stack.
func (g *gather) begin(m *MM, dead bool) {
	g.m, g.start, g.end, g.n, g.dead = m, arch.TaskSize, 0, 0, dead
	g.many, g.manyPA = nil, 0
}

// add takes over a reference to the page at pa, which was mapped somewhere in
// [start, end).
func (g *gather) add(start, end, pa uintptr) {
	if g.dead {
		mm.PutPage(pa)
		return
	}
	g.start, g.end = min(g.start, start), max(g.end, end)
	if g.n < len(g.few) {
		g.few[g.n] = pa
	} else {
		if !g.room() {
			g.flush()
			g.few[0] = pa
		} else {
			g.many[g.n-len(g.few)] = uint64(pa)
		}
	}
	g.n++
	if g.n < len(g.few) {
		return
	}
	if g.many != nil && g.n == len(g.few)+len(g.many) {
		g.flush()
	}
}

// room reports whether there is place beyond few.
func (g *gather) room() bool {
	if g.many == nil {
		if g.manyPA = mm.AllocPage(); g.manyPA == 0 {
			return false
		}
		g.many = tableAt(g.manyPA)
	}
	return true
}

// changed notes that entries in [start, end) allow less than before.
func (g *gather) changed(start, end uintptr) {
	g.start, g.end = min(g.start, start), max(g.end, end)
}

// flush makes all CPUs forget what was cleared and gives the pages up.
func (g *gather) flush() {
	if g.start < g.end && !g.dead {
		arch.FlushTLB(&g.m.ctx, g.start, g.end)
	}
	for _, pa := range g.few[:min(g.n, len(g.few))] {
		mm.PutPage(pa)
	}
	for i := len(g.few); i < g.n; i++ {
		mm.PutPage(uintptr(g.many[i-len(g.few)]))
	}
	g.start, g.end, g.n = arch.TaskSize, 0, 0
}

// finish is flush at the end.
func (g *gather) finish() {
	g.flush()
	if g.many != nil {
		mm.FreePage(g.manyPA)
		g.many = nil
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
	i := int(start >> pageShift & tableMask)
	for ; start < end; start, i = start+pageSize, i+1 {
		slot := &t[i&tableMask]
		e := arch.PTE(atomic.LoadUint64(slot))
		if e.None() {
			continue
		}
		storePTE(slot, 0)
		g.add(start, start+pageSize, e.PA())
		pages++
	}
	return pages
}
