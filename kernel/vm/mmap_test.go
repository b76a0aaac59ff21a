package vm

import (
	"slices"
	"syscall"
	"testing"

	"onsen/arch"
)

func TestMmapErrors(t *testing.T) {
	defer setLimits(map[int]uint64{rlimitAS: 1 << 32, rlimitMemlock: 0})()
	run(t, func(t *testing.T) {
		m := newMM(t)
		anon(t, m, testBase, pageSize)
		c := NewAddressSpace(nil)
		const p, s, fixed = MAP_PRIVATE, MAP_SHARED, MAP_FIXED
		for _, tt := range []struct {
			name string
			a    MmapArgs
			want error
		}{
			{"no length", MmapArgs{Flags: p}, syscall.EINVAL},
			{"length wraps", MmapArgs{Len: ^uintptr(0), Flags: p}, syscall.ENOMEM},
			{"longer than user space", MmapArgs{Len: arch.TaskSize + pageSize, Flags: p}, syscall.ENOMEM},
			{"no type", MmapArgs{Len: 1}, syscall.EINVAL},
			{"validate without file", MmapArgs{Len: 1, Flags: MAP_SHARED_VALIDATE}, syscall.EINVAL},
			{"offset wraps", MmapArgs{Len: 2 * pageSize, Flags: s, Object: c, Offset: -pageSize}, syscall.EOVERFLOW},
			{"fixed and unaligned", MmapArgs{Addr: testBase + 1, Len: 1, Flags: p | fixed}, syscall.EINVAL},
			{"fixed and high", MmapArgs{Addr: arch.TaskSize, Len: 1, Flags: p | fixed}, syscall.ENOMEM},
			{"fixed and low", MmapArgs{Addr: 0, Len: 1, Flags: p | fixed}, syscall.EPERM},
			{"taken", MmapArgs{Addr: testBase, Len: 1, Flags: p | MAP_FIXED_NOREPLACE}, syscall.EEXIST},
			{"shared stack", MmapArgs{Len: 1, Flags: s | MAP_GROWSDOWN}, syscall.EINVAL},
			{"locked", MmapArgs{Len: 1, Flags: p | MAP_LOCKED}, syscall.EPERM},
			{"address space", MmapArgs{Len: 1<<32 + 1, Prot: PROT_READ, Flags: p}, syscall.ENOMEM},
			{"good", MmapArgs{Len: 1, Flags: p, Addr: 1}, nil},
			{"replaced", MmapArgs{Addr: testBase, Len: 1, Flags: p | fixed}, nil},
		} {
			if _, err := m.Mmap(tt.a); err != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		m.check(t)
		m.Put()
	})
}

func TestPlacement(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		base := m.mmapBase
		place := func(hint, pages, flags int, want uintptr) {
			t.Helper()
			got, err := m.Mmap(MmapArgs{Addr: uintptr(hint), Len: uintptr(pages) * pageSize, Prot: PROT_READ, Flags: MAP_PRIVATE | flags})
			if err != nil || got != want {
				t.Errorf("placed at %#x, %v; want %#x", got, err, want)
			}
		}
		page := func(n int) uintptr { return base - uintptr(n)*pageSize }
		place(0, 4, 0, page(4))
		place(0, 2, 0, page(6))
		place(int(testBase)+5, 1, 0, testBase) // a hint is rounded
		place(int(testBase), 1, 0, page(7))    // and no more than a hint
		place(pageSize, 1, 0, minAddr)
		if err := m.Munmap(page(3), 2*pageSize); err != nil {
			t.Error(err)
		}
		place(0, 3, 0, page(10)) // the hole is too small
		place(0, 2, 0, page(3))  // and fits
		place(0, 1, MAP_GROWSDOWN, page(11))
		place(0, 1, 0, page(12)-stackGuardGap) // below the room of a stack
		m.check(t)
		m.Put()
	})
}

