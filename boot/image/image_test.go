package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// A kernel describes a synthetic ELF file.
type kernel struct {
	machine elf.Machine
	entry   uint64
	segs    []segment
	syms    []elf.Symbol
}

func (k kernel) segment(vaddr uint64, data string, size uint64) kernel {
	k.segs = append(k.segs[:len(k.segs):len(k.segs)], segment{elf.PF_R | elf.PF_X, vaddr, []byte(data), size})
	return k
}

func (k kernel) symbol(name string, value uint64) kernel {
	k.syms = append(k.syms[:len(k.syms):len(k.syms)], elf.Symbol{Name: name, Value: value})
	return k
}

// file returns the ELF file: headers, segments, then the three sections that
// hold the symbols.
func (k kernel) file() []byte {
	le := binary.LittleEndian
	head := uint64(64 + 56*len(k.segs))
	body := new(bytes.Buffer)
	var progs []elf.Prog64
	for _, s := range k.segs {
		progs = append(progs, elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(s.flags), Off: head + uint64(body.Len()),
			Vaddr: s.vaddr, Paddr: s.vaddr, Filesz: uint64(len(s.data)), Memsz: s.size, Align: 1,
		})
		body.Write(s.data)
	}
	names := []byte("\x00.symtab\x00.strtab\x00")
	syms := make([]elf.Sym64, 1)
	for _, s := range k.syms {
		syms = append(syms, elf.Sym64{
			Name: uint32(len(names)), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Shndx: 1, Value: s.Value,
		})
		names = append(append(names, s.Name...), 0)
	}
	symOff := head + uint64(body.Len())
	binary.Write(body, le, syms)
	nameOff := head + uint64(body.Len())
	body.Write(names)
	shoff := head + uint64(body.Len())
	binary.Write(body, le, []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_SYMTAB), Off: symOff, Size: uint64(24 * len(syms)), Link: 2, Entsize: 24},
		{Name: 9, Type: uint32(elf.SHT_STRTAB), Off: nameOff, Size: uint64(len(names))},
	})
	out := new(bytes.Buffer)
	binary.Write(out, le, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(k.machine), Version: 1, Entry: k.entry,
		Phoff: 64, Shoff: shoff, Ehsize: 64,
		Phentsize: 56, Phnum: uint16(len(progs)), Shentsize: 64, Shnum: 3, Shstrndx: 2,
	})
	binary.Write(out, le, progs)
	out.Write(body.Bytes())
	return out.Bytes()
}

const text64 = amd64Base + 0x200000

var (
	amd64 = kernel{machine: elf.EM_X86_64, entry: text64}.
		segment(text64, "code of the kernel", 0x1000).
		segment(text64+0x1000, "data", 0x300000).
		symbol("runtime.text", text64).
		symbol(pvhEntry, text64+4).
		symbol(longEntry, text64+8)
	arm64 = kernel{machine: elf.EM_AARCH64, entry: arm64Base + 0x1010}.
		segment(arm64Base, elf.ELFMAG+strings.Repeat("h", 0x2000), 0x2004).
		segment(arm64Base+0x10000, "data", 0x8000)
)

