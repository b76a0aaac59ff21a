package vdso

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
	"unsafe"

	"onsen/arch/amd64"
	"onsen/arch/arm64"
	"onsen/arch/spec"
)

var all = map[string]*spec.VDSO{"amd64": amd64.VDSO(), "arm64": arm64.VDSO()}

func TestImage(t *testing.T) {
	for name, v := range all {
		t.Run(name, func(t *testing.T) {
			image := Build(v)
			f, err := elf.NewFile(bytes.NewReader(image))
			if err != nil {
				t.Fatal(err)
			}
			if f.Type != elf.ET_DYN || f.Machine != elf.Machine(v.Machine) {
				t.Errorf("header %+v", f.FileHeader)
			}
			if s, err := f.DynString(elf.DT_SONAME); err != nil || len(s) != 1 || s[0] != soname {
				t.Errorf("soname %q, %v", s, err)
			}
			syms, err := f.DynamicSymbols()
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, fn := range v.Funcs {
				for i, name := range []string{fn.Name, fn.Alias} {
					if name == "" {
						continue
					}
					s := syms[n]
					n++
					bind, typ := []elf.SymBind{elf.STB_GLOBAL, elf.STB_WEAK}[i], elf.STT_FUNC
					if name == "__kernel_rt_sigreturn" {
						typ = elf.STT_NOTYPE
					}
					if s.Name != name || s.Version != v.Version || elf.ST_BIND(s.Info) != bind || elf.ST_TYPE(s.Info) != typ ||
						s.Value != uint64(spec.VDSOTextOffset+fn.Offset) || s.Size != uint64(fn.Size) || f.Sections[s.Section].Name != ".text" {
						t.Errorf("symbol %+v, want %+v", s, fn)
					}
				}
			}
			if n != len(syms) {
				t.Errorf("%d symbols, want %d", len(syms), n)
			}
			if text, err := f.Section(".text").Data(); err != nil || !bytes.Equal(text, v.Code) {
				t.Errorf("the code is not there: %v", err)
			}
		})
	}
}

// dyn returns an entry of the dynamic section as a place in the image.
func dyn(t *testing.T, f *elf.File, tag elf.DynTag) int {
	v, err := f.DynValue(tag)
	if err != nil || len(v) != 1 {
		t.Fatalf("%v: %v, %v", tag, v, err)
	}
	return int(v[0])
}

// TestHash looks symbols up the way a dynamic linker does.
func TestHash(t *testing.T) {
	for name, v := range all {
		t.Run(name, func(t *testing.T) {
			image := Build(v)
			f, err := elf.NewFile(bytes.NewReader(image))
			if err != nil {
				t.Fatal(err)
			}
			u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(image[at:]) }
			strtab := dyn(t, f, elf.DT_STRTAB)
			symName := func(i uint32) string {
				s := image[strtab+int(u32(dyn(t, f, elf.DT_SYMTAB)+int(i)*symSize)):]
				return string(s[:bytes.IndexByte(s, 0)])
			}
			sysv := func(name string) bool {
				h := dyn(t, f, elf.DT_HASH)
				buckets := u32(h)
				i := u32(h + 8 + 4*int(elfHash(name)%buckets))
				for ; i != 0; i = u32(h + 8 + 4*int(buckets) + 4*int(i)) {
					if symName(i) == name {
						return true
					}
				}
				return false
			}
			gnu := func(name string) bool {
				g := dyn(t, f, elf.DT_GNU_HASH)
				buckets, first, bloom := u32(g), u32(g+4), u32(g+8)
				table := g + 16 + 8*int(bloom)
				chain := table + 4*int(buckets)
				want := gnuHash(name)
				for i := u32(table + 4*int(want%buckets)); i != 0; i++ {
					h := u32(chain + 4*int(i-first))
					if h|1 == want|1 && symName(i) == name {
						return true
					}
					if h&1 != 0 {
						break
					}
				}
				return false
			}
			for _, fn := range v.Funcs {
				if !sysv(fn.Name) || !gnu(fn.Name) {
					t.Errorf("%s: found %v, %v", fn.Name, sysv(fn.Name), gnu(fn.Name))
				}
			}
			if sysv("nothing") || gnu("nothing") {
				t.Error("found what is not there")
			}
		})
	}
}

// TestHashes has values of the functions from Go's runtime (vdso_linux_*.go).
func TestHashes(t *testing.T) {
	if h := elfHash("LINUX_2.6"); h != 0x3ae75f6 {
		t.Errorf("%#x", h)
	}
	if h := elfHash("LINUX_2.6.39"); h != 0x75fcb89 {
		t.Errorf("%#x", h)
	}
	if h := gnuHash("__vdso_clock_gettime"); h != 0x6e43a318 {
		t.Errorf("%#x", h)
	}
}

// TestUnwind follows the table to the entry of the code.
func TestUnwind(t *testing.T) {
	for name, v := range all {
		t.Run(name, func(t *testing.T) {
			image := Build(v)
			f, err := elf.NewFile(bytes.NewReader(image))
			if err != nil {
				t.Fatal(err)
			}
			s32 := func(at int) int { return int(int32(binary.LittleEndian.Uint32(image[at:]))) }
			hdr := 0
			for _, p := range f.Progs {
				if p.Type == elf.PT_GNU_EH_FRAME {
					hdr = int(p.Vaddr)
				}
			}
			if frame := hdr + 4 + s32(hdr+4); frame != int(f.Section(".eh_frame").Addr) || s32(hdr+8) != 1 {
				t.Errorf(".eh_frame at %#x, %d entries", frame, s32(hdr+8))
			}
			fde := hdr + s32(hdr+16)
			begin := fde + 8 + s32(fde+8)
			if begin != spec.VDSOTextOffset || hdr+s32(hdr+12) != begin || s32(fde+12) != v.UnwindLen {
				t.Errorf("the entry is for %#x, %d bytes", begin, s32(fde+12))
			}
			cie := fde + 4 - s32(fde+4)
			if s32(cie+4) != 0 || image[cie+8] != 1 || string(image[cie+9:cie+12]) != "zR\x00" || cie != int(f.Section(".eh_frame").Addr) {
				t.Errorf("no common entry at %#x", cie)
			}
		})
	}
}

// TestData compares the layout with what the code knows of it.
func TestData(t *testing.T) {
	var d Data
	d.Set(spec.ClockScale{Ticks: 1, Mult: 2, Shift: 3, NS: 4, User: true}, &[Clocks]int64{11: 5})
	w := (*[17]uint64)(unsafe.Pointer(&d))
	if w[0] != 1<<32|2 || w[1] != 1 || w[2] != 2 || w[3] != 3 || w[4] != 4 || w[5+11] != 5 || unsafe.Sizeof(d) > ImageSize {
		t.Errorf("%x", w)
	}
	d.Set(spec.ClockScale{}, &[Clocks]int64{})
	if w[0] != 4 {
		t.Errorf("%x", w)
	}
}
