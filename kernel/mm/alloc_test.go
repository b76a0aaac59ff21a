//go:build !metal

package mm

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// takeAll allocates single pages until there are none.
func takeAll(alloc func() uintptr) (pages []uintptr) {
	for pa := alloc(); pa != 0; pa = alloc() {
		pages = append(pages, pa)
	}
	return pages
}

// snapshot returns the state of the zones when no page is in a CPU's list.
func snapshot() Stats {
	drainAll()
	return ReadStats()
}

func TestAllocPage(t *testing.T) {
	bootSmall(t)
	free := ReadStats().Free
	pa := AllocPage()
	if pa == 0 || pa%PageSize != 0 || PageOwners(pa) != 1 {
		t.Fatalf("AllocPage = %#x with %d owners", pa, PageOwners(pa))
	}
	if got := ReadStats().Free; got != free-1 {
		t.Errorf("%d pages free, want %d", got, free-1)
	}
	FreePage(pa)
	if got := ReadStats().Free; got != free || PageOwners(pa) != 0 {
		t.Errorf("%d pages free, want %d; %d owners", got, free, PageOwners(pa))
	}
	if next := AllocPage(); next != pa {
		t.Errorf("AllocPage = %#x, want the page just freed, %#x", next, pa)
	}
	wantNoBugs(t)
}

func TestExhaustionAndRefill(t *testing.T) {
	bootSmall(t)
	before := snapshot()
	for round := range 3 {
		pages := takeAll(AllocPage)
		if got := ReadStats().Free; got != before.Reserve {
			t.Errorf("round %d: %d pages left, want the reserve of %d", round, got, before.Reserve)
		}
		slices.Sort(pages)
		if n := len(slices.Compact(pages)); n != before.Free-before.Reserve {
			t.Errorf("round %d: %d different pages, want %d", round, n, before.Free-before.Reserve)
		}
		rand.Shuffle(len(pages), func(i, j int) { pages[i], pages[j] = pages[j], pages[i] })
		for _, pa := range pages {
			FreePage(pa)
		}
		if after := snapshot(); after != before {
			t.Fatalf("round %d: not as before\n%v\n%v", round, after, before)
		}
		checkZones(t)
	}
	wantNoBugs(t)
}

