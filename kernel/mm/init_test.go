//go:build !metal

package mm

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestInit(t *testing.T) {
	image := mem(testPool-2*mib, testPool+testPoolSize+2*mib)
	for _, c := range []struct {
		name   string
		config Config
	}{
		{"32 MiB", Config{Memory: []Range{mem(gib, gib+32*mib)}}},
		{"in two islands", Config{Memory: []Range{mem(0, 0x9fc00), mem(gib, 3*gib)}}},
		{"16 GiB around a hole", Config{Memory: []Range{mem(4*gib, 17*gib), mem(0, 0x9fc00), mem(mib, 3*gib)}}},
		{"unaligned", Config{Memory: []Range{mem(gib+777, gib+100*mib+12345), mem(3*gib+4095, 3*gib+4097)}}},
		{"the pool is not in memory", Config{Memory: []Range{mem(2*gib, 2*gib+64*mib)}}},
		{"limit", Config{Memory: []Range{mem(mib, 8*gib)}, Limit: 100 * mib}},
		{"memory beyond all bounds", Config{Memory: []Range{mem(gib, math.MaxUint64)}}},
		{"first gigabyte fully reserved", Config{Memory: []Range{mem(0, 3*gib)}, Reserved: []Range{mem(0, gib)}}},
		{"poison", Config{Memory: []Range{mem(gib, gib+32*mib)}, Poison: true}},
	} {
		powerOn(t)
		InitEarly(0, testPool, testPoolSize)
		used := 0
		for range 300 {
			if AllocPage() == 0 {
				t.Fatal("no early page")
			}
			used++
		}
		c.config.Reserved = append(c.config.Reserved, image)
		if err := Init(c.config); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkZones(t)
		wantNoBugs(t)
		pool := mem(testPool, testPool+testPoolSize)
		m := newMemblock(c.config.Memory, c.config.Reserved, c.config.Limit, maxAddress, pool)
		arrays := int(size(m.banks) / PageSize * uint64(pageStructSize) / PageSize)
		s := ReadStats()
		want := int(size(m.free)+pool.Size())/PageSize - used - arrays - tables()
		if s.Free != want {
			t.Errorf("%s: %d pages free, want %d", c.name, s.Free, want)
		}
		if early.pages != 0 {
			t.Errorf("%s: the early pool is still there", c.name)
		}
		n := 0
		for AllocPages(MaxOrder) != 0 {
			n++
		}
		if n == 0 {
			t.Errorf("%s: no large block", c.name)
		}
	}
}

func TestReserveSize(t *testing.T) {
	for _, c := range []struct{ memory, want uint64 }{
		{16 * mib, 1 * mib},
		{128 * mib, 8 * mib},
		{4 * gib, 32 * mib},
	} {
		boot(t, mem(gib, gib+c.memory))
		got := uint64(ReadStats().Reserve) * PageSize
		if got > c.want || got < c.want*9/10 {
			t.Errorf("%d MiB of memory: reserve %d KiB, want about %d", c.memory/mib, got/kib, c.want/kib)
		}
	}
}

func TestInitTooSmall(t *testing.T) {
	for _, c := range []Config{
		{},
		{Memory: []Range{mem(gib, gib+8*mib)}},
		{Memory: []Range{mem(gib, gib+64*mib)}, Limit: 8 * mib},
		{Memory: []Range{mem(gib, gib+64*mib)}, Reserved: []Range{mem(0, 2*gib)}},
		{Memory: []Range{mem(gib, gib+64*mib)}, Reserved: []Range{mem(0, math.MaxUint64)}},
	} {
		powerOn(t)
		InitEarly(0, testPool, testPoolSize)
		err := Init(c)
		if err == nil || !strings.Contains(err.Error(), "too little memory") {
			t.Errorf("Init(%v) = %v", c, err)
		}
		if AllocPage() == 0 {
			t.Error("the early pool is gone")
		}
	}
}

// The first page tables come out of the early pool, or not at all.
func TestInitOutOfEarlyPages(t *testing.T) {
	powerOn(t)
	InitEarly(0, testPool, testPoolSize)
	for AllocPage() != 0 {
	}
	err := Init(Config{Memory: []Range{mem(0, 3*gib)}})
	if err != errNoTables {
		t.Errorf("Init = %v, want %v", err, errNoTables)
	}
}

func TestRelease(t *testing.T) {
	initrd := mem(gib+20*mib+100, gib+24*mib+200)
	tree := mem(gib+24*mib+300, gib+24*mib+400) // on the initrd's last page
	outside := mem(5*gib, 6*gib)
	powerOn(t)
	InitEarly(0, testPool, testPoolSize)
	if err := Init(Config{Memory: []Range{mem(gib, gib+64*mib)}, Reserved: []Range{initrd, tree, outside}}); err != nil {
		t.Fatal(err)
	}
	free := ReadStats().Free
	for _, step := range []struct {
		r     Range
		pages int
		ok    bool
	}{
		{mem(gib+20*mib, gib+24*mib), 0, false},
		{initrd, 1024, true},
		{initrd, 0, false},
		{tree, 1, true},
		{outside, 0, true},
		{Range{}, 0, false},
	} {
		err := Release(step.r)
		if (err == nil) != step.ok {
			t.Errorf("Release(%v) = %v", step.r, err)
		}
		free += step.pages
		if got := ReadStats().Free; got != free {
			t.Errorf("after Release(%v) %d pages are free, want %d", step.r, got, free)
		}
	}
	checkZones(t)
	wantNoBugs(t)
}

// FuzzInit boots on arbitrary memory maps: Init either fails, or what it gives
// out lies in memory and in no reservation.
func FuzzInit(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint64(0))
	f.Add(uint64(2), uint8(200), uint64(64*mib))
	f.Fuzz(func(t *testing.T, seed uint64, n uint8, limit uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		random := func() Range {
			start := rng.Uint64() >> rng.UintN(40)
			return mem(start, start+rng.Uint64()>>(20+rng.UintN(30)))
		}
		c := Config{Limit: limit}
		for i := range n {
			if i%3 != 0 {
				c.Reserved = append(c.Reserved, random())
			} else if r := random(); r.Size() <= 2*gib || r.Start >= hostPhysLimit {
				c.Memory = append(c.Memory, r) // larger ones only take time
			}
		}
		powerOn(t)
		InitEarly(0, testPool, testPoolSize)
		if Init(c) != nil {
			return
		}
		checkZones(t)
		for range 2000 {
			pa := uint64(AllocPage())
			page := mem(pa, pa+PageSize)
			inPool := page.Start >= testPool && page.Start < testPool+testPoolSize
			if pa == 0 || inPool {
				break
			}
			for _, r := range c.Reserved {
				if r.Overlaps(page) {
					t.Fatalf("page %#x is reserved by %v", pa, r)
				}
			}
			if len(wholePages(intersect(c.Memory, []Range{page}))) != 1 {
				t.Fatalf("page %#x is not memory", pa)
			}
		}
	})
}
