package pvh

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onsen/arch/amd64/internal/physmem"
	"onsen/arch/bootinfo"
)

func r(start, size uint64) bootinfo.Range { return bootinfo.RangeOf(start, size) }

func TestParseMachines(t *testing.T) {
	low := r(0, 0x9fc00)
	ebda := bootinfo.Reserved{Range: r(0x9fc00, 0x400), Why: "firmware"}
	rom := bootinfo.Reserved{Range: r(0xf0000, 0x10000), Why: "firmware"}
	flash := bootinfo.Reserved{Range: r(0xfffc0000, 0x40000), Why: "firmware"}
	hyperTransport := bootinfo.Reserved{Range: r(0xfd00000000, 0x300000000), Why: "firmware"}
	for name, want := range map[string]struct {
		memory   []bootinfo.Range
		reserved []bootinfo.Reserved
		initrd   bootinfo.Range
		rsdp     uint64
	}{
		"pc": {
			[]bootinfo.Range{low, r(0x100000, 0x7ee0000)},
			[]bootinfo.Reserved{ebda, rom, {Range: r(0x7fe0000, 0x20000), Why: "firmware"}, flash, hyperTransport},
			r(0x7fd6000, 5000), 0xf59d0,
		},
		"q35": {
			[]bootinfo.Range{low, r(0x100000, 0x7edf000)},
			[]bootinfo.Reserved{ebda, rom, {Range: r(0x7fdf000, 0x21000), Why: "firmware"},
				{Range: r(0xb0000000, 0x10000000), Why: "firmware"}, {Range: r(0xfed1c000, 0x4000), Why: "firmware"}, flash, hyperTransport},
			r(0x7fd6000, 5000), 0xf59e0,
		},
		"microvm": {
			[]bootinfo.Range{low, r(0x100000, 0x3f00000)},
			[]bootinfo.Reserved{ebda, {Range: r(0xd0000, 0x20000), Why: "ACPI NVS"}, rom},
			r(0x3ffe000, 5000), 0xf34d0,
		},
		"pc-noacpi": {
			[]bootinfo.Range{low, r(0x100000, 0x3f00000)},
			[]bootinfo.Reserved{ebda, rom, flash, hyperTransport},
			r(0x3fd6000, 5000), 0,
		},
		"microvm-noacpi": {
			[]bootinfo.Range{low, r(0x100000, 0x3f00000)},
			[]bootinfo.Reserved{ebda, {Range: r(0xd0000, 0x20000), Why: "ACPI NVS"}, rom},
			r(0x3ffe000, 5000), 0,
		},
	} {
		image, err := physmem.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		info, rsdp, err := Parse(image.Read, physmem.Machines[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want.reserved = append(want.reserved, bootinfo.Reserved{Range: want.initrd, Why: "initrd"})
		if !slices.Equal(info.Memory, want.memory) || !slices.Equal(info.Reserved, want.reserved) {
			t.Errorf("%s: memory %v reserved %v,\nwant %v and %v", name, info.Memory, info.Reserved, want.memory, want.reserved)
		}
		if info.Initrd != want.initrd || rsdp != want.rsdp || info.CommandLine != "console=ttyS0 quiet" {
			t.Errorf("%s: initrd %v, RSDP %#x, command line %q", name, info.Initrd, rsdp, info.CommandLine)
		}
		if len(info.Diagnostics) != 0 {
			t.Errorf("%s: diagnostics %q", name, info.Diagnostics)
		}
	}
}

// start is start information to be written to a fake memory.
type start struct {
	magic, version, modules    uint32
	moduleList, commandLine    uint64
	rsdp, memmap               uint64
	entries                    uint32
	ram                        []uint64 // address, size, type
	line                       string
	initrdAddress, initrdBytes uint64
}

const infoAt = 0x1000

// good returns start information that is accepted without a word.
func good() start {
	return start{
		magic: Magic, version: 1, modules: 1, moduleList: 0x2000, commandLine: 0x3000, rsdp: 0xf0000,
		memmap: 0x4000, entries: 2, ram: []uint64{0, 0x9000, 1, 0x100000, 0x1000000, 1}, line: "quiet\x00",
		initrdAddress: 0x200000, initrdBytes: 0x1000,
	}
}

func (s start) image() *physmem.Image {
	b := make([]byte, startInfoSize)
	le.PutUint32(b, s.magic)
	le.PutUint32(b[4:], s.version)
	le.PutUint32(b[12:], s.modules)
	le.PutUint64(b[16:], s.moduleList)
	le.PutUint64(b[24:], s.commandLine)
	le.PutUint64(b[32:], s.rsdp)
	le.PutUint64(b[40:], s.memmap)
	le.PutUint32(b[48:], s.entries)
	module := make([]byte, moduleSize)
	le.PutUint64(module, s.initrdAddress)
	le.PutUint64(module[8:], s.initrdBytes)
	memmap := make([]byte, 8*len(s.ram))
	for i := 0; i+2 < len(s.ram); i += 3 {
		le.PutUint64(memmap[8*i:], s.ram[i])
		le.PutUint64(memmap[8*i+8:], s.ram[i+1])
		le.PutUint64(memmap[8*i+16:], s.ram[i+2])
	}
	image := &physmem.Image{}
	image.Put(infoAt, b)
	image.Put(0x2000, module)
	image.Put(0x3000, []byte(s.line))
	image.Put(0x4000, memmap)
	return image
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*start)
		err    string // part of the error, empty for none
		note   string // part of the diagnostics
		check  func(*bootinfo.Info) bool
	}{
		{"good", func(s *start) {}, "", "", func(i *bootinfo.Info) bool {
			return i.Initrd == r(0x200000, 0x1000) && i.CommandLine == "quiet" && i.MemorySize() == 0x1009000
		}},
		{"magic", func(s *start) { s.magic++ }, "magic number", "", nil},
		{"version 0", func(s *start) { s.version = 0 }, "version 0", "", nil},
		{"version 2", func(s *start) { s.version = 2 }, "", "", func(*bootinfo.Info) bool { return true }},
		{"no map", func(s *start) { s.entries = 0 }, "no RAM", "", nil},
		{"map without RAM", func(s *start) { s.ram[2], s.ram[5] = 2, 2 }, "no RAM", "", nil},
		{"empty RAM", func(s *start) { s.ram[1], s.ram[4] = 0, 0 }, "no RAM", "", nil},
		{"map elsewhere", func(s *start) { s.memmap = 0xfffffffffffff000 }, "not readable", "", nil},
		{"giant map", func(s *start) { s.entries = 0xffffffff }, "not readable", "", nil},
		{"wrapping entry", func(s *start) { s.ram[3], s.ram[4] = 0xffffffff00000000, 0xffffffffffff }, "", "is not in memory",
			func(i *bootinfo.Info) bool { return i.Memory[1].End == ^uint64(0) }},
		{"unknown type", func(s *start) { s.ram[2] = 77 }, "", "",
			func(i *bootinfo.Info) bool { return i.Reserved[0].Why == "type 77" }},
		{"overlapping RAM", func(s *start) { s.ram[3], s.ram[4] = 0x8000, 0x1000000 }, "", "",
			func(i *bootinfo.Info) bool { return slices.Equal(i.Memory, []bootinfo.Range{r(0, 0x1008000)}) }},
		{"no command line", func(s *start) { s.commandLine = 0 }, "", "",
			func(i *bootinfo.Info) bool { return i.CommandLine == "" }},
		{"command line elsewhere", func(s *start) { s.commandLine = 0x9000 }, "", "command line at 0x9000",
			func(i *bootinfo.Info) bool { return i.CommandLine == "" }},
		{"command line across pages", func(s *start) { s.commandLine, s.line = 0x3fff, strings.Repeat("a", 0xfff)+"b" }, "", "", func(i *bootinfo.Info) bool {
			return i.CommandLine == "b" // the memory map starts with zeros
		}},
		{"no module", func(s *start) { s.modules = 0 }, "", "",
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() }},
		{"module list elsewhere", func(s *start) { s.moduleList = ^uint64(0) }, "", "no initrd",
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() }},
		{"more modules", func(s *start) { s.modules = 3 }, "", "only the first",
			func(i *bootinfo.Info) bool { return i.Initrd == r(0x200000, 0x1000) }},
		{"empty initrd", func(s *start) { s.initrdBytes = 0 }, "", "empty initrd",
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() }},
		{"initrd outside memory", func(s *start) { s.initrdBytes = 1 << 40 }, "", "not in memory",
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() }},
	} {
		s := good()
		c.change(&s)
		info, _, err := Parse(s.image().Read, infoAt)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.name, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !c.check(info):
			t.Errorf("%s: got %+v", c.name, info)
		default:
			if note := fmt.Sprint(info.Diagnostics); !strings.Contains(note, c.note) || c.note == "" && note != "[]" {
				t.Errorf("%s: diagnostics %s", c.name, note)
			}
		}
	}
	if _, _, err := Parse((&physmem.Image{}).Read, 0); err == nil {
		t.Error("no start information: no error")
	}
}

func TestLongCommandLine(t *testing.T) {
	image := &physmem.Image{}
	image.Put(0x3800, bytes.Repeat([]byte("x"), 3*maxCommandLine))
	var info bootinfo.Info
	if got := readCommandLine(&info, image.Read, 0x3800); len(got) != maxCommandLine || len(info.Diagnostics) != 1 {
		t.Errorf("%d bytes, diagnostics %q", len(got), info.Diagnostics)
	}
}

func FuzzParse(f *testing.F) {
	for name, at := range physmem.Machines {
		image, err := physmem.Load(name)
		if err != nil {
			f.Fatal(err)
		}
		page, _ := image.Read(at&^0xfff, 4096)
		f.Add(page, at)
	}
	f.Fuzz(func(t *testing.T, memory []byte, at uint64) {
		image := &physmem.Image{}
		image.Put(at&^0xfff, memory)
		info, _, err := Parse(image.Read, at)
		if err != nil {
			return
		}
		if len(info.Memory) == 0 || !reflect.DeepEqual(info.Memory, bootinfo.Merge(info.Memory)) {
			t.Errorf("memory %v", info.Memory)
		}
		info.Usable(4096)
	})
}