func TestReserveIsForTheHeap(t *testing.T) {
	bootSmall(t)
	before := snapshot()
	pages := takeAll(AllocPage)
	for order := range MaxOrder + 1 {
		if pa := AllocPages(order); pa != 0 {
			t.Errorf("order %d block %#x out of the reserve", order, pa)
		}
	}

	// A heap page that comes back does not serve others before the reserve is full.
	heap := AllocHeapPage()
	if heap == 0 {
		t.Fatal("no heap page")
	}
	for range 100 {
		FreePage(heap)
		if pa := AllocPage(); pa != 0 {
			t.Fatalf("page %#x out of the reserve", pa)
		}
		if heap = AllocHeapPage(); heap == 0 {
			t.Fatal("no heap page")
		}
	}
	heaps := append(takeAll(AllocHeapPage), heap)
	if len(heaps) != before.Reserve {
		t.Errorf("%d heap pages from a reserve of %d", len(heaps), before.Reserve)
	}
	if s := ReadStats(); s.Free != 0 || s.Heap != len(heaps) {
		t.Errorf("%d pages free, %d heap pages, want 0 and %d", s.Free, s.Heap, len(heaps))
	}
	FreePage(pages[0])
	if pa := AllocPage(); pa != 0 {
		t.Errorf("page %#x before the reserve is full again", pa)
	}
	for _, pa := range heaps {
		FreePage(pa)
	}
	if pa := AllocPage(); pa == 0 {
		t.Error("no page though the reserve is full again")
	} else {
		FreePage(pa)
	}
	for _, pa := range pages[1:] {
		FreePage(pa)
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
	wantNoBugs(t)
}

// A CPU that finds nothing gets what lies in the lists of others.
func TestOtherCPUsLists(t *testing.T) {
	bootSmall(t)
	before := snapshot()
	atomic.StoreInt32(&hostCPU, 1)
	pages := takeAll(AllocPage)
	for _, pa := range pages[:cpuListMax/2] {
		FreePage(pa)
	}
	if n := cpus[1].n; n != cpuListMax/2 {
		t.Fatalf("%d pages in CPU 1's list", n)
	}
	atomic.StoreInt32(&hostCPU, 2)
	again := takeAll(AllocPage)
	if len(again) != cpuListMax/2 {
		t.Errorf("CPU 2 got %d pages, want %d", len(again), cpuListMax/2)
	}
	for _, pa := range append(again, pages[cpuListMax/2:]...) {
		FreePage(pa)
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	wantNoBugs(t)
}

func TestLowZone(t *testing.T) {
	boot(t, mem(gib, 2*gib), mem(4*gib, 5*gib))
	before := snapshot()
	if pa := AllocPages(3); pa < 4*gib {
		t.Errorf("AllocPages = %#x: takes low memory first", pa)
	} else {
		FreePages(pa, 3)
	}
	for order := range MaxOrder + 1 {
		pa := AllocPagesLow(order)
		if pa == 0 || pa >= 4*gib {
			t.Errorf("AllocPagesLow(%d) = %#x", order, pa)
		}
		FreePages(pa, order)
	}
	pages := takeAll(func() uintptr { return AllocPagesLow(MaxOrder) })
	high := takeAll(func() uintptr { return AllocPages(MaxOrder) })
	if len(pages) < 250 || len(high) < 240 {
		t.Errorf("%d low and %d other blocks", len(pages), len(high))
	}
	for _, pa := range append(pages, high...) {
		FreePages(pa, MaxOrder)
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	wantNoBugs(t)
}

// Every other page is used: no two free pages join. Then the rest is freed.
func TestFragmentation(t *testing.T) {
	bootSmall(t)
	before := snapshot()
	pages := takeAll(AllocPage)
	slices.Sort(pages)
	for i := 0; i < len(pages); i += 2 {
		FreePage(pages[i])
	}
	drainAll()
	checkZones(t)
	for zone := range zones {
		// The reserve is one piece and keeps its large blocks.
		if n := zones[zone].count[1]; n > MaxOrder {
			t.Errorf("zone %d has %d blocks of order 1", zone, n)
		}
	}
	for i := 1; i < len(pages); i += 2 {
		FreePage(pages[i])
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
}

func TestGetPutPage(t *testing.T) {
	bootSmall(t)
	free := ReadStats().Free
	for order := range 4 {
		pa := AllocPages(order)
		GetPage(pa)
		GetPage(pa)
		FreePages(pa, order)
		if n, first := Bugs(); n != 1 || first[0] != (BugReport{BugShared, pa}) {
			t.Errorf("order %d: bugs %v", order, first)
		}
		forgetBugs()
		for owners := uint32(3); owners > 0; owners-- {
			if n := PageOwners(pa); n != owners {
				t.Errorf("order %d: %d owners, want %d", order, n, owners)
			}
			if last := PutPage(pa); last != (owners == 1) {
				t.Errorf("order %d: PutPage = %v with %d owners", order, last, owners)
			}
		}
		wantNoBugs(t)
		if PutPage(pa) {
			t.Errorf("order %d: PutPage of a free page", order)
		}
		GetPage(pa)
		if n, _ := Bugs(); n != 2 {
			t.Errorf("order %d: %d bugs, want 2", order, n)
		}
		forgetBugs()
	}
	if got := ReadStats().Free; got != free {
		t.Errorf("%d pages free, want %d", got, free)
	}
}

func TestMisuse(t *testing.T) {
	boot(t, mem(gib, gib+64*mib), mem(3*gib, 3*gib+64*mib))
	var hooked []BugReport
	SetBugHook(func(b Bug, pa uintptr) { hooked = append(hooked, BugReport{b, pa}) })
	page, block := AllocPage(), AllocPages(3)
	cached := AllocPage()
	FreePage(cached)
	freed := AllocPages(3)
	FreePages(freed, 3)
	before := ReadStats()
	for _, c := range []struct {
		name  string
		pa    uintptr
		order int
		want  Bug
	}{
		{"no address", 0, 0, BugNotAllocated},
		{"unaligned", page + 8, 0, BugNotAllocated},
		{"in a CPU's list", cached, 0, BugNotAllocated},
		{"free block", freed, 3, BugNotAllocated},
		{"free block as page", freed, 0, BugNotAllocated},
		{"inside a free block", freed + PageSize, 0, BugNotAllocated},
		{"inside a used block", block + 2*PageSize, 1, BugNotAllocated},
		{"block as page", block, 0, BugOrder},
		{"block as larger block", block, 4, BugOrder},
		{"page as block", page, 3, BugOrder},
		{"negative order", page, -1, BugOrder},
		{"wild order", page, 1 << 20, BugOrder},
		{"the page array's own page", lastPageOfBank(), 0, BugNotAllocated},
		{"between the banks", 2 * gib, 0, BugNotAllocated},
		{"beyond all memory", hostPhysLimit + gib, 0, BugNotAllocated},
		{"page frame number of more than 32 bits", 1<<44 + page, 0, BugNotAllocated},
		{"top of the address space", ^uintptr(PageSize - 1), 0, BugNotAllocated},
	} {
		hooked = nil
		FreePages(c.pa, c.order)
		if want := (BugReport{c.want, c.pa}); len(hooked) != 1 || hooked[0] != want {
			t.Errorf("%s: reported %v, want %v", c.name, hooked, want)
		}
	}
	if after := ReadStats(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
	bugHook = nil
	forgetBugs()
	FreePage(page)
	FreePages(block, 3)
	wantNoBugs(t)
}

// lastPageOfBank returns a page that mapPageArray took.
func lastPageOfBank() uintptr {
	b := &banks[nbanks-1]
	return uintptr(b.start+b.size-1) << pageShift
}

func TestPoison(t *testing.T) {
	powerOn(t)
	InitEarly(0, testPool, testPoolSize)
	early := AllocPage()
	if err := Init(Config{Memory: []Range{mem(gib, gib+16*mib)}, Poison: true}); err != nil {
		t.Fatal(err)
	}
	FreePage(early)
	for order := range 3 {
		pa := AllocPages(order)
		*pageWord(pa) = 1
		FreePages(pa, order)
		*pageWord(pa + 8) = 2 // used after it was freed
		if got := AllocPages(order); got != pa {
			t.Fatalf("AllocPages = %#x, want %#x again", got, pa)
		}
		if n, first := Bugs(); n != 1 || first[0] != (BugReport{BugPoison, pa}) {
			t.Errorf("order %d: bugs %v", order, first)
		}
		forgetBugs()
		FreePages(pa, order)
	}
	for _, pa := range takeAll(AllocPage) {
		FreePage(pa)
	}
	wantNoBugs(t)
}

// block is one allocation of a test.
type block struct {
	pa    uintptr
	order int
}

// runScript performs one allocation or free per byte and checks it against the
// set of pages in use.
func runScript(t *testing.T, script []byte) {
	var blocks []block
	inUse := map[uintptr]bool{}
	before := snapshot()
	pages := 0
	for i, op := range script {
		atomic.StoreInt32(&hostCPU, int32(i)%maxCPUs)
		if op >= 128 && len(blocks) > 0 {
			k := int(op) % len(blocks)
			b := blocks[k]
			blocks = slices.Delete(blocks, k, k+1)
			for page := range uintptr(1) << b.order {
				delete(inUse, b.pa+page*PageSize)
			}
			FreePages(b.pa, b.order)
			pages -= 1 << b.order
			continue
		}
		b := block{order: int(op) % (MaxOrder + 1)}
		switch {
		case op%3 == 0:
			b.order = 0
			b.pa = AllocHeapPage()
		case b.order == 0:
			b.pa = AllocPage()
		default:
			b.pa = AllocPages(b.order)
		}
		if b.pa == 0 {
			continue
		}
		if b.pa%(PageSize<<b.order) != 0 {
			t.Fatalf("step %d: block %#x of order %d is not aligned", i, b.pa, b.order)
		}
		for page := range uintptr(1) << b.order {
			if inUse[b.pa+page*PageSize] {
				t.Fatalf("step %d: page %#x was in use", i, b.pa+page*PageSize)
			}
			inUse[b.pa+page*PageSize] = true
		}
		blocks = append(blocks, b)
		pages += 1 << b.order
		if got := ReadStats().Free; got != before.Free-pages {
			t.Fatalf("step %d: %d pages free, want %d", i, got, before.Free-pages)
		}
	}
	checkZones(t)
	for _, b := range blocks {
		FreePages(b.pa, b.order)
	}
	if after := snapshot(); after != before {
		t.Fatalf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
	wantNoBugs(t)
}

func TestAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, frees := range []uint{100, 128, 150} { // of 256 steps
		boot(t, mem(gib, gib+64*mib), mem(4*gib, 4*gib+32*mib))
		for range 4 {
			script := make([]byte, 4000)
			for i := range script {
				script[i] = byte(rng.UintN(128))
				if rng.UintN(256) < frees {
					script[i] += 128
				}
			}
			runScript(t, script)
		}
	}
}

func FuzzAlloc(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 255, 11, 130, 10, 10, 10, 200, 129})
	f.Add(slices.Repeat([]byte{10, 3, 129}, 30))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 1000 {
			return
		}
		bootSmall(t)
		runScript(t, script)
	})
}

// Goroutines play CPUs: each owns the pages it gets, and shares some.
func TestConcurrent(t *testing.T) {
	boot(t, mem(gib, gib+24*mib), mem(4*gib, 4*gib+8*mib))
	before := snapshot()
	atomic.StoreInt32(&hostCPU, -1)
	shared := AllocPage()
	owner := make([]atomic.Int32, 9*gib/PageSize)
	var wg sync.WaitGroup
	for id := int32(1); id <= 8; id++ {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(id), 3))
			claim := func(b block, from, to int32) {
				for page := range uintptr(1) << b.order {
					if !owner[b.pa/PageSize+page].CompareAndSwap(from, to) {
						t.Errorf("page %#x: not owned by %d", b.pa+page*PageSize, from)
					}
				}
			}
			var blocks []block
			for range 20000 {
				if len(blocks) > 0 && rng.UintN(100) < 49 {
					k := rng.IntN(len(blocks))
					b := blocks[k]
					blocks = slices.Delete(blocks, k, k+1)
					claim(b, id, 0)
					FreePages(b.pa, b.order)
					continue
				}
				var b block
				if rng.UintN(8) == 0 {
					b.order = rng.IntN(6)
				}
				if rng.UintN(8) == 0 && b.order == 0 {
					b.pa = AllocHeapPage()
				} else {
					b.pa = AllocPages(b.order)
				}
				if b.order == 0 && b.pa == 0 {
					b.pa = AllocPage()
				}
				if b.pa != 0 {
					claim(b, 0, id)
					blocks = append(blocks, b)
				}
				GetPage(shared)
				PutPage(shared)
			}
			for _, b := range blocks {
				claim(b, id, 0)
				FreePages(b.pa, b.order)
			}
		})
	}
	wg.Wait()
	if !PutPage(shared) {
		t.Error("the shared page has owners left")
	}
	wantNoBugs(t)
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
}

