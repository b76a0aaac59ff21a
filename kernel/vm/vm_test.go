package vm

import (
	"fmt"
	"os"
	"testing"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/sched/schedtest"
)

func TestMain(m *testing.M) {
	if err := mm.InitHost(256 << 20); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(schedtest.Main(m))
}

// run runs a test in a task and checks that no page is lost.
func run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	before := mm.ReadStats().Free
	schedtest.Run(t, func() { f(t) })
	Reclaim()
	if after := mm.ReadStats().Free; after != before {
		t.Errorf("%d pages are lost", before-after)
	}
	if n, bugs := mm.Bugs(); n > 0 {
		t.Errorf("misuse of pages: %v", bugs)
	}
}

func newMM(t *testing.T) *MM {
	m, err := NewMM()
	if err != nil {
		t.Error(err)
	}
	return m
}

// anon maps private anonymous memory at a fixed address.
func anon(t *testing.T, m *MM, addr, n uintptr) {
	t.Helper()
	got, err := m.Mmap(MmapArgs{Addr: addr, Len: n, Prot: PROT_READ | PROT_WRITE, Flags: MAP_PRIVATE | MAP_FIXED})
	if err != nil || got != addr {
		t.Errorf("mmap = %#x, %v", got, err)
	}
}

// put and get access a byte as the program would.
func put(t *testing.T, m *MM, addr uintptr, v byte) {
	t.Helper()
	if _, err := m.WriteRemote(addr, []byte{v}); err != nil {
		t.Errorf("write at %#x: %v", addr, err)
	}
}

func get(t *testing.T, m *MM, addr uintptr) byte {
	t.Helper()
	var b [1]byte
	if _, err := m.ReadRemote(addr, b[:]); err != nil {
		t.Errorf("read at %#x: %v", addr, err)
	}
	return b[0]
}

// mapping describes the areas in one line each.
func mapping(m *MM) (s []string) {
	m.Walk(func(a *Area) bool {
		r := []byte("---p")
		for i, f := range []Flags{VM_READ, VM_WRITE, VM_EXEC} {
			if a.Flags&f != 0 {
				r[i] = "rwx"[i]
			}
		}
		if a.Flags&VM_MAYSHARE != 0 {
			r[3] = 's'
		}
		s = append(s, fmt.Sprintf("%x-%x %s", a.Start>>pageShift, a.End>>pageShift, r))
		return true
	})
	return s
}

// entries calls visit for every page table entry in use.
func (m *MM) entries(visit func(addr uintptr, e arch.PTE)) {
	m.eachLeaf(0, arch.TaskSize, func(t *table, start, end uintptr) {
		for ; start < end; start += pageSize {
			if e := loadPTE(t.entry(start)); !e.None() {
				visit(start, e)
			}
		}
	})
}

// check looks whether everything in m fits together.
func (m *MM) check(t *testing.T) {
	t.Helper()
	m.checkTree(t)
	var rss [3]int64
	m.entries(func(addr uintptr, e arch.PTE) {
		a := treeFind(m.root, addr)
		if a == nil || addr < a.Start {
			t.Errorf("page at %#x is in no area", addr)
			return
		}
		rss[a.kind()]++
		if e.Prot()&^a.Flags.rights() != 0 {
			t.Errorf("page at %#x allows %v, its area %v", addr, e.Prot(), a.Flags.rights())
		}
		if e.Prot()&spec.UserW != 0 && a.Flags.private() && mm.PageOwners(e.PA()) != 1 {
			t.Errorf("private page at %#x is writable and has %d owners", addr, mm.PageOwners(e.PA()))
		}
	})
	for i := range rss {
		if got := m.rss[i].Load(); got != rss[i] {
			t.Errorf("rss[%d] = %d, want %d", i, got, rss[i])
		}
	}
}

func (m *MM) checkTree(t *testing.T) {
	t.Helper()
	var inOrder []*Area
	var walk func(a *Area)
	walk = func(a *Area) {
		if a == nil {
			return
		}
		walk(a.left)
		inOrder = append(inOrder, a)
		walk(a.right)
		old := *knows(a)
		a.update()
		if old != *knows(a) {
			t.Errorf("area %#x knows %+v of its subtree, want %+v", a.Start, old, *knows(a))
		}
		if d := a.left.depth() - a.right.depth(); d < -1 || d > 1 {
			t.Errorf("area %#x is out of balance by %d", a.Start, d)
		}
	}
	walk(m.root)
	var prev *Area
	i, total, locked := 0, 0, 0
	for a := m.first; a != nil; a = a.next {
		if a.prev != prev || i >= len(inOrder) || inOrder[i] != a {
			t.Errorf("list and tree differ at %#x", a.Start)
			return
		}
		if a.Start >= a.End || prev != nil && prev.End > a.Start || a.mm != m {
			t.Errorf("bad area %#x-%#x", a.Start, a.End)
		}
		total += a.pages()
		if a.Flags&VM_LOCKED != 0 {
			locked += a.pages()
		}
		prev = a
		i++
	}
	if m.last != prev || m.count != i || len(inOrder) != i {
		t.Errorf("%d areas in the list, %d in the tree, count %d", i, len(inOrder), m.count)
	}
	if int(m.total.Load()) != total || int(m.locked.Load()) != locked {
		t.Errorf("total %d locked %d, want %d %d", m.total.Load(), m.locked.Load(), total, locked)
	}
}

type knowledge struct {
	height         int
	low, high, gap uintptr
}

func knows(a *Area) *knowledge { return &knowledge{a.height, a.low, a.high, a.gap} }
