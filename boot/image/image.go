// Package image turns the ELF file that Go's linker made into a file that boot
// loaders start as they start Linux: for amd64 an ELF file with a PVH note
// (pvh.go), for arm64 a Linux Image (linux.go).
package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxSize bounds the memory an image may span.
const maxSize = 256 << 20

// Build returns the boot image of the linked kernel in r.
func Build(r io.ReaderAt) ([]byte, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, err
	}
	if f.Class != elf.ELFCLASS64 || f.Type != elf.ET_EXEC {
		return nil, fmt.Errorf("the kernel is %v %v, not a 64-bit executable", f.Class, f.Type)
	}
	switch f.Machine {
	case elf.EM_X86_64:
		return pvh(f)
	case elf.EM_AARCH64:
		return linux(f)
	}
	return nil, fmt.Errorf("no boot image for machine %v", f.Machine)
}

// A segment is a loadable part of the kernel.
type segment struct {
	flags elf.ProgFlag
	vaddr uint64
	data  []byte
	size  uint64 // in memory: data, then zeros
}

func (s segment) end() uint64 { return s.vaddr + s.size }

// segments returns the loadable segments in the order of their addresses,
// which all lie within maxSize from base and do not overlap.
func segments(f *elf.File, base uint64) ([]segment, error) {
	var list []segment
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		off := p.Vaddr - base
		if p.Vaddr < base || off > maxSize || p.Memsz > maxSize-off || p.Filesz > p.Memsz {
			return nil, fmt.Errorf("segment at %#x, %#x bytes of %#x: outside of %#x + %#x",
				p.Vaddr, p.Filesz, p.Memsz, base, uint64(maxSize))
		}
		data, err := io.ReadAll(p.Open())
		if err != nil {
			return nil, fmt.Errorf("segment at %#x: %w", p.Vaddr, err)
		}
		if uint64(len(data)) != p.Filesz {
			return nil, fmt.Errorf("segment at %#x: %d bytes in the file instead of %d", p.Vaddr, len(data), p.Filesz)
		}
		list = append(list, segment{p.Flags, p.Vaddr, data, p.Memsz})
	}
	if len(list) == 0 {
		return nil, errors.New("the kernel has no loadable segment")
	}
	slices.SortStableFunc(list, func(a, b segment) int {
		if a.vaddr < b.vaddr {
			return -1
		}
		return 1
	})
	for i := range list[1:] {
		if list[i].end() > list[i+1].vaddr {
			return nil, fmt.Errorf("segments at %#x and %#x overlap", list[i].vaddr, list[i+1].vaddr)
		}
	}
	return list, nil
}

// symbol returns the address of an assembly function. The linker adds a suffix
// to its name if there is also a wrapper for callers in Go.
func symbol(f *elf.File, name string) (uint64, error) {
	syms, err := f.Symbols()
	if err != nil {
		return 0, fmt.Errorf("looking for %s: %w", name, err)
	}
	for _, want := range []string{name + ".abi0", name} {
		for _, s := range syms {
			if s.Name == want && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
				return s.Value, nil
			}
		}
	}
	return 0, fmt.Errorf("the kernel has no function %s; the linker drops what no other code refers to", name)
}

// align rounds up to a whole number of pages.
func align(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }

const pageSize = 4096