func TestErrors(t *testing.T) {
	noSymbols := amd64
	noSymbols.syms = nil
	farEntry := arm64.segment(arm64Base+0x9000000, "far", 8)
	farEntry.entry = arm64Base + 0x9000000
	oddEntry := arm64
	oddEntry.entry++
	noEntry := arm64
	noEntry.entry = 0x1000
	headerEntry := arm64
	headerEntry.entry = arm64Base + 8
	shared := amd64.file()
	shared[16] = byte(elf.ET_DYN)
	long := amd64.file()
	binary.LittleEndian.PutUint64(long[64+32:], 1<<20) // p_filesz
	binary.LittleEndian.PutUint64(long[64+40:], 1<<20) // p_memsz
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "EOF"},
		{"not ELF", []byte(strings.Repeat("not an ELF file ", 8)), "bad magic"},
		{"other machine", kernel{machine: elf.EM_RISCV}.segment(0, "", 0).file(), "EM_RISCV"},
		{"not an executable", shared, "not a 64-bit executable"},
		{"no segment", kernel{machine: elf.EM_X86_64}.file(), "no loadable segment"},
		{"no symbols", noSymbols.file(), pvhEntry},
		{"no PVH entry", noSymbols.symbol(longEntry, text64).file(), pvhEntry},
		{"no long mode entry", noSymbols.symbol(pvhEntry, text64).file(), longEntry},
		{"entry outside", noSymbols.symbol(pvhEntry, text64).symbol(longEntry, text64+0x500).file(), "0xffffffff80200500"},
		{"low half", amd64.segment(0x400000, "user", 4).file(), "segment at 0x400000"},
		{"too large", amd64.segment(text64+0x800000, "x", 1<<29).file(), "segment at 0xffffffff80a00000"},
		{"wraps around", amd64.segment(^uint64(0)-0x10, "x", 0x100).file(), "outside"},
		{"file larger than memory", amd64.segment(text64+0x800000, "xyz", 1).file(), "outside"},
		{"overlap", amd64.segment(text64+0x800, "x", 1).file(), "overlap"},
		{"in the boot segment", amd64.segment(amd64Base+0x107000, "x", 1).file(), "inside the boot segment"},
		{"segment cut off", long, "segment at 0xffffffff80200000"},
		{"no ELF header in memory", kernel{machine: elf.EM_AARCH64}.segment(arm64Base, strings.Repeat("x", 100), 100).file(), "no ELF header"},
		{"arm64 entry out of reach", farEntry.file(), "out of a branch's reach"},
		{"arm64 entry not aligned", oddEntry.file(), "entry point"},
		{"arm64 entry outside", noEntry.file(), "entry point"},
		{"arm64 entry in the header", headerEntry.file(), "entry point"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Build(bytes.NewReader(test.file))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func build(t *testing.T, k kernel) []byte {
	t.Helper()
	img, err := Build(bytes.NewReader(k.file()))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// load puts a PVH image into memory as a boot loader does, and returns the
// memory up to 16 MiB and the content of the note.
func load(t *testing.T, img []byte) (mem, note []byte) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(img))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sections) != 0 {
		t.Errorf("the boot image has %d sections", len(f.Sections))
	}
	mem = bytes.Repeat([]byte{0xee}, 16<<20)
	for _, p := range f.Progs {
		data, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		switch p.Type {
		case elf.PT_LOAD:
			if p.Off%p.Align != p.Vaddr%p.Align {
				t.Errorf("segment at %#x: offset %#x is not congruent", p.Vaddr, p.Off)
			}
			clear(mem[p.Paddr : p.Paddr+p.Memsz])
			copy(mem[p.Paddr:], data)
		case elf.PT_NOTE:
			note = data
		}
	}
	return mem, note
}

func TestPVHSegments(t *testing.T) {
	mem, _ := load(t, build(t, amd64))
	if got := string(mem[0x200000:0x200012]); got != "code of the kernel" {
		t.Errorf("at the physical address of the code: %q", got)
	}
	if got := string(mem[0x201000:0x201006]); got != "data\x00\x00" {
		t.Errorf("at the physical address of the data: %q", got)
	}
	if mem[0x500fff] != 0 || mem[0x501000] != 0xee {
		t.Error("the BSS does not end where the kernel's does")
	}
}

func TestPVHNote(t *testing.T) {
	img := build(t, amd64)
	_, note := load(t, img)
	le := binary.LittleEndian
	if len(note) != 24 || le.Uint32(note) != 4 || le.Uint32(note[4:]) != 8 || le.Uint32(note[8:]) != 18 || string(note[12:16]) != "Xen\x00" {
		t.Fatalf("note is % x", note)
	}
	if entry := le.Uint64(note[16:]); entry != 0x200004 {
		t.Errorf("note has entry %#x", entry)
	}
	if entry := le.Uint64(img[24:]); entry != 0x200004 {
		t.Errorf("ELF header has entry %#x", entry)
	}
}

// A function that Go calls too has a wrapper by the plain name.
func TestPVHEntryWithWrapper(t *testing.T) {
	_, note := load(t, build(t, amd64.symbol(pvhEntry+".abi0", text64+12)))
	if entry := binary.LittleEndian.Uint64(note[16:]); entry != 0x20000c {
		t.Errorf("note has entry %#x, not that of the assembly function", entry)
	}
}

