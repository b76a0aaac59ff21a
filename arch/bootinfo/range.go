package bootinfo

import (
	"cmp"
	"fmt"
	"slices"
)

// Range is the physical addresses from Start up to but not including End.
type Range struct {
	Start, End uint64
}

// RangeOf returns the range of size bytes from start, cut at the end of the
// 64-bit address space.
func RangeOf(start, size uint64) Range {
	end := start + size
	if end < start {
		end = ^uint64(0)
	}
	return Range{start, end}
}

// Size returns the length in bytes; 0 for an inverted range.
func (r Range) Size() uint64 {
	if r.Empty() {
		return 0
	}
	return r.End - r.Start
}

// Empty reports whether the range holds no address.
func (r Range) Empty() bool { return r.End <= r.Start }

// Contains reports whether all of o, which must not be empty, lies in r.
func (r Range) Contains(o Range) bool { return !o.Empty() && r.Start <= o.Start && o.End <= r.End }

// Overlaps reports whether r and o share an address.
func (r Range) Overlaps(o Range) bool {
	return !r.Empty() && !o.Empty() && r.Start < o.End && o.Start < r.End
}

// String writes the range as Linux writes memory ranges: with the last
// address, inclusive.
func (r Range) String() string {
	if r.Empty() {
		return "[mem empty]"
	}
	return fmt.Sprintf("[mem 0x%016x-0x%016x]", r.Start, r.End-1)
}

// Reserved is a range that must not be allocated, and who has it.
type Reserved struct {
	Range
	Why string // one or two words: "initrd", "device tree", "ACPI tables"
}

// Merge returns the union of ranges as sorted, disjoint ranges that do not
// touch. Empty ranges vanish. The argument is not changed.
func Merge(ranges []Range) []Range {
	sorted := slices.DeleteFunc(slices.Clone(ranges), Range.Empty)
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var out []Range
	for _, r := range sorted {
		if n := len(out); n > 0 && r.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Subtract returns the parts of from that lie in none of holes, sorted and
// disjoint.
func Subtract(from, holes []Range) []Range {
	holes = Merge(holes)
	var out []Range
	for _, r := range Merge(from) {
		for _, h := range holes {
			if !h.Overlaps(r) {
				continue
			}
			if r.Start < h.Start {
				out = append(out, Range{r.Start, h.Start})
			}
			r.Start = max(r.Start, h.End)
			if r.Empty() {
				break
			}
		}
		if !r.Empty() {
			out = append(out, r)
		}
	}
	return out
}

// Usable returns Memory without Reserved, shrunk to whole pages of pageSize (a
// power of two) bytes: what an allocator may be given.
func (info *Info) Usable(pageSize uint64) []Range {
	mask := pageSize - 1
	memory := make([]Range, 0, len(info.Memory))
	for _, m := range info.Memory {
		if m.Start > ^mask {
			continue
		}
		memory = append(memory, Range{(m.Start + mask) &^ mask, m.End &^ mask})
	}
	holes := make([]Range, 0, len(info.Reserved))
	for _, r := range info.Reserved {
		end := ^uint64(0)
		if r.End <= ^mask {
			end = (r.End + mask) &^ mask
		}
		holes = append(holes, Range{r.Start &^ mask, end})
	}
	return Subtract(memory, holes)
}

// MemorySize returns the bytes of RAM, reserved or not.
func (info *Info) MemorySize() uint64 {
	var sum uint64
	for _, m := range info.Memory {
		sum += m.Size()
	}
	return sum
}
