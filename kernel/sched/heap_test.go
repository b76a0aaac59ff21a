//go:build !metal

package sched

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func (h *heap) check(t *testing.T) int {
	t.Helper()
	count := 0
	h.walk(1<<30, func(n *node) bool {
		count++
		if p := n.parent(); p != nil && p.key > n.key {
			t.Fatalf("child %d below parent %d", n.key, p.key)
		}
		if n.next != nil && n.next.prev != n {
			t.Fatal("sibling links disagree")
		}
		return true
	})
	return count
}

func TestHeapSorts(t *testing.T) {
	for _, count := range []int{0, 1, 2, 3, 10, 1000} {
		var h heap
		want := make([]int64, count)
		for i := range want {
			want[i] = rand.Int64N(100)
			h.insert(&node{key: want[i]})
		}
		if got := h.check(t); got != count {
			t.Fatalf("%d nodes of %d", got, count)
		}
		slices.Sort(want)
		for i, key := range want {
			if got := h.pop().key; got != key {
				t.Fatalf("pop %d of %d: %d, want %d", i, count, got, key)
			}
		}
		if h.root != nil {
			t.Fatal("not empty")
		}
	}
}

// TestHeapAgainstSet mixes all operations and compares with a plain set.
func TestHeapAgainstSet(t *testing.T) {
	var h heap
	in := map[*node]bool{}
	var all []*node
	for range 20000 {
		switch op := rand.IntN(5); {
		case op <= 1 || len(all) == 0:
			n := &node{key: rand.Int64N(1000)}
			h.insert(n)
			in[n] = true
			all = append(all, n)
		case op == 2:
			i := rand.IntN(len(all))
			n := all[i]
			h.remove(n)
			if n.child != nil || n.next != nil || n.prev != nil {
				t.Fatal("a removed node keeps links")
			}
			delete(in, n)
			all = slices.Delete(all, i, i+1)
		default:
			n := h.pop()
			for m := range in {
				if m.key < n.key {
					t.Fatalf("popped %d before %d", n.key, m.key)
				}
			}
			if n.child != nil || n.next != nil || n.prev != nil {
				t.Fatal("a popped node keeps links")
			}
			delete(in, n)
			all = slices.DeleteFunc(all, func(m *node) bool { return m == n })
		}
	}
	if got := h.check(t); got != len(in) {
		t.Fatalf("%d nodes, want %d", got, len(in))
	}
}

func TestHeapWalkLimit(t *testing.T) {
	var h heap
	for i := range 50 {
		h.insert(&node{key: int64(i)})
	}
	for i := range 25 {
		if got := h.pop().key; got != int64(i) {
			t.Fatalf("popped %d, want %d", got, i)
		}
	}
	seen := 0
	h.walk(7, func(n *node) bool {
		if seen == 0 && n != h.root {
			t.Error("does not start at the root")
		}
		seen++
		return true
	})
	if seen != 7 {
		t.Errorf("walked %d nodes, want 7", seen)
	}
}

func BenchmarkHeapTwo(b *testing.B) {
	var h heap
	x, y := &node{key: 1}, &node{key: 2}
	h.insert(x)
	for b.Loop() {
		y.key += 2
		h.insert(y)
		x, y = y, h.pop()
	}
}
