package vm

import (
	"math/bits"
	"sync/atomic"

	"onsen/kernel/mm"
)

// index finds the pages of an object by their number: a tree of tables, as many
// levels as the highest number needs. It lives off the Go heap. A zero entry is
// a page that is not there. Whoever embeds it protects it.
type index struct {
	root   uintptr // table, 0 if height is 0
	height int
	nodes  int // tables in use
}

// levels returns how many levels the page number i needs.
func levels(i uint64) int { return max(1, (bits.Len64(i)+8)/9) }

// leaf returns the table that has the entry of page i, nil if there is none.
func (x *index) leaf(i uint64) *table {
	if x.height < levels(i) {
		return nil
	}
	at := x.root
	for h := x.height - 1; h > 0; h-- {
		if at = uintptr(tableAt(at)[i>>(9*h)&tableMask]); at == 0 {
			return nil
		}
	}
	return tableAt(at)
}

// get returns the page with number i, 0 if it is not there.
func (x *index) get(i uint64) uintptr {
	if t := x.leaf(i); t != nil {
		return uintptr(t[i&tableMask])
	}
	return 0
}

// peek stores the pages from i on in out, as far as they are before end and the
// word in unless is 0, which others may be changing.
func (x *index) peek(i, end uint64, unless, out []uint64) {
	var t *table
	for k := range min(len(unless), len(out)) {
		at := i + uint64(k)
		if t == nil || at&tableMask == 0 {
			t = x.leaf(at)
		}
		if t == nil || at >= end {
			return // what is in another table is too far away
		}
		if atomic.LoadUint64(&unless[k]) == 0 {
			out[k] = t[at&tableMask]
		}
	}
}

// run stores the pages from i on in out, up to the first that is not there, and
// returns how many that are.
func (x *index) run(i uint64, out []uint64) int {
	var t *table
	for k := range out {
		at := i + uint64(k)
		if t == nil || at&tableMask == 0 {
			if t = x.leaf(at); t == nil {
				return k
			}
		}
		if out[k] = t[at&tableMask]; out[k] == 0 {
			return k
		}
	}
	return len(out)
}

// slot returns the entry for page i. spare are tables to use for what is
// missing; it returns nil if they do not suffice.
func (x *index) slot(i uint64, spare *spares) *uint64 {
	for need := levels(i); x.height < need; x.height++ {
		pa := spare.take()
		if pa == 0 {
			return nil
		}
		if x.height > 0 {
			tableAt(pa)[0] = uint64(x.root)
		}
		x.root = pa
		x.nodes++
	}
	t := tableAt(x.root)
	for h := x.height - 1; h > 0; h-- {
		e := &t[i>>(9*h)&tableMask]
		if *e == 0 {
			pa := spare.take()
			if pa == 0 {
				return nil
			}
			*e = uint64(pa)
			x.nodes++
		}
		t = tableAt(uintptr(*e))
	}
	return &t[i&tableMask]
}

// missing returns how many tables slot(i) needs at most.
func (x *index) missing(i uint64) int {
	if need := levels(i); x.height < need {
		return need - x.height + need - 1
	}
	at := x.root
	for h := x.height - 1; h > 0; h-- {
		if at = uintptr(tableAt(at)[i>>(9*h)&tableMask]); at == 0 {
			return h
		}
	}
	return 0
}

// take removes up to len(out) pages with numbers in [from, to), lowest first. It
// returns how many, and where to go on. Tables stay until clear.
func (x *index) take(from, to uint64, out []uintptr) (n int, next uint64) {
	if x.height == 0 || from >= to {
		return 0, to
	}
	return x.takeBelow(tableAt(x.root), x.height-1, 0, from, to, out)
}

// takeBelow is take in one table of level h, whose first page is base.
func (x *index) takeBelow(t *table, h int, base, from, to uint64, out []uintptr) (n int, next uint64) {
	span := uint64(1) << (9 * h) // pages of one entry
	k := uint64(0)
	if from > base {
		k = (from - base) >> (9 * h)
	}
	for ; k < uint64(len(t)) && base+k*span < to; k++ {
		if t[k] == 0 {
			continue
		}
		if n == len(out) {
			return n, base + k*span
		}
		if h == 0 {
			out[n] = uintptr(t[k])
			t[k] = 0
			n++
			continue
		}
		more, next := x.takeBelow(tableAt(uintptr(t[k])), h-1, base+k*span, from, to, out[n:])
		if n += more; n == len(out) && next < to {
			return n, next
		}
	}
	return n, to
}

// clear frees the tables. No page may be left.
func (x *index) clear() {
	if x.height > 0 {
		freeIndex(x.root, x.height-1)
	}
	*x = index{}
}

func freeIndex(pa uintptr, h int) {
	if h > 0 {
		for _, e := range tableAt(pa) {
			if e != 0 {
				freeIndex(uintptr(e), h-1)
			}
		}
	}
	mm.FreePage(pa)
}

// next returns the number of the first page from i on that is there.
func (x *index) next(i uint64) (uint64, bool) {
	if x.height == 0 || levels(i) > x.height {
		return 0, false
	}
	return nextIn(tableAt(x.root), x.height-1, 0, i)
}

func nextIn(t *table, h int, base, i uint64) (uint64, bool) {
	span := uint64(1) << (9 * h)
	for k := range t {
		first := base + uint64(k)*span
		if t[k] == 0 || first+span <= i {
			continue
		}
		if h == 0 {
			return first, true
		}
		if found, ok := nextIn(tableAt(uintptr(t[k])), h-1, first, i); ok {
			return found, true
		}
	}
	return 0, false
}

// spares are empty tables, allocated before a lock is taken.
type spares struct {
	n  int
	pa [12]uintptr
}

// fill makes sure that there are at least n.
func (s *spares) fill(n int) bool {
	for s.n < n {
		pa := allocZeroed()
		if pa == 0 {
			return false
		}
		s.pa[s.n] = pa
		s.n++
	}
	return true
}

func (s *spares) take() uintptr {
	if s.n == 0 {
		return 0
	}
	s.n--
	return s.pa[s.n]
}

// release frees what was not used.
func (s *spares) release() {
	for s.n > 0 {
		mm.FreePage(s.take())
	}
}
