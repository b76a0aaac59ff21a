package mm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Area hands out ranges of kernel address space with pages mapped in them. In
// front of each range is an unmapped guard page, and one is behind the last,
// so that running over either end faults. It is for ordinary Go.
type Area struct {
	// mu also keeps two callers from building the same page tables.
	mu   sync.Mutex
	free []span          // mu; sorted, disjoint, not touching
	used map[uintptr]int // mu; pages of the range at an address
}

// span is addresses of an Area, guard page included.
type span struct{ start, end uintptr }

var (
	errNoSpace = errors.New("mm: no kernel address space left")
	errNoPages = errors.New("mm: out of memory")
)

// NewArea returns an Area over [start, end), which must be whole pages that
// nobody else maps, nor shares the page tables of.
func NewArea(start, end uintptr) *Area {
	a := &Area{used: make(map[uintptr]int)}
	if start+PageSize < end {
		a.free = []span{{start, end - PageSize}}
	}
	return a
}

// Alloc maps n pages, readable and writable, and returns their address. What
// is in them is undefined.
func (a *Area) Alloc(n int) (va uintptr, err error) {
	a.mu.Lock()
	va, ok := a.take(n)
	if !ok {
		a.mu.Unlock()
		return 0, errNoSpace
	}
	a.used[va] = n
	mapped := 0
	for mapped < n && mapNewPage(va+uintptr(mapped)*PageSize) {
		mapped++
	}
	a.mu.Unlock()
	if mapped < n {
		return 0, errors.Join(errNoPages, a.Free(va))
	}
	return va, nil
}

// mapNewPage maps a page of its own at va. It reports false, and maps nothing,
// if there is none.
func mapNewPage(va uintptr) bool {
	pa := AllocPage()
	if pa == 0 {
		return false
	}
	if !hwMapPage(va, pa) {
		FreePage(pa)
		return false
	}
	return true
}

// Free unmaps and frees what Alloc returned. The pages are free when no CPU
// can reach them any more.
func (a *Area) Free(va uintptr) error {
	a.mu.Lock()
	n, ok := a.used[va]
	delete(a.used, va)
	var pages []uintptr
	for i := range n {
		if pa, ok := hwUnmapPage(va + uintptr(i)*PageSize); ok {
			pages = append(pages, pa)
		}
	}
	a.mu.Unlock()
	if !ok {
		return fmt.Errorf("mm: free of kernel address %#x, which is not allocated", va)
	}
	hwFlushTLB(va, va+uintptr(n)*PageSize)
	for _, pa := range pages {
		FreePage(pa)
	}
	a.mu.Lock()
	a.give(va, n)
	a.mu.Unlock()
	return nil
}

// take finds address space for n pages and the guard page in front.
//
// Preconditions: a.mu held.
func (a *Area) take(n int) (va uintptr, ok bool) {
	if n <= 0 || n > 1<<30 {
		return 0, false
	}
	size := uintptr(n+1) * PageSize
	for i := range a.free {
		s := &a.free[i]
		if s.end-s.start < size {
			continue
		}
		va = s.start + PageSize
		s.start += size
		if s.start == s.end {
			a.free = slices.Delete(a.free, i, i+1)
		}
		return va, true
	}
	return 0, false
}

// give takes back what take returned for n pages.
//
// Preconditions: a.mu held.
func (a *Area) give(va uintptr, n int) {
	s := span{va - PageSize, va + uintptr(n)*PageSize}
	i, _ := slices.BinarySearchFunc(a.free, s.start, func(e span, start uintptr) int { return cmp.Compare(e.start, start) })
	if i < len(a.free) && a.free[i].start == s.end {
		s.end = a.free[i].end
		a.free = slices.Delete(a.free, i, i+1)
	}
	if i > 0 && a.free[i-1].end == s.start {
		a.free[i-1].end = s.end
		return
	}
	a.free = slices.Insert(a.free, i, s)
}
