package bootinfo

import (
	"slices"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []Range
	}{
		{"none", nil, nil},
		{"empty ranges vanish", []Range{{5, 5}, {9, 3}}, nil},
		{"sorted", []Range{{20, 30}, {0, 10}}, []Range{{0, 10}, {20, 30}}},
		{"touching", []Range{{10, 20}, {0, 10}}, []Range{{0, 20}}},
		{"inside", []Range{{0, 100}, {10, 20}, {30, 40}}, []Range{{0, 100}}},
		{"equal starts", []Range{{0, 5}, {0, 9}, {0, 7}}, []Range{{0, 9}}},
		{"top of the address space", []Range{{^uint64(0) - 4, ^uint64(0)}, {0, 1}}, []Range{{0, 1}, {^uint64(0) - 4, ^uint64(0)}}},
	} {
		if got := Merge(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: Merge(%v) = %v, want %v", c.name, c.in, got, c.want)
		}
	}
}

// TestMergeMany gives the sort what an inconsistent comparison would trip over.
func TestMergeMany(t *testing.T) {
	var in []Range
	for i := range uint64(1000) {
		in = append(in, Range{i % 7 * 100, i%7*100 + 1 + i%50})
	}
	want := []Range{{0, 50}, {100, 150}, {200, 250}, {300, 350}, {400, 450}, {500, 550}, {600, 650}}
	if got := Merge(in); !slices.Equal(got, want) {
		t.Errorf("Merge = %v, want %v", got, want)
	}
}

func TestSubtract(t *testing.T) {
	for _, c := range []struct {
		name              string
		from, holes, want []Range
	}{
		{"no hole", []Range{{0, 10}}, nil, []Range{{0, 10}}},
		{"middle", []Range{{0, 10}}, []Range{{3, 5}}, []Range{{0, 3}, {5, 10}}},
		{"start", []Range{{0, 10}}, []Range{{0, 5}}, []Range{{5, 10}}},
		{"end", []Range{{0, 10}}, []Range{{5, 20}}, []Range{{0, 5}}},
		{"all", []Range{{2, 10}}, []Range{{0, 20}}, nil},
		{"several, unsorted and overlapping", []Range{{0, 100}}, []Range{{50, 60}, {10, 20}, {15, 30}}, []Range{{0, 10}, {30, 50}, {60, 100}}},
		{"across two", []Range{{0, 10}, {20, 30}}, []Range{{5, 25}}, []Range{{0, 5}, {25, 30}}},
	} {
		if got := Subtract(c.from, c.holes); !slices.Equal(got, c.want) {
			t.Errorf("%s: Subtract(%v, %v) = %v, want %v", c.name, c.from, c.holes, got, c.want)
		}
	}
}

func TestUsable(t *testing.T) {
	info := Info{
		Memory: []Range{{0, 0x9fc00}, {0x100800, 0x200000}, {^uint64(0) - 10, ^uint64(0)}},
		Reserved: []Reserved{
			{Range{0, 1}, "zero page"},
			{Range{0x1ff001, 0x1ff002}, "one byte"},
			{Range{^uint64(0) - 4, ^uint64(0)}, "top"},
		},
	}
	want := []Range{{0x1000, 0x9f000}, {0x101000, 0x1ff000}}
	if got := info.Usable(4096); !slices.Equal(got, want) {
		t.Errorf("Usable = %v, want %v", got, want)
	}
}

func TestRangeOf(t *testing.T) {
	if got, want := RangeOf(^uint64(0)-1, 100), (Range{^uint64(0) - 1, ^uint64(0)}); got != want {
		t.Errorf("RangeOf at the top = %v, want %v", got, want)
	}
	if got := (Range{0x1000, 0x2000}).String(); got != "[mem 0x0000000000001000-0x0000000000001fff]" {
		t.Errorf("String = %q", got)
	}
}

func TestMarkBootCPU(t *testing.T) {
	ids := func(cpus []CPU) (ids []uint64) {
		for i, c := range cpus {
			if c.Boot != (i == 0) {
				t.Errorf("CPU %d of %v: Boot = %v", i, cpus, c.Boot)
			}
			ids = append(ids, c.HardwareID)
		}
		return
	}
	info := Info{CPUs: []CPU{{HardwareID: 0, Enabled: true, Boot: true}, {HardwareID: 1}, {HardwareID: 2, Enabled: true}}}
	info.MarkBootCPU(2)
	if got := ids(info.CPUs); !slices.Equal(got, []uint64{2, 0, 1}) || len(info.Diagnostics) != 0 {
		t.Errorf("CPUs = %v, diagnostics %q", got, info.Diagnostics)
	}
	info.MarkBootCPU(1)
	if got := ids(info.CPUs); !slices.Equal(got, []uint64{1, 2, 0}) || !info.CPUs[0].Enabled {
		t.Errorf("CPUs = %+v", info.CPUs)
	}
	if len(info.Diagnostics) != 1 || !strings.Contains(info.Diagnostics[0], "disabled") {
		t.Errorf("Diagnostics = %q", info.Diagnostics)
	}
	info.MarkBootCPU(7)
	if got := ids(info.CPUs); !slices.Equal(got, []uint64{7, 1, 2, 0}) || len(info.Diagnostics) != 2 {
		t.Errorf("CPUs = %v, diagnostics %q", got, info.Diagnostics)
	}
	var none Info
	none.MarkBootCPU(3)
	if got := ids(none.CPUs); !slices.Equal(got, []uint64{3}) || len(none.Diagnostics) != 0 {
		t.Errorf("CPUs = %v, diagnostics %q", got, none.Diagnostics)
	}
}

func TestISAInterrupt(t *testing.T) {
	a := APIC{Overrides: []ISAOverride{{ISA: 0, GSI: 2}, {ISA: 9, GSI: 9, Trigger: TriggerLevelHigh}}}
	for isa, want := range map[int]IRQ{
		0: {2, TriggerEdgeRising},
		4: {4, TriggerEdgeRising},
		9: {9, TriggerLevelHigh},
	} {
		if got := a.ISAInterrupt(isa); got != want {
			t.Errorf("ISAInterrupt(%d) = %v, want %v", isa, got, want)
		}
	}
}

func TestNoteIsBounded(t *testing.T) {
	var info Info
	for range 1000 {
		info.Note("odd")
	}
	if n := len(info.Diagnostics); n != maxDiagnostics {
		t.Errorf("%d diagnostics, want %d", n, maxDiagnostics)
	}
}

func TestSetInitrd(t *testing.T) {
	memory := []Range{{0x1000, 0x9000}, {0x10000, 0x20000}}
	for _, c := range []struct {
		r  Range
		ok bool
	}{
		{Range{0x10000, 0x20000}, true},
		{Range{0x1234, 0x1235}, true},
		{Range{0x8000, 0x11000}, false}, // across the hole
		{Range{0x20000, 0x30000}, false},
		{Range{0x5000, 0x5000}, false},
		{Range{0x6000, 0x5000}, false},
	} {
		info := Info{Memory: memory}
		info.SetInitrd(c.r)
		ok := info.Initrd == c.r && len(info.Reserved) == 1 && len(info.Diagnostics) == 0
		if ok != c.ok {
			t.Errorf("SetInitrd(%v): %+v", c.r, info)
		}
	}
}