func TestMergeAndSplit(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		const b = 0x100000
		want := func(what string, areas ...string) {
			t.Helper()
			if got := mapping(m); !slices.Equal(got, areas) {
				t.Errorf("%s: %q, want %q", what, got, areas)
			}
			m.check(t)
		}
		at := func(n uintptr) uintptr { return (b + n) << pageShift }
		do := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		anon(t, m, at(0), 4*pageSize)
		anon(t, m, at(8), 4*pageSize)
		want("apart", "100000-100004 rw-p", "100008-10000c rw-p")
		anon(t, m, at(4), 4*pageSize)
		want("joined", "100000-10000c rw-p")
		do(m.Mprotect(at(2), 2*pageSize, PROT_READ))
		want("split", "100000-100002 rw-p", "100002-100004 r--p", "100004-10000c rw-p")
		do(m.Mprotect(at(4), 2*pageSize, PROT_READ))
		want("moved", "100000-100002 rw-p", "100002-100006 r--p", "100006-10000c rw-p")
		do(m.Mprotect(at(0), 12*pageSize, PROT_READ|PROT_WRITE))
		want("one again", "100000-10000c rw-p")
		do(m.Munmap(at(3), pageSize))
		want("hole", "100000-100003 rw-p", "100004-10000c rw-p")
		if err := m.Mprotect(at(0), 6*pageSize, PROT_NONE); err != syscall.ENOMEM {
			t.Errorf("mprotect over a hole: %v", err)
		}
		want("up to the hole", "100000-100003 ---p", "100004-10000c rw-p")
		m.Put()
	})
}

func TestMremap(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		anon(t, m, testBase, 2*pageSize)
		put(t, m, testBase, 1)
		put(t, m, testBase+pageSize, 2)
		grown, err := m.Mremap(testBase, 2*pageSize, 4*pageSize, 0, 0)
		if err != nil || grown != testBase {
			t.Errorf("growing in place: %#x, %v", grown, err)
		}
		anon(t, m, testBase+8*pageSize, pageSize)
		if err := m.Mprotect(testBase+8*pageSize, pageSize, PROT_READ); err != nil {
			t.Error(err)
		}
		if _, err = m.Mremap(testBase, 4*pageSize, 9*pageSize, 0, 0); err != syscall.ENOMEM {
			t.Errorf("growing without room: %v", err)
		}
		moved, err := m.Mremap(testBase, 4*pageSize, 9*pageSize, MREMAP_MAYMOVE, 0)
		if err != nil || moved == testBase {
			t.Errorf("moving: %#x, %v", moved, err)
		}
		if get(t, m, moved) != 1 || get(t, m, moved+pageSize) != 2 || get(t, m, moved+8*pageSize) != 0 {
			t.Error("moving lost something")
		}
		if m.findIn(testBase, testBase+4*pageSize) != nil {
			t.Error("the old place is still mapped")
		}
		kept, err := m.Mremap(moved, pageSize, pageSize, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0)
		if err != nil || get(t, m, kept) != 1 || get(t, m, moved) != 0 {
			t.Errorf("MREMAP_DONTUNMAP: %#x, %v", kept, err)
		}
		shared, err := m.Mmap(MmapArgs{Len: pageSize, Prot: PROT_READ | PROT_WRITE, Flags: MAP_SHARED})
		if err != nil {
			t.Error(err)
		}
		put(t, m, shared, 9)
		double, err := m.Mremap(shared, 0, pageSize, MREMAP_MAYMOVE, 0)
		if err != nil || double == shared || get(t, m, double) != 9 {
			t.Errorf("doubling: %#x, %v", double, err)
		}
		if _, err := m.Mremap(testBase+8*pageSize, 0, pageSize, MREMAP_MAYMOVE, 0); err != syscall.EINVAL {
			t.Errorf("doubling private memory: %v", err)
		}
		m.check(t)
		m.Put()
	})
}

func TestBrk(t *testing.T) {
	limits := map[int]uint64{}
	defer setLimits(limits)()
	run(t, func(t *testing.T) {
		m := newMM(t)
		m.StartBrk, m.Brk = testBase, testBase
		for _, tt := range []struct{ ask, want uintptr }{
			{0, testBase},
			{testBase + 10, testBase + 10},
			{testBase + 3*pageSize, testBase + 3*pageSize},
			{testBase + pageSize + 1, testBase + pageSize + 1},
			{testBase - 1, testBase + pageSize + 1},
			{arch.TaskSize, testBase + pageSize + 1},
		} {
			if got := m.SetBrk(tt.ask); got != tt.want {
				t.Errorf("brk(%#x) = %#x, want %#x", tt.ask, got, tt.want)
			}
		}
		put(t, m, testBase+pageSize, 1)
		limits[rlimitData] = 8 * pageSize
		if got := m.SetBrk(testBase + 8*pageSize + 1); got != testBase+pageSize+1 {
			t.Errorf("brk beyond RLIMIT_DATA: %#x", got)
		}
		if got := mapping(m); len(got) != 1 {
			t.Errorf("the heap is %q", got)
		}
		m.check(t)
		m.Put()
	})
}
