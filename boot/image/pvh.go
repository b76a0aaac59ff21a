package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// The kernel is linked at amd64Base plus its physical address, in the top
// 2 GiB, where the compiler's addressing reaches it.
const amd64Base = 0xffffffff80000000

// Symbols of the start-up code in arch/amd64.
const (
	pvhEntry  = "onsen/arch/amd64.bootPVH" // 32-bit, paging off
	longEntry = "onsen/arch/amd64.start64" // 64-bit, at its virtual address
)

// The boot segment: what the 32-bit entry needs, at a fixed physical address
// below the kernel. arch/amd64 knows these numbers too.
const (
	bootBase   = 0x100000
	bootGDTR   = 0x20 // offset of the operand of LGDT
	bootStart  = 0x30 // offset of the address of longEntry
	bootLast   = 0x38 // offset of the physical address of the image's last word
	bootNoRoom = 0x40 // offset of what to say if there is no memory there
	bootPages  = 8    // data, PML4, PDPT low, PDPT high, 4 page directories
	bootLevel4 = 1
	bootLow    = 2
	bootHigh   = 3
	bootDirs   = 4
)

// Flags of page table entries: Intel SDM volume 3, 4.5.4.
const (
	ptePresent = 1 << 0
	pteWrite   = 1 << 1
	pteLarge   = 1 << 7
)

// pvh returns an ELF file that boots by the PVH protocol: the kernel's
// segments at physical addresses, the boot segment, and the note that names
// the physical address of the 32-bit entry
// (xen/include/public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY).
func pvh(f *elf.File) ([]byte, error) {
	segs, err := segments(f, amd64Base)
	if err != nil {
		return nil, err
	}
	entry, err := symbol(f, pvhEntry)
	if err != nil {
		return nil, err
	}
	start, err := symbol(f, longEntry)
	if err != nil {
		return nil, err
	}
	for _, a := range []uint64{entry, start} {
		if !contains(segs, a) {
			return nil, fmt.Errorf("entry point %#x lies outside of the kernel", a)
		}
	}
	if low := segs[0].vaddr - amd64Base; low < bootBase+bootPages*pageSize {
		return nil, fmt.Errorf("the kernel begins at physical address %#x, inside the boot segment", low)
	}
	entry -= amd64Base
	last := segs[len(segs)-1]
	end := last.end() - amd64Base
	boot := segment{elf.PF_R | elf.PF_W | elf.PF_X, bootBase, bootSegment(start, end), bootPages * pageSize}
	return writeELF(entry, append([]segment{boot}, segs...), pvhNote(entry)), nil
}

// contains reports whether the file holds the byte at address a.
func contains(segs []segment, a uint64) bool {
	for _, s := range segs {
		if a >= s.vaddr && a-s.vaddr < uint64(len(s.data)) {
			return true
		}
	}
	return false
}

// bootSegment returns the boot data and page tables of a kernel that is entered
// at start and ends, BSS included, at physical address end. The tables map the
// first 4 GiB at virtual address 0 and the first 2 GiB at amd64Base.
func bootSegment(start, end uint64) []byte {
	le := binary.LittleEndian
	seg := make([]byte, bootPages*pageSize)

	// Null, 64-bit code, data: Intel SDM volume 3, 3.4.5 and 3.5.1.
	for i, desc := range []uint64{0, 0x00af9b000000ffff, 0x00cf93000000ffff} {
		le.PutUint64(seg[i*8:], desc)
	}
	le.PutUint16(seg[bootGDTR:], 3*8-1)
	le.PutUint32(seg[bootGDTR+2:], bootBase)
	le.PutUint64(seg[bootStart:], start)
	le.PutUint32(seg[bootLast:], uint32(end-4)&^3)
	// It ends with the 0 that is there.
	copy(seg[bootNoRoom:], fmt.Sprintf("\r\nOnsen: too little memory: the image alone ends at %d KiB\r\n", (end+1023)>>10))

	entry := func(page, index int, value uint64) {
		le.PutUint64(seg[page*pageSize+index*8:], value|ptePresent|pteWrite)
	}
	table := func(page int) uint64 { return bootBase + uint64(page)*pageSize }
	entry(bootLevel4, 0, table(bootLow))
	entry(bootLevel4, 511, table(bootHigh))
	for dir := range bootPages - bootDirs {
		entry(bootLow, dir, table(bootDirs+dir))
		for i := range 512 {
			entry(bootDirs+dir, i, uint64(dir)<<30|uint64(i)<<21|pteLarge)
		}
	}
	entry(bootHigh, 510, table(bootDirs))
	entry(bootHigh, 511, table(bootDirs+1))
	return seg
}

// pvhNote returns the ELF note. The address takes 8 bytes, as in a 64-bit
// Linux: QEMU reads as many.
func pvhNote(entry uint64) []byte {
	const phys32Entry = 18
	le := binary.LittleEndian
	note := le.AppendUint32(nil, 4) // size of the name
	note = le.AppendUint32(note, 8) // size of the address
	note = le.AppendUint32(note, phys32Entry)
	note = append(note, "Xen\x00"...)
	return le.AppendUint64(note, entry)
}

// writeELF returns an executable of these segments and one note. There are no
// sections and no symbols in it.
func writeELF(entry uint64, segs []segment, note []byte) []byte {
	progs := make([]elf.Prog64, 0, len(segs)+1)
	off := uint64(pageSize)
	for _, s := range segs {
		paddr := s.vaddr
		if paddr >= amd64Base {
			paddr -= amd64Base
		}
		progs = append(progs, elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(s.flags), Off: off, Vaddr: s.vaddr, Paddr: paddr,
			Filesz: uint64(len(s.data)), Memsz: s.size, Align: pageSize,
		})
		off += align(uint64(len(s.data)))
	}
	const headerSize, progSize = 64, 56
	noteOff := headerSize + progSize*uint64(len(segs)+1)
	progs = append(progs, elf.Prog64{
		Type: uint32(elf.PT_NOTE), Flags: uint32(elf.PF_R), Off: noteOff,
		Filesz: uint64(len(note)), Memsz: uint64(len(note)), Align: 4,
	})
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: entry, Phoff: headerSize, Ehsize: headerSize, Phentsize: progSize, Phnum: uint16(len(progs)),
	}
	out := new(bytes.Buffer)
	binary.Write(out, binary.LittleEndian, header)
	binary.Write(out, binary.LittleEndian, progs)
	out.Write(note)
	for i, s := range segs {
		out.Write(make([]byte, progs[i].Off-uint64(out.Len())))
		out.Write(s.data)
	}
	return out.Bytes()
}
