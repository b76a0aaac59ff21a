//go:build !metal

package mm

import "testing"

func TestEarlyBeforeInitEarly(t *testing.T) {
	powerOn(t)
	if pa := AllocPage(); pa != 0 {
		t.Errorf("AllocPage = %#x without memory", pa)
	}
}

func TestInitEarly(t *testing.T) {
	for _, c := range []struct {
		name     string
		pa, size uintptr
		pages    int
	}{
		{"aligned", 2 * mib, 4 * mib, 1024},
		{"odd page", 2*mib + 5*PageSize, 1 * mib, 256},
		{"part pages", 2*mib + 1, 3 * PageSize, 2},
		{"less than a page", 2*mib + 1, PageSize, 0},
		{"empty", 2 * mib, 0, 0},
		{"more than fits", 2 * mib, 64 * mib, earlyMax},
	} {
		powerOn(t)
		InitEarly(0, c.pa, c.size)
		got := map[uintptr]bool{}
		for pa := AllocPage(); pa != 0; pa = AllocPage() {
			if pa%PageSize != 0 || pa < c.pa || pa+PageSize > c.pa+c.size || got[pa] {
				t.Fatalf("%s: AllocPage = %#x", c.name, pa)
			}
			got[pa] = true
		}
		if len(got) != c.pages {
			t.Errorf("%s: %d pages, want %d", c.name, len(got), c.pages)
		}
		for pa := range got {
			FreePage(pa)
		}
		if n := ReadStats().Free; n != c.pages {
			t.Errorf("%s: %d pages free in the end, want %d", c.name, n, c.pages)
		}
		wantNoBugs(t)
	}
}

func TestEarlyOrders(t *testing.T) {
	powerOn(t)
	InitEarly(0, 2*mib+3*PageSize, 4*mib)
	free := ReadStats().Free
	for order := range earlyMaxOrder + 1 {
		a, b := AllocPages(order), AllocPages(order)
		size := uintptr(PageSize) << order
		if a == 0 || b == 0 || a%size != 0 || b%size != 0 || a < b+size && b < a+size {
			t.Errorf("order %d: blocks %#x and %#x", order, a, b)
		}
		FreePages(a, order)
		FreePages(b, order)
	}
	for _, order := range []int{-1, earlyMaxOrder + 1, MaxOrder, MaxOrder + 1, 1 << 40} {
		if pa := AllocPages(order); pa != 0 {
			t.Errorf("order %d: block %#x", order, pa)
		}
	}
	if n := ReadStats().Free; n != free {
		t.Errorf("%d pages free in the end, want %d", n, free)
	}
	wantNoBugs(t)
}

func TestEarlyMisuse(t *testing.T) {
	powerOn(t)
	InitEarly(0, 2*mib, 1*mib)
	one, four := AllocPage(), AllocPages(2)
	freed := AllocPage()
	FreePage(freed)
	free := ReadStats().Free
	for _, pa := range []uintptr{0, 1, one + 1, four + PageSize, freed, 2*mib - PageSize, 3 * mib, ^uintptr(0)} {
		forgetBugs()
		FreePage(pa)
		if n, _ := Bugs(); n != 1 {
			t.Errorf("FreePage(%#x): %d bugs", pa, n)
		}
	}
	forgetBugs()
	FreePage(four)
	FreePages(one, 2)
	if n, _ := Bugs(); n != 2 {
		t.Errorf("wrong orders: %d bugs", n)
	}
	if n := ReadStats().Free; n != free {
		t.Errorf("%d pages free, want %d", n, free)
	}
}

// Pages of the early days live on: they are freed after Init as any other.
func TestEarlyPagesOutliveInit(t *testing.T) {
	powerOn(t)
	InitEarly(0, testPool, testPoolSize)
	page, heap, stack := AllocPage(), AllocHeapPage(), AllocPages(1)
	if err := Init(Config{Memory: []Range{mem(gib, gib+64*mib)}}); err != nil {
		t.Fatal(err)
	}
	if n := ReadStats().Heap; n != 1 {
		t.Errorf("%d heap pages, want 1", n)
	}
	free := ReadStats().Free
	GetPage(page)
	if n := PageOwners(page); n != 2 {
		t.Errorf("%d owners, want 2", n)
	}
	PutPage(page)
	FreePage(page)
	FreePage(heap)
	FreePages(stack, 1)
	wantNoBugs(t)
	FreePage(stack + PageSize)
	if n, _ := Bugs(); n != 1 {
		t.Errorf("%d bugs, want 1", n)
	}
	s := ReadStats()
	if s.Free != free+4 || s.Heap != 0 {
		t.Errorf("%d pages free, want %d; %d heap pages", s.Free, free+4, s.Heap)
	}
	drainAll()
	checkZones(t)
}
