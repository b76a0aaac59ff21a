package vm

import (
	"testing"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
)

const testBase = uintptr(0x5000_0000_0000)

// pageOf returns the entry of an address, which is present.
func pageOf(t *testing.T, m *MM, addr uintptr) arch.PTE {
	t.Helper()
	leaf := m.leaf(addr)
	if leaf == nil {
		t.Errorf("no table for %#x", addr)
		return 0
	}
	return loadPTE(leaf.entry(addr))
}

func TestForkCopiesOnWrite(t *testing.T) {
	run(t, func(t *testing.T) {
		const pages = 3 * 512
		m := newMM(t)
		anon(t, m, testBase, pages*pageSize)
		for i := range uintptr(pages) {
			put(t, m, testBase+i*pageSize, byte(i))
		}
		before, free := m.ctx.Flushes.Load(), mm.ReadStats().Free
		c, err := m.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		if n := m.ctx.Flushes.Load() - before; n != 1 {
			t.Errorf("%d flushes for a fork, want 1", n)
		}
		// A top level, two on the way down, and as many leaves as the parent.
		if used := free - mm.ReadStats().Free; used != c.Tables() || c.Tables() != m.Tables() {
			t.Errorf("a fork takes %d pages, %d tables, parent has %d", used, c.Tables(), m.Tables())
		}
		m.check(t)
		c.check(t)
		shared := pageOf(t, m, testBase)
		if e := pageOf(t, c, testBase); e != shared || e.Prot()&spec.UserW != 0 || mm.PageOwners(e.PA()) != 2 {
			t.Errorf("entries %#x and %#x, %d owners", shared, e, mm.PageOwners(e.PA()))
		}
		put(t, c, testBase, 100)
		if get(t, m, testBase) != 0 || get(t, c, testBase) != 100 {
			t.Error("a write of the child is seen by the parent")
		}
		if e := pageOf(t, c, testBase); e.PA() == shared.PA() {
			t.Error("the child writes to a shared page")
		}
		// The parent is the only owner now, and keeps its page.
		put(t, m, testBase, 50)
		if e := pageOf(t, m, testBase); e.PA() != shared.PA() || e.Prot()&spec.UserW == 0 {
			t.Errorf("entry %#x, want page %#x writable", e, shared.PA())
		}
		c.Put()
		put(t, m, testBase+pageSize, 51)
		m.check(t)
		m.Put()
	})
}

func TestFaultResults(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		c := NewAddressSpace(nil)
		if err := c.Truncate(pageSize + 1); err != nil {
			t.Error(err)
		}
		maps := []struct {
			prot, flags int
			object      Mappable
		}{
			{PROT_READ | PROT_WRITE, MAP_PRIVATE, nil},
			{PROT_READ, MAP_PRIVATE, nil},
			{PROT_NONE, MAP_PRIVATE, nil},
			{PROT_WRITE, MAP_PRIVATE, nil},
			{PROT_EXEC, MAP_PRIVATE, nil},
			{PROT_READ | PROT_WRITE, MAP_SHARED, c},
			{PROT_READ | PROT_WRITE, MAP_PRIVATE, c},
		}
		at := func(i int) uintptr { return testBase + uintptr(i)<<20 }
		for i, a := range maps {
			if _, err := m.Mmap(MmapArgs{Addr: at(i), Len: 3 * pageSize, Prot: a.prot, Flags: a.flags | MAP_FIXED, Object: a.object}); err != nil {
				t.Error(err)
			}
		}
		const r, w, x = spec.AccessRead, spec.AccessWrite, spec.AccessExec
		for _, tt := range []struct {
			addr   uintptr
			access spec.Access
			want   FaultResult
		}{
			{at(0) + 5, r, FaultOK},
			{at(0), w, FaultOK},
			{at(0), x, FaultAccErr},
			{at(0) - 1, r, FaultMapErr},
			{at(0) + 3*pageSize, w, FaultMapErr},
			{at(1), r, FaultOK},
			{at(1), w, FaultAccErr},
			{at(2), r, FaultAccErr},
			{at(2), w, FaultAccErr},
			{at(3), r, FaultOK},
			{at(3), w, FaultOK},
			{at(4), r, FaultOK},
			{at(4), x, FaultOK},
			{at(5) + pageSize, w, FaultOK},
			{at(5) + 2*pageSize, r, FaultBus},
			{at(6) + 2*pageSize, w, FaultBus},
			{at(6) + pageSize, w, FaultOK},
			{0, r, FaultMapErr},
			{arch.TaskSize, r, FaultMapErr},
			{^uintptr(0), w, FaultMapErr},
		} {
			if got := m.HandleFault(tt.addr, tt.access); got != tt.want {
				t.Errorf("fault at %#x, access %d: %d, want %d", tt.addr, tt.access, got, tt.want)
			}
		}
		m.check(t)
		m.Put()
		c.Release()
	})
}