func TestBootData(t *testing.T) {
	mem, _ := load(t, build(t, amd64))
	want := []byte{
		0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff, 0, 0, 0, 0x9b, 0xaf, 0,
		0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0x17, 0, 0, 0, 0x10, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0x08, 0, 0x20, 0x80, 0xff, 0xff, 0xff, 0xff,
		0xfc, 0x0f, 0x50, 0, 0, 0, 0, 0, // the last word of the BSS
	}
	if got := mem[bootBase : bootBase+len(want)]; !bytes.Equal(got, want) {
		t.Errorf("boot data is\n% x\nwant\n% x", got, want)
	}
	message, _, ended := strings.Cut(string(mem[bootBase+bootNoRoom:bootBase+0x100]), "\x00")
	if !ended || !strings.Contains(message, "too little memory: the image alone ends at 5124 KiB") {
		t.Errorf("message is %q", message)
	}
}

// translate walks the boot page tables as the processor does.
func translate(mem []byte, vaddr uint64) (paddr uint64, ok bool) {
	table := uint64(bootBase + pageSize)
	for shift := 39; ; shift -= 9 {
		e := binary.LittleEndian.Uint64(mem[table+vaddr>>shift&511*8:])
		if e&ptePresent == 0 || e&pteWrite == 0 {
			return 0, false
		}
		if shift == 21 {
			return e&^(1<<21-1) | vaddr&(1<<21-1), e&pteLarge != 0
		}
		table = e &^ 0xfff
	}
}

func TestBootPageTables(t *testing.T) {
	mem, _ := load(t, build(t, amd64))
	tests := []struct {
		vaddr, paddr uint64
		ok           bool
	}{
		{0, 0, true},
		{0x100030, 0x100030, true},
		{0x3fffffff, 0x3fffffff, true},
		{0x40000000, 0x40000000, true},
		{0xfee00020, 0xfee00020, true},
		{0xffffffff, 0xffffffff, true},
		{0x100000000, 0, false},
		{0xffff888000000000, 0, false},
		{0xffffffff7fffffff, 0, false},
		{0xffffffff80000000, 0, true},
		{text64 + 0x123456, 0x323456, true},
		{0xffffffffffffffff, 0x7fffffff, true},
	}
	for _, test := range tests {
		paddr, ok := translate(mem, test.vaddr)
		if paddr != test.paddr || ok != test.ok {
			t.Errorf("%#x is mapped to %#x, %v; want %#x, %v", test.vaddr, paddr, ok, test.paddr, test.ok)
		}
	}
}

func TestLinuxImage(t *testing.T) {
	img := build(t, arm64)
	le := binary.LittleEndian
	fields := []struct {
		name      string
		got, want uint64
	}{
		{"code0", uint64(le.Uint32(img)), 0x14000404}, // B #0x1010
		{"code1", uint64(le.Uint32(img[4:])), 0},
		{"text_offset", le.Uint64(img[8:]), 0},
		{"image_size", le.Uint64(img[16:]), 0x18000},
		{"flags", le.Uint64(img[24:]), 0xa},
		{"res2", le.Uint64(img[32:]), 0},
		{"res3", le.Uint64(img[40:]), 0},
		{"res4", le.Uint64(img[48:]), 0},
		{"magic", uint64(le.Uint32(img[56:])), 0x644d5241},
		{"res5", uint64(le.Uint32(img[60:])), 0},
	}
	for _, f := range fields {
		if f.got != f.want {
			t.Errorf("%s is %#x, want %#x", f.name, f.got, f.want)
		}
	}
	if img[64] != 'h' || img[0x2003] != 'h' || img[0x2004] != 0 {
		t.Error("the code is not where it was linked")
	}
	if string(img[0x10000:]) != "data" {
		t.Error("the data is not where it was linked")
	}
}

func FuzzBuild(f *testing.F) {
	f.Add(amd64.file())
	f.Add(arm64.file())
	f.Add(kernel{machine: elf.EM_X86_64}.file())
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := Build(bytes.NewReader(file))
		if err == nil && len(img) < imageHeaderSize {
			t.Errorf("an image of %d bytes", len(img))
		}
	})
}
