package vm

// The areas of an MM are an AVL tree by address, and a list. Every node knows
// the addresses that its subtree spans and the largest gap in it, so that room
// for a new area is found without looking at all of them.

// update computes what a node knows of its subtree from its children.
func (a *Area) update() {
	a.height = 1 + max(a.left.depth(), a.right.depth())
	a.low, a.high, a.gap = a.startGap(), a.End, 0
	if l := a.left; l != nil {
		a.gap = max(l.gap, distance(l.high, a.low))
		a.low = l.low
	}
	if r := a.right; r != nil {
		a.gap = max(a.gap, r.gap, distance(a.high, r.low))
		a.high = r.high
	}
}

// distance is end - start, 0 if they overlap: the gap below a stack may not be
// empty.
func distance(start, end uintptr) uintptr {
	if end <= start {
		return 0
	}
	return end - start
}

func (a *Area) depth() int {
	if a == nil {
		return 0
	}
	return a.height
}

// rotateRight and rotateLeft raise a child.
func (a *Area) rotateRight() *Area {
	l := a.left
	a.left, l.right = l.right, a
	a.update()
	l.update()
	return l
}

func (a *Area) rotateLeft() *Area {
	r := a.right
	a.right, r.left = r.left, a
	a.update()
	r.update()
	return r
}

// balance updates a and returns the root of its subtree, whose two sides again
// differ by one level at most.
func (a *Area) balance() *Area {
	switch d := a.left.depth() - a.right.depth(); {
	case d > 1:
		if a.left.left.depth() < a.left.right.depth() {
			a.left = a.left.rotateLeft()
		}
		return a.rotateRight()
	case d < -1:
		if a.right.right.depth() < a.right.left.depth() {
			a.right = a.right.rotateRight()
		}
		return a.rotateLeft()
	}
	a.update()
	return a
}

// treeInsert adds a, which overlaps nothing, and returns the new root.
func treeInsert(t, a *Area) *Area {
	if t == nil {
		a.left, a.right = nil, nil
		a.update()
		return a
	}
	if a.Start < t.Start {
		t.left = treeInsert(t.left, a)
	} else {
		t.right = treeInsert(t.right, a)
	}
	return t.balance()
}

// treeRemove takes out the area that begins at start and returns the new root.
func treeRemove(t *Area, start uintptr) *Area {
	switch {
	case start < t.Start:
		t.left = treeRemove(t.left, start)
	case start > t.Start:
		t.right = treeRemove(t.right, start)
	case t.left == nil:
		return t.right
	case t.right == nil:
		return t.left
	default:
		first := t.next // the leftmost of the right subtree
		right := treeRemove(t.right, first.Start)
		first.left, first.right = t.left, right
		return first.balance()
	}
	return t.balance()
}

// treeRefresh updates the nodes from the root to a, whose ends have moved
// without passing those of other areas.
func treeRefresh(t, a *Area) {
	switch {
	case t == a:
	case a.Start < t.Start:
		treeRefresh(t.left, a)
	default:
		treeRefresh(t.right, a)
	}
	t.update()
}

// treeFind returns the first area that ends above addr.
func treeFind(t *Area, addr uintptr) (found *Area) {
	for t != nil {
		if addr >= t.End {
			t = t.right
			continue
		}
		found = t
		if addr >= t.Start {
			break
		}
		t = t.left
	}
	return found
}

// room is a search for a gap.
type room struct {
	size      uintptr
	low, high uintptr // the gap must be within these
}

// fit returns the highest place in the gap [start, end).
func (r *room) fit(start, end uintptr) (at uintptr, ok bool) {
	start, end = max(start, r.low), min(end, r.high)
	if distance(start, end) < r.size {
		return 0, false
	}
	return end - r.size, true
}

// highest returns the highest place in the subtree t and around it: nothing
// else is between start and end.
func (r *room) highest(t *Area, start, end uintptr) (at uintptr, ok bool) {
	if t == nil {
		return r.fit(start, end)
	}
	if max(t.gap, distance(start, t.low), distance(t.high, end)) < r.size || start >= r.high || end <= r.low {
		return 0, false
	}
	if at, ok = r.highest(t.right, t.End, end); ok {
		return at, ok
	}
	return r.highest(t.left, start, t.startGap())
}

// link adds a to tree and list.
//
// Preconditions: lock held for writing.
func (m *MM) link(a *Area) {
	a.mm = m
	next := treeFind(m.root, a.Start)
	a.next = next
	if next != nil {
		a.prev = next.prev
		next.prev = a
	} else {
		a.prev = m.last
		m.last = a
	}
	if a.prev != nil {
		a.prev.next = a
	} else {
		m.first = a
	}
	m.root = treeInsert(m.root, a)
	m.count++
}

// unlink takes a out of tree and list.
//
// Preconditions: lock held for writing.
func (m *MM) unlink(a *Area) {
	m.root = treeRemove(m.root, a.Start) // needs the list
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		m.first = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	} else {
		m.last = a.prev
	}
	a.next, a.prev, a.left, a.right = nil, nil, nil, nil
	m.count--
	m.cache.Store(nil)
}

// moveEnds gives a other ends, which pass those of no other area.
//
// Preconditions: lock held for writing.
func (m *MM) moveEnds(a *Area, start, end uintptr) {
	a.Start, a.End = start, end
	treeRefresh(m.root, a)
}

// find returns the first area that ends above addr, which need not have begun
// there.
//
// Preconditions: lock held.
func (m *MM) find(addr uintptr) *Area {
	if a := m.cache.Load(); a != nil && addr >= a.Start && addr < a.End {
		return a
	}
	a := treeFind(m.root, addr)
	if a != nil {
		m.cache.Store(a)
	}
	return a
}

// EndsAbove reports whether there is an area that ends above addr: whether Linux's
// find_vma finds one.
func (m *MM) EndsAbove(addr uintptr) bool {
	m.lock.RLock()
	defer m.lock.RUnlock()
	return m.find(addr) != nil
}

// findIn returns the first area that overlaps [start, end).
//
// Preconditions: lock held.
func (m *MM) findIn(start, end uintptr) *Area {
	if a := treeFind(m.root, start); a != nil && a.Start < end {
		return a
	}
	return nil
}
