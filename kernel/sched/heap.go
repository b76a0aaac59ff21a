package sched

// node is an element of a heap. It is the first field of what it stands for,
// which is why a pointer to one is a pointer to the other.
type node struct {
	key   int64
	child *node // first child
	next  *node // next sibling
	prev  *node // previous sibling, or the parent of a first child
}

// heap is a pairing heap: the node with the smallest key is at its root, a
// node costs no memory beyond itself, and inserting one is a few instructions.
// Removing takes O(log n) amortised. Among equal keys the order is open.
//
// The zero value is empty. The owner of the heap provides the locking.
type heap struct{ root *node }

// insert adds n, which is in no heap, under n.key.
func (h *heap) insert(n *node) {
	if h.root == nil {
		h.root = n
		return
	}
	h.root = meld(h.root, n)
}

// pop removes and returns the node with the smallest key.
//
// Preconditions: the heap is not empty.
func (h *heap) pop() *node {
	n := h.root
	if n.child == nil {
		h.root = nil
	} else {
		h.root = mergeChildren(n)
	}
	return n
}

// replaceRoot removes the node with the smallest key and inserts n.
//
// Preconditions: the heap is not empty.
func (h *heap) replaceRoot(n *node) {
	if h.root.child != nil {
		n = meldChildren(h.root, n)
	}
	h.root = n
}

// meldChildren joins the children of root, of which there is at least one, with
// n.
func meldChildren(root, n *node) *node { return meld(mergeChildren(root), n) }

// remove takes n out of the heap it is in.
func (h *heap) remove(n *node) {
	if n == h.root {
		h.pop()
		return
	}
	if n.prev.child == n {
		n.prev.child = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	n.next, n.prev = nil, nil
	if n.child != nil {
		h.root = meld(h.root, mergeChildren(n))
	}
}

// meld joins two trees, neither nil, and returns the new root.
func meld(a, b *node) *node {
	if b.key < a.key {
		a, b = b, a
	}
	b.prev = a
	b.next = a.child
	if b.next != nil {
		b.next.prev = b
	}
	a.child = b
	return a
}

// mergeChildren makes one tree of n's children, of which there is at least
// one, and leaves n alone: first neighbours in pairs, then all pairs, from the
// last to the first.
func mergeChildren(n *node) *node {
	if only := n.child; only.next == nil {
		n.child, only.prev = nil, nil
		return only
	}
	var pairs *node // linked by next, last pair first
	for a := n.child; a != nil; {
		b := a.next
		if b == nil {
			a.next, a.prev = pairs, nil
			pairs = a
			break
		}
		rest := b.next
		a.next, a.prev, b.next, b.prev = nil, nil, nil, nil
		m := meld(a, b)
		m.next = pairs
		pairs = m
		a = rest
	}
	n.child = nil
	root := pairs
	pairs, root.next = root.next, nil
	for pairs != nil {
		m := pairs
		pairs, m.next = m.next, nil
		root = meld(root, m)
	}
	return root
}

// walk calls f for up to limit nodes, in no particular order except that the
// root comes first, until f returns false.
func (h *heap) walk(limit int, f func(*node) bool) {
	n := h.root
	for ; n != nil && limit > 0; limit-- {
		if !f(n) {
			return
		}
		n = n.successor()
	}
}

// successor returns the node after n in a depth-first walk, or nil.
func (n *node) successor() *node {
	if n.child != nil {
		return n.child
	}
	for n != nil && n.next == nil {
		n = n.parent()
	}
	if n == nil {
		return nil
	}
	return n.next
}

// parent returns the node that n is a child of, or nil for a root.
func (n *node) parent() *node {
	for n.prev != nil && n.prev.child != n {
		n = n.prev
	}
	return n.prev
}
