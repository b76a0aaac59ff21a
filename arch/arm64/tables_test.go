package arm64

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"onsen/arch/spec"
)

// newTables returns an empty tree with memory for n more tables, in the state
// of start-up: physical addresses are the host's.
func newTables(t testing.TB, n int) *tables {
	t.Helper()
	memory := make([]uint64, (n+2)*pageSize/8)
	t.Cleanup(func() { clear(memory) }) // keeps it alive
	start := (uintptr(unsafe.Pointer(&memory[0])) + pageMask) &^ pageMask
	return &tables{root: start, next: start + pageSize, end: start + pageSize*uintptr(n+1)}
}

// used returns how many tables the tree has, without the root.
func (t *tables) used() int { return int(t.next-t.root)/pageSize - 1 }

// A translation is what a walk by the processor's rules finds.
type translation struct {
	pa    uintptr
	attr  uint64
	level uint
}

// walk translates va, as Arm ARM D8.2 says, with this test's own arithmetic.
func (t *tables) walk(va uintptr) (translation, bool) {
	table := t.root
	for level, shift := uint(0), uint(39); ; level, shift = level+1, shift-9 {
		index := va >> shift & 0x1ff
		d := *(*uint64)(at(table + 8*index))
		switch {
		case d&1 == 0:
			return translation{}, false
		case level == 3 && d&2 != 0, level < 3 && d&2 == 0:
			span := uintptr(1) << shift
			pa := uintptr(d&0x0000_ffff_ffff_f000)&^(span-1) | va&(span-1)
			return translation{pa, d &^ 0x0000_ffff_ffff_f003, level}, true
		case level == 3:
			return translation{}, false
		}
		table = uintptr(d & 0x0000_ffff_ffff_f000)
	}
}

func TestMapRange(t *testing.T) {
	const (
		kib  = 1 << 10
		mib  = 1 << 20
		gib  = 1 << 30
		high = 0xffff_0000_0000_0000
	)
	tests := []struct {
		name         string
		va, pa, size uintptr
		levels       [4]int // entries per level
		tables       int
	}{
		{"one page", high + 0x5000, 0x9000, 4 * kib, [4]int{3: 1}, 3},
		{"2 MiB", high + 2*mib, 4 * mib, 2 * mib, [4]int{2: 1}, 2},
		{"1 GiB", high + gib, 3 * gib, gib, [4]int{1: 1}, 1},
		{"512 GiB", high, 0, 512 * gib, [4]int{1: 512}, 1},
		{"2 MiB, physically unaligned", high + 2*mib, 4*mib + 4*kib, 2 * mib, [4]int{3: 512}, 3},
		{"2 MiB, virtually unaligned", high + 4*kib, 4 * mib, 2 * mib, [4]int{3: 512}, 4},
		{"all sizes", high + gib - 2*mib - 4*kib, gib - 2*mib - 4*kib, gib + 4*mib + 8*kib,
			[4]int{1: 1, 2: 2, 3: 2}, 1 + 2 + 2},
		{"the last page", 0xffff_ffff_ffff_f000, 0x1000, 4 * kib, [4]int{3: 1}, 3},
		{"a typical machine", high + 0x4000_0000, 0x4000_0000, 256 * mib, [4]int{2: 128}, 2},
	}
	for _, test := range tests {
		tree := newTables(t, 8)
		if !tree.mapRange(test.va, test.pa, test.size, attrData) {
			t.Errorf("%s: out of memory", test.name)
			continue
		}
		var levels [4]int
		for off := uintptr(0); off < test.size; {
			got, ok := tree.walk(test.va + off)
			if !ok || got.pa != test.pa+off || got.attr != attrData {
				t.Errorf("%s: +%#x is %#x, want %#x", test.name, off, got, test.pa+off)
				break
			}
			levels[got.level]++
			off += 1 << (39 - 9*got.level)
		}
		if levels != test.levels || tree.used() != test.tables {
			t.Errorf("%s: entries %v in %d tables, want %v in %d", test.name, levels, tree.used(), test.levels, test.tables)
		}
		for _, va := range []uintptr{test.va - 1, test.va + test.size} {
			if _, ok := tree.walk(va); ok {
				t.Errorf("%s: %#x is mapped, too", test.name, va)
			}
		}
	}
}

func TestMapRangeKeepsWhatIsThere(t *testing.T) {
	const base = uintptr(DirectMapBase)
	tree := newTables(t, 8)
	// The image, in the direct map: code, then data.
	ok := tree.mapRange(base+0x21_0000, 0x21_0000, 0x4000, attrRodata) &&
		tree.mapRange(base+0x21_4000, 0x21_4000, 0x1000, attrData) &&
		tree.mapRange(base+0x40_0000, 0x40_0000, 0x20_0000, attrRodata) &&
		// All of memory over it.
		tree.mapRange(base, 0, 0x100_0000, attrData)
	if !ok {
		t.Fatal("out of memory")
	}
	for pa := uintptr(0); pa < 0x100_0000; pa += pageSize {
		want := uint64(attrData)
		if pa >= 0x21_0000 && pa < 0x21_4000 || pa >= 0x40_0000 && pa < 0x60_0000 {
			want = attrRodata
		}
		if got, ok := tree.walk(base + pa); !ok || got.pa != pa || got.attr != want {
			t.Fatalf("%#x: %#x, %v", pa, got, ok)
		}
	}
	if got, _ := tree.walk(base + 0x80_0000); got.level != 2 {
		t.Errorf("untouched memory is mapped at level %d", got.level)
	}
}

