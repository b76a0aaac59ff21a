package image

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// arm64Base is where the kernel is linked. Its code is position independent
// until it turns the MMU on, so that it may be loaded anywhere.
const arm64Base = 0xffffffff80000000

// The header of an arm64 kernel image: Documentation/arch/arm64/booting.rst,
// section 4 "Call the kernel image".
const (
	imageHeaderSize = 64
	imageMagic      = "ARM\x64"

	imagePages4K  = 1 << 1 // kernel page size 4 KiB; bit 0 clear: little endian
	imageAnywhere = 1 << 3 // the 2 MiB aligned base may be anywhere in memory
)

// linux returns a Linux Image of the kernel. The header takes the place of the
// ELF header, which the linker puts in front of the code. The file ends where
// the zeros after the last segment begin: the kernel clears its BSS itself.
func linux(f *elf.File) ([]byte, error) {
	segs, err := segments(f, arm64Base)
	if err != nil {
		return nil, err
	}
	base, last := segs[0].vaddr, segs[len(segs)-1]
	size := last.end() - base // in memory
	img := make([]byte, size-last.size+uint64(len(last.data)))
	for _, s := range segs {
		copy(img[s.vaddr-base:], s.data)
	}
	if len(img) < imageHeaderSize || string(img[:4]) != elf.ELFMAG {
		return nil, errors.New("no ELF header in front of the code: nowhere to put the image header")
	}
	entry := f.Entry - base
	if f.Entry < base || entry < imageHeaderSize || entry >= uint64(len(img)) || entry%4 != 0 {
		return nil, fmt.Errorf("entry point %#x lies outside of the kernel", f.Entry)
	}
	if entry >= 1<<27 {
		return nil, fmt.Errorf("entry point %#x is out of a branch's reach from %#x", f.Entry, base)
	}
	le := binary.LittleEndian
	header := make([]byte, imageHeaderSize)
	le.PutUint32(header[0:], 0x14000000|uint32(entry/4)) // B entry: Arm ARM C6.2.25
	le.PutUint64(header[8:], 0)                          // text_offset
	le.PutUint64(header[16:], size)                      // image_size
	le.PutUint64(header[24:], imagePages4K|imageAnywhere)
	copy(header[56:], imageMagic)
	copy(img, header)
	return img, nil
}