func TestStackGrows(t *testing.T) {
	limits := map[int]uint64{rlimitStack: 1 << 20}
	defer setLimits(limits)()
	run(t, func(t *testing.T) {
		m := newMM(t)
		const top = uintptr(0x7fff_0000_0000)
		if err := m.SetupStack(top, 4*pageSize, PROT_READ|PROT_WRITE); err != nil {
			t.Error(err)
		}
		put(t, m, top-1, 1)
		for _, tt := range []struct {
			below uintptr
			want  FaultResult
		}{
			{5 * pageSize, FaultOK},
			{1 << 19, FaultOK},
			{1 << 20, FaultOK},
			{1<<20 + 1, FaultMapErr},
		} {
			if got := m.HandleFault(top-tt.below, spec.AccessWrite); got != tt.want {
				t.Errorf("%#x below: %d, want %d", tt.below, got, tt.want)
			}
		}
		limits[rlimitStack] = 8 << 20
		// Another mapping keeps the guard gap; one without rights does not.
		anon(t, m, top-4<<20, pageSize)
		edge := top - 4<<20 + pageSize + stackGuardGap
		if got := m.HandleFault(edge-1, spec.AccessWrite); got != FaultMapErr {
			t.Errorf("grows into the guard gap: %d", got)
		}
		if got := m.HandleFault(edge, spec.AccessWrite); got != FaultOK {
			t.Errorf("does not grow to the guard gap: %d", got)
		}
		if err := m.Mprotect(top-4<<20, pageSize, PROT_NONE); err != nil {
			t.Error(err)
		}
		if got := m.HandleFault(edge-1, spec.AccessWrite); got != FaultOK {
			t.Errorf("PROT_NONE keeps a stack away: %d", got)
		}
		m.check(t)
		m.Put()
	})
}

// setLimits makes Rlimit answer from limits, and Capable with no. It returns
// what undoes that.
func setLimits(limits map[int]uint64) func() {
	rlimit, capable := Rlimit, Capable
	Rlimit = func(r int) uint64 {
		if v, ok := limits[r]; ok {
			return v
		}
		return ^uint64(0)
	}
	Capable = func(int) bool { return false }
	return func() { Rlimit, Capable = rlimit, capable }
}

func TestOutOfMemory(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		const size = 200 << 20
		anon(t, m, testBase, size)
		var taken []uintptr
		for pa := mm.AllocPages(10); pa != 0; pa = mm.AllocPages(10) {
			taken = append(taken, pa)
		}
		last := FaultOK
		for at := testBase; at < testBase+size && last == FaultOK; at += pageSize {
			last = m.HandleFault(at, spec.AccessWrite)
		}
		if last != FaultOOM {
			t.Errorf("fault without memory: %d", last)
		}
		if _, err := m.Dup(); err == nil {
			t.Error("fork without memory works")
		}
		for _, pa := range taken {
			mm.FreePages(pa, 10)
		}
		m.check(t)
		m.Put()
	})
}
