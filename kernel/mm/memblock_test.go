//go:build !metal

package mm

import (
	"encoding/binary"
	"slices"
	"testing"
)

// testEnd is the end of the addresses newMemblock may use in these tests.
const testEnd = 64 * gib

func TestMemblock(t *testing.T) {
	const p = PageSize
	for _, c := range []struct {
		name             string
		memory, reserved []Range
		limit            uint64
		pool             Range
		want             []Range // free
	}{
		{name: "nothing"},
		{
			name:   "unsorted",
			memory: []Range{mem(20*p, 30*p), mem(4*p, 8*p)},
			want:   []Range{mem(4*p, 8*p), mem(20*p, 30*p)},
		},
		{
			name:   "overlapping and touching",
			memory: []Range{mem(4*p, 8*p), mem(6*p, 10*p), mem(10*p, 12*p)},
			want:   []Range{mem(4*p, 12*p)},
		},
		{
			name:   "memory shrinks to whole pages",
			memory: []Range{mem(4*p+1, 8*p-1)},
			want:   []Range{mem(5*p, 7*p)},
		},
		{
			name:   "two halves make a page",
			memory: []Range{mem(4*p, 4*p+100), mem(4*p+100, 5*p)},
			want:   []Range{mem(4*p, 5*p)},
		},
		{
			name:     "reservations grow to whole pages",
			memory:   []Range{mem(4*p, 12*p)},
			reserved: []Range{mem(6*p+5, 6*p+6), mem(8*p-1, 8*p+1)},
			want:     []Range{mem(4*p, 6*p), mem(9*p, 12*p)},
		},
		{
			name:     "empty and inverted ranges",
			memory:   []Range{mem(4*p, 12*p), mem(50*p, 50*p), mem(90*p, 80*p)},
			reserved: []Range{mem(6*p, 6*p), mem(9*p, 5*p)},
			want:     []Range{mem(4*p, 12*p)},
		},
		{
			name:   "page 0 is not used",
			memory: []Range{mem(0, 12*p)},
			want:   []Range{mem(p, 12*p)},
		},
		{
			name:     "reserved outside memory",
			memory:   []Range{mem(4*p, 12*p)},
			reserved: []Range{mem(0, p), mem(40*p, ^uint64(0))},
			want:     []Range{mem(4*p, 12*p)},
		},
		{
			name:   "beyond what can be addressed",
			memory: []Range{mem(testEnd-p, ^uint64(0)), mem(^uint64(0)-5, ^uint64(0))},
			want:   []Range{mem(testEnd-p, testEnd)},
		},
		{
			name:     "everything reserved",
			memory:   []Range{mem(4*p, 12*p)},
			reserved: []Range{mem(0, ^uint64(0))},
		},
		{
			name:   "limit",
			memory: []Range{mem(4*p, 8*p), mem(20*p, 30*p)},
			limit:  6*p + 17,
			want:   []Range{mem(4*p, 8*p), mem(20*p, 22*p)},
		},
		{
			name:   "limit below a page",
			memory: []Range{mem(4*p, 8*p)},
			limit:  p - 1,
		},
		{
			name:   "the pool counts as memory beyond the limit, but is in use",
			memory: []Range{mem(4*p, 80*p)},
			limit:  4 * p,
			pool:   mem(20*p, 30*p),
			want:   []Range{mem(4*p, 8*p)},
		},
	} {
		m := newMemblock(c.memory, c.reserved, c.limit, testEnd, c.pool)
		if !slices.Equal(m.free, c.want) {
			t.Errorf("%s: free = %v, want %v", c.name, m.free, c.want)
		}
	}
}

func TestMemblockDirect(t *testing.T) {
	memory := []Range{mem(1*mib, 64*mib)}
	initrd := mem(60*mib+5, 61*mib+5)
	m := newMemblock(memory, []Range{initrd, mem(3*gib, 4*gib)}, 16*mib, testEnd, mem(20*mib, 24*mib))
	want := []Range{mem(1*mib, 17*mib), mem(20*mib, 24*mib), mem(60*mib, 61*mib+PageSize)}
	if !slices.Equal(m.direct, want) {
		t.Errorf("direct = %v, want %v", m.direct, want)
	}
}

