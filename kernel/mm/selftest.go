package mm

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// SelfTest checks the allocator while the kernel runs, and calls report once
// per check, with nil if it passed. For a moment it takes all memory that is
// not reserved for the Go heap. It is for ordinary Go, after Init. area is
// where the check of mapped ranges may allocate; nil leaves that check out.
func SelfTest(area *Area, report func(name string, err error)) {
	report("mm: pages are distinct", testDistinct())
	report("mm: blocks of every order", testOrders())
	report("mm: storm on all CPUs", testStorm())
	report("mm: exhaustion spares the reserve", testExhaustion())
	if area != nil {
		report("mm: guarded ranges", testArea(area))
	}
}

// at returns the word at the start of a page.
//
//go:nocheckptr
func at(va uintptr) *uintptr { return (*uintptr)(unsafe.Add(nil, va)) }

func pageWord(pa uintptr) *uintptr { return at(hwPhysToVirt(pa)) }

// testDistinct writes a different word to each of many pages.
func testDistinct() (err error) {
	var pages []uintptr
	for range 500 {
		pa := AllocPage()
		if pa == 0 {
			err = errors.New("no page")
			break
		}
		*pageWord(pa) = pa
		pages = append(pages, pa)
	}
	for _, pa := range pages {
		if got := *pageWord(pa); got != pa {
			err = fmt.Errorf("page %#x holds %#x", pa, got)
		}
		FreePage(pa)
	}
	return err
}

func testOrders() (err error) {
	for order := 0; order <= MaxOrder; order++ {
		pa := AllocPages(order)
		if pa == 0 {
			continue // memory is fragmented: no fault of ours
		}
		if pa%(PageSize<<order) != 0 {
			err = fmt.Errorf("block %#x of order %d is not aligned", pa, order)
		}
		if n := PageOwners(pa); n != 1 {
			err = fmt.Errorf("block %#x has %d owners", pa, n)
		}
		FreePages(pa, order)
	}
	return err
}

// testStorm allocates and frees in several goroutines at once.
func testStorm() error {
	const workers, rounds, depth = 8, 400, 24
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		wg.Go(func() {
			var pages [depth]uintptr
			for round := range rounds * depth {
				p := &pages[(round*7+i)%depth]
				if *p != 0 {
					if *pageWord(*p) != uintptr(i) {
						errs[i] = fmt.Errorf("page %#x was given out twice", *p)
					}
					FreePage(*p)
					*p = 0
				} else if *p = AllocPage(); *p != 0 {
					*pageWord(*p) = uintptr(i)
				}
			}
			for _, pa := range pages {
				if pa != 0 {
					FreePage(pa)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// testExhaustion takes all blocks, the largest first, and chains them through
// their first words, because there is no other memory to note them down.
func testExhaustion() (err error) {
	var chain [MaxOrder + 1]uintptr
	for order := MaxOrder; order >= 0; order-- {
		for pa := AllocPages(order); pa != 0; pa = AllocPages(order) {
			*pageWord(pa) = chain[order]
			chain[order] = pa
		}
	}
	// Meanwhile the Go heap may have taken pages and others may have freed some.
	const slack = 64
	s := ReadStats()
	switch {
	case s.Free > s.Reserve+slack:
		err = fmt.Errorf("%d pages free, but none to be had; %d are reserved", s.Free, s.Reserve)
	case s.Free < s.Reserve-slack:
		err = fmt.Errorf("%d pages free of %d reserved", s.Free, s.Reserve)
	}
	if pa := AllocHeapPage(); pa != 0 {
		FreePage(pa)
	} else {
		err = errors.New("no page for the Go heap")
	}
	for order, pa := range chain {
		for pa != 0 {
			next := *pageWord(pa)
			FreePages(pa, order)
			pa = next
		}
	}
	return err
}

func testArea(a *Area) error {
	const pages = 4
	va, err := a.Alloc(pages)
	if err != nil {
		return err
	}
	for i := range uintptr(pages) {
		*at(va + i*PageSize) = i
	}
	for _, guard := range []uintptr{va - PageSize, va + pages*PageSize} {
		if hwPageMapped(guard) {
			err = fmt.Errorf("guard page %#x is mapped", guard)
		}
	}
	if e := a.Free(va); e != nil {
		return e
	}
	if hwPageMapped(va) {
		err = fmt.Errorf("freed page %#x is still mapped", va)
	}
	return err
}