func TestMapRangeOutOfMemory(t *testing.T) {
	for n := range 3 {
		if newTables(t, n).mapRange(HeapBase, 0x1000, pageSize, attrData) {
			t.Errorf("a page is mapped with %d tables", n)
		}
	}
	tree := newTables(t, 3)
	if tree.mapRange(HeapBase+0x1f_f000, 0, 2*pageSize, attrData) {
		t.Error("two pages in different tables are mapped with one")
	}
}

func TestPage(t *testing.T) {
	tree := newTables(t, 8)
	const va = uintptr(VMBase + 0x1234_5000)
	if tree.page(va) != nil {
		t.Error("an entry without a table")
	}
	if !tree.growTo(va) || tree.used() != 3 {
		t.Fatalf("growTo: %d tables", tree.used())
	}
	if !tree.growTo(va+pageSize) || tree.used() != 3 {
		t.Errorf("growTo again: %d tables", tree.used())
	}
	e := tree.page(va)
	if e == nil || *e != 0 {
		t.Fatalf("entry %v", e)
	}
	*e = leaf(0xabc000, attributes(spec.ProtR|spec.ProtW), pageLevel)
	if got, ok := tree.walk(va + 5); !ok || got.pa != 0xabc005 || got.attr != attrData {
		t.Errorf("walk: %#x, %v", got, ok)
	}
	if tree.page(va+pageSize) != (*uint64)(unsafe.Add(unsafe.Pointer(e), 8)) {
		t.Error("the next page's entry is not the next entry")
	}
	tree.mapRange(VMBase+0x4000_0000, 0x4000_0000, 0x4000_0000, attrData)
	if tree.page(VMBase+0x4000_0000) != nil || tree.growTo(VMBase+0x4000_0000) {
		t.Error("a page entry inside a block")
	}
}

func TestMapRangeRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		tree := newTables(t, 64)
		va := DirectMapBase + uintptr(r.Uint64N(1<<32))&^pageMask
		pa := uintptr(r.Uint64N(1<<40)) &^ pageMask
		if r.IntN(2) == 0 { // congruent, so that blocks are possible
			pa = pa&^(1<<30-1) | va&(1<<30-1)
		}
		size := (uintptr(r.Uint64N(64<<20)) + pageSize) &^ pageMask
		if !tree.mapRange(va, pa, size, attrData) {
			t.Fatalf("%#x to %#x, %#x bytes: out of memory", va, pa, size)
		}
		for range 100 {
			off := uintptr(r.Uint64N(uint64(size)))
			if got, ok := tree.walk(va + off); !ok || got.pa != pa+off {
				t.Fatalf("%#x to %#x, %#x bytes: +%#x is %#x", va, pa, size, off, got.pa)
			}
		}
		if _, ok := tree.walk(va + size); ok {
			t.Fatalf("%#x to %#x, %#x bytes: too much", va, pa, size)
		}
	}
}

func TestAttributes(t *testing.T) {
	const (
		normal = 0<<2 | 3<<8 // AttrIndx 0, inner shareable
		device = 1 << 2      // AttrIndx 1
		af     = 1 << 10
		ro     = 1 << 7
		pxn    = 1 << 53
		uxn    = 1 << 54
	)
	for _, test := range []struct {
		p    spec.Prot
		want uint64
	}{
		{spec.ProtR, af | uxn | pxn | normal | ro},
		{spec.ProtR | spec.ProtW, af | uxn | pxn | normal},
		{spec.ProtR | spec.ProtX, af | uxn | normal | ro},
		{spec.ProtR | spec.ProtW | spec.ProtDevice, af | uxn | pxn | device},
	} {
		if got := attributes(test.p); got != test.want {
			t.Errorf("Prot %d: %#x, want %#x", test.p, got, test.want)
		}
	}
	if attributes(spec.ProtR|spec.ProtX) != attrText || attributes(spec.ProtR) != attrRodata ||
		attributes(spec.ProtR|spec.ProtW) != attrData {
		t.Error("the image's attributes are not those of its rights")
	}
	if mairValue>>8&0xff != 0x04 || mairValue&0xff != 0xff {
		t.Errorf("MAIR %#x", mairValue)
	}
}

func TestLevels(t *testing.T) {
	for level, want := range []uintptr{1 << 39, 1 << 30, 2 << 20, 4 << 10} {
		if got := levelSize(uint(level)); got != want {
			t.Errorf("level %d covers %#x, want %#x", level, got, want)
		}
	}
	for level, want := range []uintptr{0x1ff, 0x1fe, 0x1, 0x23} {
		if got := tableIndex(0xffff_ffff_8022_3fff, uint(level)); got != want {
			t.Errorf("level %d: index %#x, want %#x", level, got, want)
		}
	}
}