func TestMemblockBanks(t *testing.T) {
	const unit = maxBlock * PageSize
	pc := newMemblock([]Range{mem(0, 0x9fc00), mem(1*mib, 2*gib), mem(4*gib, 16*gib)}, nil, 0, testEnd, Range{})
	if want := []Range{mem(4*gib, 16*gib), mem(0, 2*gib)}; !slices.Equal(pc.banks, want) {
		t.Errorf("banks = %v, want %v", pc.banks, want)
	}

	// More islands than banks: the large ones win, the pool's stays.
	var islands []Range
	for i := range uint64(maxBanks + 20) {
		islands = append(islands, mem((i+1)*100*unit, (i+1)*101*unit))
	}
	pool := islands[0]
	m := newMemblock(islands, nil, 0, testEnd, pool)
	if len(m.banks) != maxBanks {
		t.Fatalf("%d banks, want %d", len(m.banks), maxBanks)
	}
	kept := append([]Range{pool}, islands[21:]...)
	if !slices.Equal(m.memory, kept) || !slices.Equal(m.free, kept[1:]) {
		t.Errorf("memory = %v\nwant %v", m.memory, kept)
	}
}

// FuzzMemblock compares newMemblock with a look at every single byte range of
// a small address space, and checks that wild ranges do no harm.
func FuzzMemblock(f *testing.F) {
	f.Add(uint16(0), false, []byte{1, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0})
	f.Add(uint16(900), true, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
	f.Fuzz(func(t *testing.T, limit uint16, wild bool, data []byte) {
		if len(data) > 200 {
			return
		}
		var memory, reserved []Range
		for ; len(data) >= 4; data = data[4:] {
			r := mem(fuzzAddr(data[0:], wild), fuzzAddr(data[2:], wild))
			if len(data)/4%2 == 0 {
				memory = append(memory, r)
			} else {
				reserved = append(reserved, r)
			}
		}
		pool := mem(40*PageSize, 48*PageSize)
		m := newMemblock(memory, reserved, uint64(limit)*256, testEnd, pool)
		checkMemblock(t, &m, reserved, pool)
		if !wild {
			want := modelFree(memory, reserved, uint64(limit)*256, pool)
			if got := pagesOf(m.free); !slices.Equal(got, want) {
				t.Errorf("free pages = %v, want %v\nmemory %v reserved %v limit %#x", got, want, memory, reserved, uint64(limit)*256)
			}
		}
	})
}

// fuzzAddr makes an address below 4 MiB, or any that is interesting.
func fuzzAddr(b []byte, wild bool) uint64 {
	n := uint64(binary.LittleEndian.Uint16(b))
	if !wild {
		return n * 64
	}
	return n << (n % 60) * (n | 1)
}

// checkMemblock checks what holds for any input.
func checkMemblock(t *testing.T, m *memblock, reserved []Range, pool Range) {
	t.Helper()
	for _, list := range [][]Range{m.memory, m.free, m.direct} {
		for i, r := range list {
			if r.Empty() || r.Start%PageSize != 0 || r.End%PageSize != 0 || r.Start == 0 || r.End > testEnd {
				t.Fatalf("%v is not whole pages", r)
			}
			if i > 0 && list[i-1].End >= r.Start {
				t.Fatalf("%v is not sorted", list)
			}
		}
	}
	for _, r := range m.free {
		if !contains(m.memory, r) || !contains(m.banks, r) || !contains(m.direct, r) {
			t.Fatalf("free %v is not memory, in a bank and mapped", r)
		}
		for _, h := range append(reserved, pool) {
			if h.Overlaps(r) {
				t.Fatalf("free %v overlaps reserved %v", r, h)
			}
		}
	}
	if !contains(m.memory, pool) {
		t.Fatalf("the pool is not in %v", m.memory)
	}
}

func contains(list []Range, r Range) bool {
	return slices.ContainsFunc(list, func(o Range) bool { return o.Contains(r) })
}

func pagesOf(ranges []Range) (pages []uint64) {
	for _, r := range ranges {
		for a := r.Start; a < r.End; a += PageSize {
			pages = append(pages, a/PageSize)
		}
	}
	return pages
}

// modelFree is newMemblock said simply: a page is free if all of it is memory
// and nothing of it is reserved, up to the limit.
func modelFree(memory, reserved []Range, limit uint64, pool Range) (free []uint64) {
	var ram [1 << 10][PageSize / 64]bool // in units of 64 bytes, as fuzzAddr
	for _, r := range memory {
		for a := r.Start; a < r.End; a += 64 {
			ram[a/PageSize][a%PageSize/64] = true
		}
	}
	pages := uint64(0)
	for n := uint64(1); n < uint64(len(ram)); n++ {
		page := mem(n*PageSize, (n+1)*PageSize)
		if slices.Contains(ram[n][:], false) {
			continue
		}
		pages++
		if limit != 0 && pages*PageSize > limit {
			break
		}
		if !page.Overlaps(pool) && !slices.ContainsFunc(reserved, page.Overlaps) {
			free = append(free, n)
		}
	}
	return free
}
