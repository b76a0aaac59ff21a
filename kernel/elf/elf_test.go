package elf

import (
	"encoding/binary"
	"syscall"
	"testing"
)

const (
	machine = 62
	limit   = 0x7fff_ffff_f000
)

// file returns an ELF file that begins with the program headers given.
func file(typ Type, entry uint64, progs ...Prog) []byte {
	b := make([]byte, HeaderSize, HeaderSize+len(progs)*ProgSize)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], uint16(typ))
	le.PutUint16(b[18:], machine)
	le.PutUint64(b[24:], entry)
	le.PutUint64(b[32:], HeaderSize)
	le.PutUint16(b[54:], ProgSize)
	le.PutUint16(b[56:], uint16(len(progs)))
	for _, p := range progs {
		var e [ProgSize]byte
		le.PutUint32(e[0:], uint32(p.Type))
		le.PutUint32(e[4:], p.Flags)
		le.PutUint64(e[8:], p.Off)
		le.PutUint64(e[16:], p.Vaddr)
		le.PutUint64(e[32:], p.Filesz)
		le.PutUint64(e[40:], p.Memsz)
		le.PutUint64(e[48:], p.Align)
		b = append(b, e[:]...)
	}
	return b
}

func TestParseHeader(t *testing.T) {
	good := file(Exec, 0x401000, Prog{Type: Load})
	tests := []struct {
		name string
		edit func(b []byte) []byte
		want error
	}{
		{"good", func(b []byte) []byte { return b }, nil},
		{"short", func(b []byte) []byte { return b[:HeaderSize-1] }, syscall.ENOEXEC},
		{"empty", func(b []byte) []byte { return nil }, syscall.ENOEXEC},
		{"magic", func(b []byte) []byte { b[1] = 'e'; return b }, syscall.ENOEXEC},
		{"relocatable", func(b []byte) []byte { b[16] = 1; return b }, syscall.ENOEXEC},
		{"other machine", func(b []byte) []byte { b[18] = 183; return b }, syscall.ENOEXEC},
		{"class is not looked at", func(b []byte) []byte { b[4] = 1; return b }, nil},
	}
	for _, tt := range tests {
		b := tt.edit(append([]byte(nil), good...))
		if _, err := ParseHeader(b, machine); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestProgsSize(t *testing.T) {
	tests := []struct {
		h    Header
		size int
		want error
	}{
		{Header{PhEntSize: ProgSize, PhNum: 1}, ProgSize, nil},
		{Header{PhEntSize: ProgSize, PhNum: 73}, 73 * ProgSize, nil},
		{Header{PhEntSize: ProgSize, PhNum: 74}, 0, syscall.ENOEXEC},
		{Header{PhEntSize: ProgSize, PhNum: 0}, 0, syscall.ENOEXEC},
		{Header{PhEntSize: 32, PhNum: 1}, 0, syscall.ENOEXEC},
		{Header{PhEntSize: ProgSize, PhNum: 1, PhOff: 1 << 63}, 0, syscall.ENOEXEC},
	}
	for _, tt := range tests {
		if n, err := tt.h.ProgsSize(); n != tt.size || err != tt.want {
			t.Errorf("%+v: %d, %v; want %d, %v", tt.h, n, err, tt.size, tt.want)
		}
	}
}

func TestInterp(t *testing.T) {
	if p, err := FindInterp([]Prog{{Type: Load}}); p != nil || err != nil {
		t.Errorf("static: %v, %v", p, err)
	}
	for _, size := range []uint64{0, 1, 4097, 1 << 63} {
		if _, err := FindInterp([]Prog{{Type: Interp, Filesz: size}}); err != syscall.ENOEXEC {
			t.Errorf("size %d: %v, want ENOEXEC", size, err)
		}
	}
	p, err := FindInterp([]Prog{{Type: Interp, Filesz: 5}, {Type: Interp, Filesz: 6}})
	if err != nil || p.Filesz != 5 {
		t.Errorf("two: %v, %v; want the first", p, err)
	}
	names := []struct {
		b    string
		name string
		want error
	}{
		{"/ld\x00", "/ld", nil},
		{"/ld\x00more\x00", "/ld", nil},
		{"/ld", "", syscall.ENOEXEC},
		{"", "", syscall.ENOEXEC},
	}
	for _, tt := range names {
		if name, err := InterpName([]byte(tt.b)); name != tt.name || err != tt.want {
			t.Errorf("%q: %q, %v", tt.b, name, err)
		}
	}
}

func TestStackMode(t *testing.T) {
	tests := []struct {
		progs []Prog
		want  StackMode
	}{
		{nil, StackDefault},
		{[]Prog{{Type: GNUStack, Flags: FlagR | FlagW}}, StackNoExec},
		{[]Prog{{Type: GNUStack, Flags: FlagX}}, StackExec},
		{[]Prog{{Type: GNUStack, Flags: FlagX}, {Type: GNUStack}}, StackNoExec},
	}
	for _, tt := range tests {
		if m := FindStackMode(tt.progs); m != tt.want {
			t.Errorf("%v: %v, want %v", tt.progs, m, tt.want)
		}
	}
}

func TestPlanSegments(t *testing.T) {
	tests := []struct {
		name string
		p    Prog
		want Segment
	}{
		{"text",
			Prog{Off: 0, Vaddr: 0x400000, Filesz: 0x1234, Memsz: 0x1234, Flags: FlagR | FlagX},
			Segment{Flags: FlagR | FlagX, Addr: 0x400000, FileLen: 0x2000}},
		{"in the middle of a page",
			Prog{Off: 0x1ff0, Vaddr: 0x401ff0, Filesz: 0x20, Memsz: 0x20},
			Segment{Addr: 0x401000, Off: 0x1000, FileLen: 0x2000}},
		{"zeros in the last page",
			Prog{Off: 0x1000, Vaddr: 0x401000, Filesz: 0x10, Memsz: 0x20},
			Segment{Addr: 0x401000, Off: 0x1000, FileLen: 0x1000, ZeroAddr: 0x401010, ZeroLen: 0xff0}},
		{"and pages of them",
			Prog{Off: 0x1000, Vaddr: 0x401000, Filesz: 0x10, Memsz: 0x1001},
			Segment{Addr: 0x401000, Off: 0x1000, FileLen: 0x1000, ZeroAddr: 0x401010, ZeroLen: 0xff0,
				BssAddr: 0x402000, BssLen: 0x1000}},
		{"the file ends with a page",
			Prog{Off: 0x1000, Vaddr: 0x401000, Filesz: 0x1000, Memsz: 0x1001},
			Segment{Addr: 0x401000, Off: 0x1000, FileLen: 0x1000, BssAddr: 0x402000, BssLen: 0x1000}},
		{"only zeros",
			Prog{Off: 0x123, Vaddr: 0x401ff0, Memsz: 0x20},
			Segment{Addr: 0x401000, BssAddr: 0x401000, BssLen: 0x2000}},
	}
	for _, tt := range tests {
		tt.p.Type = Load
		l, err := Plan(&Header{}, []Prog{tt.p}, limit)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if l.Segments[0] != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, l.Segments[0], tt.want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	tests := []struct {
		name string
		p    Prog
		want error
	}{
		{"nothing", Prog{Type: GNUStack}, syscall.ENOEXEC},
		{"an empty segment", Prog{Type: Load, Vaddr: 0x400000}, syscall.ENOEXEC},
		{"more in the file", Prog{Type: Load, Filesz: 2, Memsz: 1}, syscall.EINVAL},
		{"too large", Prog{Type: Load, Memsz: limit + 1}, syscall.EINVAL},
		{"in the kernel", Prog{Type: Load, Vaddr: 0xffff_8000_0000_0000, Memsz: 1}, syscall.EINVAL},
		{"over the end", Prog{Type: Load, Vaddr: limit, Memsz: 1}, syscall.EINVAL},
		{"around the end", Prog{Type: Load, Vaddr: ^uint64(0), Memsz: 2}, syscall.EINVAL},
		{"another offset in the page", Prog{Type: Load, Off: 1, Filesz: 1, Memsz: 1}, syscall.EINVAL},
		{"no offset", Prog{Type: Load, Off: 1 << 63, Filesz: 1, Memsz: 1}, syscall.EINVAL},
	}
	for _, tt := range tests {
		if _, err := Plan(&Header{}, []Prog{tt.p}, limit); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestPlanWhole(t *testing.T) {
	h := Header{PhOff: 64}
	l, err := Plan(&h, []Prog{
		{Type: Load, Flags: FlagR, Vaddr: 0, Filesz: 0x500, Memsz: 0x500, Align: 0x1000},
		{Type: Load, Flags: FlagR | FlagX, Off: 0x1000, Vaddr: 0x1000, Filesz: 0x800, Memsz: 0x800, Align: 0x200000},
		{Type: Load, Flags: FlagR | FlagW, Off: 0x2e00, Vaddr: 0x3e00, Filesz: 0x100, Memsz: 0x1000, Align: 3},
	}, limit)
	if err != nil {
		t.Fatal(err)
	}
	got := *l
	got.Segments = nil
	want := Layout{Start: 0, End: 0x5000, Align: 0x200000, Phdr: 64,
		StartCode: 0x1000, EndCode: 0x1800, StartData: 0x3e00, EndData: 0x3f00, Brk: 0x4e00}
	if len(l.Segments) != 3 || got.Start != want.Start || got.End != want.End || got.Align != want.Align ||
		got.Phdr != want.Phdr || got.StartCode != want.StartCode || got.EndCode != want.EndCode ||
		got.StartData != want.StartData || got.EndData != want.EndData || got.Brk != want.Brk {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// FuzzPlan checks that no file makes the planner panic or plan something outside
// of user space.
func FuzzPlan(f *testing.F) {
	f.Add(file(Exec, 0x401000, Prog{Type: Load, Vaddr: 0x400000, Filesz: 0x10, Memsz: 0x2000}))
	f.Add(file(Dyn, 0, Prog{Type: Interp, Filesz: 4}, Prog{Type: Load, Filesz: 1, Memsz: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b, machine)
		if err != nil {
			return
		}
		n, err := h.ProgsSize()
		if err != nil || h.PhOff > uint64(len(b)) {
			return
		}
		progs := ParseProgs(nil, b[h.PhOff:min(h.PhOff+uint64(n), uint64(len(b)))])
		if p, err := FindInterp(progs); err == nil && p != nil && p.Off+p.Filesz <= uint64(len(b)) {
			_, _ = InterpName(b[p.Off : p.Off+p.Filesz])
		}
		FindStackMode(progs)
		l, err := Plan(&h, progs, limit)
		if err != nil {
			return
		}
		for _, s := range l.Segments {
			if s.Addr < l.Start || s.Addr+s.FileLen > l.End || s.BssLen > 0 && s.BssAddr+s.BssLen > l.End ||
				s.ZeroLen > 0 && (s.ZeroAddr < s.Addr || s.ZeroAddr+s.ZeroLen > s.Addr+s.FileLen) ||
				(s.Addr|s.Off|s.FileLen|s.BssAddr|s.BssLen)&pageMask != 0 {
				t.Fatalf("segment %+v of %+v", s, l)
			}
		}
		if l.End > limit+pageMask {
			t.Fatalf("%+v", l)
		}
	})
}
