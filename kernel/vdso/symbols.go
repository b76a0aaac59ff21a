package vdso

import (
	"debug/elf"
	"encoding/binary"

	"onsen/arch/spec"
)

// symbol is an entry of the symbol table.
type symbol struct {
	name  string
	at    uint32 // in the string table
	info  byte   // binding and type
	value uint64
	size  uint64
}

// symtab is the symbol table; its first entry is the empty one.
type symtab []symbol

// symbols returns the symbols of the functions, whose names go into the string
// table.
func (b *builder) symbols(v *spec.VDSO) symtab {
	t := symtab{{}}
	for _, f := range v.Funcs {
		typ := elf.STT_FUNC
		if v.HasSigReturn && f.Offset == int(v.SigReturn) {
			typ = elf.STT_NOTYPE // nobody calls it
		}
		s := symbol{f.Name, b.str(f.Name), elf.ST_INFO(elf.STB_GLOBAL, typ), uint64(spec.VDSOTextOffset + f.Offset), uint64(f.Size)}
		t = append(t, s)
		if f.Alias != "" {
			s.name, s.at, s.info = f.Alias, b.str(f.Alias), elf.ST_INFO(elf.STB_WEAK, typ)
			t = append(t, s)
		}
	}
	return t
}

// bytes returns the table, without the number of the code's section.
func (t symtab) bytes() (b []byte) {
	for _, s := range t {
		b = binary.LittleEndian.AppendUint32(b, s.at)
		b = append(b, s.info, byte(elf.STV_DEFAULT), 0, 0)
		b = append(b, words(s.value, s.size)...)
	}
	return b
}

// setSection writes the number of the code's section to a table.
func (t symtab) setSection(table []byte, text int) {
	for i := range t[1:] {
		binary.LittleEndian.PutUint16(table[(i+1)*symSize+6:], uint16(text))
	}
}

// hashTables adds both hash tables and returns the section of the first. Each
// has one bucket: there are but a few names.
func (b *builder) hashTables(t symtab) (sysv int) {
	// A chain through all symbols from the last one (gABI, hash table).
	h := []uint32{1, uint32(len(t)), uint32(len(t) - 1), 0}
	for i := range t[1:] {
		h = append(h, uint32(i))
	}
	sysv = b.add(section{name: ".hash", typ: elf.SHT_HASH, align: 8, entry: 4}, halves(h...))
	// One bucket, from symbol 1 on, a filter of one word that lets everything
	// through; the last hash of the chain has its lowest bit set.
	g := append(halves(1, 1, 1, 0), words(^uint64(0))...)
	g = append(g, halves(1)...)
	for i, s := range t[1:] {
		x := gnuHash(s.name) &^ 1
		if i == len(t)-2 {
			x |= 1
		}
		g = append(g, halves(x)...)
	}
	b.add(section{name: ".gnu.hash", typ: elf.SHT_GNU_HASH, align: 8}, g)
	return sysv
}

// gnuHash is the hash of DT_GNU_HASH.
func gnuHash(s string) uint32 {
	h := uint32(5381)
	for i := range len(s) {
		h = h*33 + uint32(s[i])
	}
	return h
}

// elfHash is the hash of DT_HASH and of versions.
func elfHash(s string) (h uint32) {
	for i := range len(s) {
		h = h<<4 + uint32(s[i])
		g := h & 0xf0000000
		h = (h ^ g>>24) &^ g
	}
	return h
}

// versions returns the versions of n symbols.
func versions(n int) []byte {
	b := make([]byte, 2, 2*n)
	for range n - 1 {
		b = binary.LittleEndian.AppendUint16(b, versionOwn)
	}
	return b
}

// versionDefs defines the versions: the image's name, and that of the symbols.
func (b *builder) versionDefs(name uint32, version string) (d []byte) {
	const size, auxSize, flagBase = 20, 8, 1
	def := func(flags, index uint16, hash, name, next uint32) {
		for _, v := range []uint16{1, flags, index, 1} {
			d = binary.LittleEndian.AppendUint16(d, v)
		}
		d = append(d, halves(hash, size, next, name, 0)...)
	}
	def(flagBase, versionBase, elfHash(soname), name, size+auxSize)
	def(0, versionOwn, elfHash(version), b.str(version), 0)
	return d
}
