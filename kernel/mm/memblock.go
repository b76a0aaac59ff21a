package mm

import (
	"cmp"
	"slices"

	"onsen/arch/bootinfo"
)

// Range is physical addresses from Start up to but not including End.
type Range = bootinfo.Range

// memblock is what Init makes of the firmware's ranges. All ranges are whole
// pages, sorted and disjoint, except that banks are sorted by size.
type memblock struct {
	memory []Range // what the allocator manages, now or after Release
	free   []Range // memory without reservations
	direct []Range // what the direct map must show: memory, and reserved RAM beyond the limit
	banks  []Range // memory in units of maxBlock, largest first, at most maxBanks
}

// newMemblock sorts out memory and reservations, which may come in any order,
// overlap, be unaligned, empty or inverted, or lie beyond end, where the
// processor's or the page array's addresses stop. At most limit bytes are
// used, counted from the lowest address; 0 means all. The pool, which holds
// pages in use already, counts as memory even if nobody says so.
func newMemblock(memory, reserved []Range, limit, end uint64, pool Range) memblock {
	end &^= maxBlock*PageSize - 1
	// Physical address 0 is AllocPage's "none".
	addressable := []Range{{Start: PageSize, End: end}}
	ram := wholePages(intersect(memory, addressable))
	taken := coverPages(intersect(append([]Range{pool}, reserved...), addressable))

	var m memblock
	m.memory = bootinfo.Merge(append(truncate(ram, limit), pool))
	m.direct = bootinfo.Merge(append(intersect(ram, taken), m.memory...))
	m.banks = makeBanks(m.memory, pool)
	m.memory = intersect(m.memory, m.banks)
	m.free = bootinfo.Subtract(m.memory, taken)
	return m
}

// makeBanks rounds memory to units of the largest block. If there are too many
// banks then the smallest are dropped, but never the one that holds keep.
func makeBanks(memory []Range, keep Range) []Range {
	const unit = maxBlock * PageSize
	banks := make([]Range, 0, len(memory))
	for _, r := range memory {
		banks = append(banks, Range{Start: r.Start &^ (unit - 1), End: (r.End + unit - 1) &^ (unit - 1)})
	}
	banks = bootinfo.Merge(banks)
	slices.SortStableFunc(banks, func(a, b Range) int { return cmp.Compare(b.Size(), a.Size()) })
	for i := range banks {
		if i >= maxBanks && banks[i].Overlaps(keep) {
			banks[maxBanks-1] = banks[i]
		}
	}
	return banks[:min(len(banks), maxBanks)]
}

// truncate returns the first limit bytes of sorted ranges; 0 means all.
func truncate(ranges []Range, limit uint64) []Range {
	if limit == 0 {
		return ranges
	}
	limit &^= PageSize - 1
	var out []Range
	for _, r := range ranges {
		r.End = r.Start + min(r.Size(), limit)
		limit -= r.Size()
		if !r.Empty() {
			out = append(out, r)
		}
	}
	return out
}

// wholePages returns the pages that lie completely in ranges.
func wholePages(ranges []Range) []Range {
	var out []Range
	for _, r := range bootinfo.Merge(ranges) {
		r = Range{Start: (r.Start + PageSize - 1) &^ (PageSize - 1), End: r.End &^ (PageSize - 1)}
		if !r.Empty() {
			out = append(out, r)
		}
	}
	return out
}

// coverPages returns the pages of which ranges hold any part.
func coverPages(ranges []Range) []Range {
	out := make([]Range, 0, len(ranges))
	for _, r := range ranges {
		if !r.Empty() {
			out = append(out, Range{Start: r.Start &^ (PageSize - 1), End: (r.End + PageSize - 1) &^ (PageSize - 1)})
		}
	}
	return bootinfo.Merge(out)
}

// intersect returns what lies in both a and b, sorted and disjoint.
func intersect(a, b []Range) []Range {
	return bootinfo.Subtract(a, bootinfo.Subtract(a, b))
}

// size returns the bytes in disjoint ranges.
func size(ranges []Range) (n uint64) {
	for _, r := range ranges {
		n += r.Size()
	}
	return n
}
