// Package vdso makes the ELF image that a program finds in its memory (vdso(7))
// and keeps the page of data that the code in it reads the time from.
package vdso

import (
	"debug/elf"
	"encoding/binary"

	"onsen/arch/spec"
)

// ImageSize is the size of an image: one page.
const ImageSize = 4096

const soname = "linux-vdso.so.1"

// Indices of versions: 1 is the image itself (gABI, symbol versioning of the LSB
// core specification, chapter 10).
const (
	versionBase = 1
	versionOwn  = 2
)

// section is a section on its way into the image.
type section struct {
	name         string
	typ          elf.SectionType
	flags        elf.SectionFlag
	link, info   uint32
	align, entry uint64
	off, size    int
}

// builder puts an image together. Addresses are offsets from its start.
type builder struct {
	image    []byte
	at       int
	dynstr   []byte
	sections []section
}

// Build returns the image of a vDSO. What does not fit into one panics; a test
// builds all there are.
func Build(v *spec.VDSO) []byte {
	b := &builder{image: make([]byte, ImageSize), dynstr: []byte{0}, sections: make([]section, 1)}
	const progs = 3
	b.at = headerSize + progs*progSize
	sonameAt := b.str(soname)
	syms := b.symbols(v)
	names := b.hashTables(syms)
	dynsym := b.add(section{name: ".dynsym", typ: elf.SHT_DYNSYM, align: 8, entry: symSize, info: 1}, syms.bytes())
	versym := b.add(section{name: ".gnu.version", typ: elf.SHT_GNU_VERSYM, align: 2, entry: 2}, versions(len(syms)))
	verdef := b.add(section{name: ".gnu.version_d", typ: elf.SHT_GNU_VERDEF, align: 8, info: 2}, b.versionDefs(sonameAt, v.Version))
	dynstr := b.add(section{name: ".dynstr", typ: elf.SHT_STRTAB, align: 1}, b.dynstr)
	eh := b.unwind(v)
	dynamic := b.add(section{name: ".dynamic", typ: elf.SHT_DYNAMIC, align: 8, entry: 16}, words(
		uint64(elf.DT_SONAME), uint64(sonameAt),
		uint64(elf.DT_HASH), uint64(b.sections[names].off),
		uint64(elf.DT_GNU_HASH), uint64(b.sections[names+1].off),
		uint64(elf.DT_STRTAB), uint64(b.sections[dynstr].off),
		uint64(elf.DT_SYMTAB), uint64(b.sections[dynsym].off),
		uint64(elf.DT_STRSZ), uint64(len(b.dynstr)),
		uint64(elf.DT_SYMENT), symSize,
		uint64(elf.DT_VERSYM), uint64(b.sections[versym].off),
		uint64(elf.DT_VERDEF), uint64(b.sections[verdef].off),
		uint64(elf.DT_VERDEFNUM), 2,
		uint64(elf.DT_NULL), 0))
	for _, i := range []int{names, names + 1, versym} {
		b.sections[i].link = uint32(dynsym)
	}
	for _, i := range []int{dynsym, verdef, dynamic} {
		b.sections[i].link = uint32(dynstr)
	}
	if b.at > spec.VDSOTextOffset {
		panic("vdso: the tables reach into the code")
	}
	b.at = spec.VDSOTextOffset
	text := b.add(section{name: ".text", typ: elf.SHT_PROGBITS, flags: elf.SHF_EXECINSTR, align: 16}, v.Code)
	syms.setSection(b.image[b.sections[dynsym].off:], text)
	b.headers(v.Machine, eh, dynamic)
	return b.image
}

// add puts a section at the next place and returns its index.
func (b *builder) add(s section, data []byte) int {
	b.at = (b.at + int(s.align) - 1) &^ (int(s.align) - 1)
	s.off, s.size = b.at, len(data)
	if s.name != ".shstrtab" {
		s.flags |= elf.SHF_ALLOC
	}
	if b.at+len(data) > len(b.image) {
		panic("vdso: the image is too large")
	}
	b.at += copy(b.image[b.at:], data)
	b.sections = append(b.sections, s)
	return len(b.sections) - 1
}

// str puts a name into the string table and returns where it is.
func (b *builder) str(s string) uint32 {
	at := len(b.dynstr)
	b.dynstr = append(append(b.dynstr, s...), 0)
	return uint32(at)
}

const (
	headerSize  = 64
	progSize    = 56
	sectionSize = 64
	symSize     = 24
)

// headers writes the section headers, the program headers and the ELF header.
func (b *builder) headers(machine uint16, eh, dynamic int) {
	le := binary.LittleEndian
	names, offsets := []byte{0}, []uint32{0}
	for _, s := range append(b.sections[1:], section{name: ".shstrtab"}) {
		offsets = append(offsets, uint32(len(names)))
		names = append(append(names, s.name...), 0)
	}
	shstr := b.add(section{name: ".shstrtab", typ: elf.SHT_STRTAB, align: 1}, names)
	var table []byte
	for i, s := range b.sections {
		table = le.AppendUint32(table, offsets[i])
		table = le.AppendUint32(table, uint32(s.typ))
		addr := uint64(s.off)
		if s.flags&elf.SHF_ALLOC == 0 {
			addr = 0
		}
		table = append(table, words(uint64(s.flags), addr, uint64(s.off), uint64(s.size))...)
		table = le.AppendUint32(le.AppendUint32(table, s.link), s.info)
		table = append(table, words(s.align, s.entry)...)
	}
	b.at = (b.at + 7) &^ 7
	shoff := b.at
	if shoff+len(table) > len(b.image) {
		panic("vdso: the image is too large")
	}
	copy(b.image[shoff:], table)

	h := append([]byte(elf.ELFMAG), byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT))
	h = append(h, make([]byte, 16-len(h))...)
	h = le.AppendUint16(le.AppendUint16(h, uint16(elf.ET_DYN)), machine)
	h = le.AppendUint32(h, uint32(elf.EV_CURRENT))
	h = append(h, words(0, headerSize, uint64(shoff))...)
	h = le.AppendUint32(h, 0)
	for _, n := range []int{headerSize, progSize, 3, sectionSize, len(b.sections), shstr} {
		h = le.AppendUint16(h, uint16(n))
	}
	h = append(h, prog(elf.PT_LOAD, elf.PF_R|elf.PF_X, 0, b.at, ImageSize)...)
	h = append(h, b.progOf(elf.PT_DYNAMIC, dynamic)...)
	h = append(h, b.progOf(elf.PT_GNU_EH_FRAME, eh)...)
	copy(b.image, h)
}

// progOf returns a program header for a section.
func (b *builder) progOf(t elf.ProgType, i int) []byte {
	s := b.sections[i]
	return prog(t, elf.PF_R, s.off, s.size, int(s.align))
}

// prog returns a program header.
func prog(t elf.ProgType, flags elf.ProgFlag, off, size, align int) []byte {
	p := binary.LittleEndian.AppendUint32(nil, uint32(t))
	p = binary.LittleEndian.AppendUint32(p, uint32(flags))
	return append(p, words(uint64(off), uint64(off), uint64(off), uint64(size), uint64(size), uint64(align))...)
}

// words returns numbers as they are in memory.
func words(v ...uint64) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// halves is words for 32 bits.
func halves(v ...uint32) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