// Two CPUs free the same page at once: one of them is told off.
func TestConcurrentDoubleFree(t *testing.T) {
	bootSmall(t)
	before := snapshot()
	atomic.StoreInt32(&hostCPU, -1)
	const rounds = 2000
	for range rounds {
		pa := AllocPage()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { FreePage(pa) })
		}
		wg.Wait()
	}
	if n, _ := Bugs(); n != rounds {
		t.Errorf("%d bugs reported, want %d", n, rounds)
	}
	if after := snapshot(); after != before {
		t.Errorf("not as before\n%v\n%v", after, before)
	}
	checkZones(t)
}

func BenchmarkAllocFree(b *testing.B) {
	bootSmall(b)
	for b.Loop() {
		FreePage(AllocPage())
	}
}

func TestPageCode(t *testing.T) {
	bootSmall(t)
	pa := AllocPage()
	if PageCode(pa) {
		t.Error("a new page is seen by instruction fetches")
	}
	SetPageCode(pa, true)
	GetPage(pa)
	if !PageCode(pa) || PageOwners(pa) != 2 {
		t.Errorf("seen %v, %d owners", PageCode(pa), PageOwners(pa))
	}
	PutPage(pa)
	SetPageCode(pa, false)
	if PageCode(pa) {
		t.Error("still seen")
	}
	SetPageCode(pa, true)
	PutPage(pa) // frees it
	if again := AllocPage(); again != pa || PageCode(again) {
		t.Errorf("page %#x after %#x is seen: %v", again, pa, PageCode(again))
	}
	wantNoBugs(t)
}
