//go:build !metal

package mm

import (
	"slices"
	"sync"
	"testing"
)

const testAreaPages = 64

func newTestArea(t *testing.T) *Area {
	t.Helper()
	va := hostReserve(testAreaPages*PageSize, 0)
	for page := range uintptr(testAreaPages) { // makes the page tables
		if !mapNewPage(va + page*PageSize) {
			t.Fatal("no page")
		}
		pa, _ := hwUnmapPage(va + page*PageSize)
		FreePage(pa)
	}
	return NewArea(va, va+testAreaPages*PageSize)
}

func TestArea(t *testing.T) {
	bootSmall(t)
	a := newTestArea(t)
	free := ReadStats().Free
	whole := slices.Clone(a.free)
	var stacks []uintptr
	for {
		va, err := a.Alloc(4)
		if err != nil {
			if err != errNoSpace {
				t.Errorf("Alloc = %v", err)
			}
			break
		}
		stacks = append(stacks, va)
	}
	if want := (testAreaPages - 1) / 5; len(stacks) != want {
		t.Errorf("%d ranges of 4 pages in %d, want %d", len(stacks), testAreaPages, want)
	}
	for i, va := range stacks {
		for page := range uintptr(4) {
			*at(va + page*PageSize) = va
		}
		for _, guard := range []uintptr{va - PageSize, va + 4*PageSize} {
			if hwPageMapped(guard) {
				t.Errorf("range %d: no guard page at %#x", i, guard)
			}
		}
	}
	for _, i := range []int{5, 3, 4, 0, 11, 1, 2, 10, 9, 6, 8, 7} {
		if got := *at(stacks[i]); got != stacks[i] {
			t.Errorf("range %d holds %#x", i, got)
		}
		if err := a.Free(stacks[i]); err != nil {
			t.Error(err)
		}
		if hwPageMapped(stacks[i]) {
			t.Errorf("range %d is still mapped", i)
		}
	}
	if !slices.Equal(a.free, whole) {
		t.Errorf("free = %v, want %v", a.free, whole)
	}
	if got := ReadStats().Free; got != free {
		t.Errorf("%d pages free, want %d", got, free)
	}
	wantNoBugs(t)
}

func TestAreaArguments(t *testing.T) {
	bootSmall(t)
	a := newTestArea(t)
	for _, n := range []int{0, -1, testAreaPages - 1, 1 << 40, 1 << 62} {
		if va, err := a.Alloc(n); err != errNoSpace {
			t.Errorf("Alloc(%d) = %#x, %v", n, va, err)
		}
	}
	va, err := a.Alloc(testAreaPages - 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []uintptr{0, va + PageSize, va - PageSize} {
		if a.Free(bad) == nil {
			t.Errorf("Free(%#x) did not fail", bad)
		}
	}
	if err := a.Free(va); err != nil {
		t.Error(err)
	}
	if a.Free(va) == nil {
		t.Error("second Free did not fail")
	}
	for _, a := range []*Area{NewArea(PageSize, PageSize), NewArea(PageSize, 2*PageSize), NewArea(3*PageSize, PageSize)} {
		if _, err := a.Alloc(1); err != errNoSpace {
			t.Errorf("Alloc in an empty area = %v", err)
		}
	}
}

// An Alloc that runs out of pages halfway gives everything back.
func TestAreaOutOfMemory(t *testing.T) {
	bootSmall(t)
	a := newTestArea(t)
	whole := slices.Clone(a.free)
	pages := takeAll(AllocPage)
	for _, pa := range pages[:7] {
		FreePage(pa)
	}
	free := ReadStats().Free
	if va, err := a.Alloc(8); err == nil {
		t.Errorf("Alloc = %#x without memory", va)
	}
	if got := ReadStats().Free; got != free {
		t.Errorf("%d pages free, want %d", got, free)
	}
	if !slices.Equal(a.free, whole) {
		t.Errorf("free = %v, want %v", a.free, whole)
	}
	if _, err := a.Alloc(7); err != nil {
		t.Error(err)
	}
}

func TestAreaConcurrent(t *testing.T) {
	bootSmall(t)
	a := newTestArea(t)
	whole := slices.Clone(a.free)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for round := range 200 {
				n := 1 + (i+round)%5
				va, err := a.Alloc(n)
				if err != nil {
					t.Error(err)
					return
				}
				for page := range uintptr(n) {
					*at(va + page*PageSize) = va
				}
				if err := a.Free(va); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if !slices.Equal(a.free, whole) {
		t.Errorf("free = %v, want %v", a.free, whole)
	}
	wantNoBugs(t)
}

func TestSelfTest(t *testing.T) {
	bootSmall(t)
	area := newTestArea(t)
	before := snapshot()
	checks := 0
	SelfTest(area, func(name string, err error) {
		checks++
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	if checks != 5 {
		t.Errorf("%d checks", checks)
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	wantNoBugs(t)
}
