package vdso

import (
	"debug/elf"
	"encoding/binary"

	"onsen/arch/spec"
)

// Encodings of pointers in .eh_frame (LSB core specification, 10.5.1).
const (
	pcrelSdata4   = 0x1b
	datarelSdata4 = 0x3b
	udata4        = 0x03
)

// unwind adds .eh_frame, one entry for all code that has rules, and the table to
// find it with, whose section it returns.
func (b *builder) unwind(v *spec.VDSO) (hdr int) {
	const hdrSize = 20
	hdrAt := (b.at + 7) &^ 7
	frameAt := hdrAt + hdrSize + 4 // aligned to 8
	text := int32(spec.VDSOTextOffset)

	// The common entry: version 1, augmentation "zR", factors of code and data.
	cie := []byte{0, 0, 0, 0, 1, 'z', 'R', 0, v.CodeAlignment, 0x78 /* -8 */, v.ReturnColumn, 1, pcrelSdata4}
	frame := entry(append(cie, v.CFA...))
	fdeAt := len(frame)
	fde := halves(uint32(fdeAt+4), uint32(text-int32(frameAt+fdeAt+8)), uint32(v.UnwindLen))
	frame = append(frame, entry(append(fde, 0))...)
	frame = append(frame, 0, 0, 0, 0)

	h := append([]byte{1, pcrelSdata4, udata4, datarelSdata4}, halves(
		uint32(int32(frameAt)-int32(hdrAt+4)), 1,
		uint32(text-int32(hdrAt)), uint32(int32(frameAt+fdeAt)-int32(hdrAt)))...)
	hdr = b.add(section{name: ".eh_frame_hdr", typ: elf.SHT_PROGBITS, align: 8}, h)
	i := b.add(section{name: ".eh_frame", typ: elf.SHT_PROGBITS, align: 8}, frame)
	if b.sections[i].off != frameAt {
		panic("vdso: .eh_frame is not where it is said to be")
	}
	return hdr
}

// entry returns an entry of .eh_frame, padded with DW_CFA_nop, with its length in
// front.
func entry(b []byte) []byte {
	for len(b)%8 != 4 {
		b = append(b, 0)
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}
