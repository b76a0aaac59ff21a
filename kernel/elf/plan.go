package elf

import (
	"math/bits"
	"syscall"

	"onsen/arch"
)

// Segment is a part of a program's memory, in the addresses of the file: the
// load bias is not in them. First come FileLen bytes of the file from Addr on,
// then zeros: those of the last page of the file's part, [ZeroAddr, ZeroAddr+
// ZeroLen), and whole pages, [BssAddr, BssAddr+BssLen). Each may be empty.
type Segment struct {
	Flags   uint32 // FlagR, FlagW and FlagX
	Addr    uint64 // of a page
	Off     uint64 // in the file; of a page
	FileLen uint64 // a multiple of the page size

	ZeroAddr, ZeroLen uint64
	BssAddr, BssLen   uint64
}

// Layout is what a program's memory is made of, in the addresses of the file.
type Layout struct {
	Segments []Segment

	// Start and End are the whole pages from the lowest address to the
	// highest, and Align what the lowest must be aligned to in a program that
	// may be anywhere; 0 for nothing but pages.
	Start, End uint64
	Align      uint64

	// Phdr is where the program headers are found in memory, 0 for nowhere.
	Phdr uint64

	// As in struct mm_struct.
	StartCode, EndCode, StartData, EndData, Brk uint64
}

const pageMask = arch.PageSize - 1

func pageDown(a uint64) uint64 { return a &^ pageMask }
func pageUp(a uint64) uint64   { return (a + pageMask) &^ pageMask }

// Plan says where the segments of a file go. It returns EINVAL if one of them
// goes beyond limit, the end of user space, or is no segment at all, and
// ENOEXEC if there is none. limit is far from overflow.
func Plan(h *Header, progs []Prog, limit uint64) (*Layout, error) {
	l := &Layout{Start: limit, StartCode: ^uint64(0)}
	l.Segments = make([]Segment, 0, 4)
	for i := range progs {
		p := &progs[i]
		if p.Type != Load {
			continue
		}
		if err := p.check(limit); err != nil {
			return nil, err
		}
		if p.Memsz > 0 {
			l.Segments = append(l.Segments, p.segment())
		}
		l.include(p, h.PhOff)
	}
	if l.End <= l.Start {
		return nil, syscall.ENOEXEC
	}
	if l.StartCode == ^uint64(0) {
		l.StartCode = 0
	}
	l.Align = alignment(progs)
	return l, nil
}

// check returns EINVAL if p is not a segment within user space.
func (p *Prog) check(limit uint64) error {
	switch {
	case p.Filesz > p.Memsz,
		p.Memsz > limit,
		p.Vaddr > limit-p.Memsz,
		(p.Vaddr-p.Off)&pageMask != 0 && p.Filesz > 0,
		// The file's part must have offsets that a file can have.
		p.Off > 1<<62:
		return syscall.EINVAL
	}
	return nil
}

// segment returns what p, which has been checked, asks for.
func (p *Prog) segment() Segment {
	s := Segment{Flags: p.Flags & (FlagR | FlagW | FlagX), Addr: pageDown(p.Vaddr)}
	end, fileEnd := p.Vaddr+p.Memsz, p.Vaddr+p.Filesz
	bss := s.Addr
	if p.Filesz > 0 {
		bss = pageUp(fileEnd)
		s.Off = pageDown(p.Off)
		s.FileLen = bss - s.Addr
	}
	if p.Filesz == p.Memsz {
		return s
	}
	if p.Filesz > 0 && fileEnd < bss {
		s.ZeroAddr, s.ZeroLen = fileEnd, bss-fileEnd
	}
	if end = pageUp(end); end > bss {
		s.BssAddr, s.BssLen = bss, end-bss
	}
	return s
}

// include notes what p means for the whole.
func (l *Layout) include(p *Prog, phoff uint64) {
	fileEnd, end := p.Vaddr+p.Filesz, p.Vaddr+p.Memsz
	l.Start = min(l.Start, pageDown(p.Vaddr))
	l.End = max(l.End, pageUp(end))
	if p.Off <= phoff && phoff-p.Off < p.Filesz {
		l.Phdr = phoff - p.Off + p.Vaddr
	}
	if p.Flags&FlagX != 0 {
		l.StartCode = min(l.StartCode, p.Vaddr)
		l.EndCode = max(l.EndCode, fileEnd)
	}
	l.StartData = max(l.StartData, p.Vaddr)
	l.EndData = max(l.EndData, fileEnd)
	l.Brk = max(l.Brk, end)
}

// alignment returns the largest alignment that a segment asks for. What is no
// power of two does not count; Linux's maximum_alignment.
func alignment(progs []Prog) uint64 {
	most := uint64(0)
	for i := range progs {
		if p := &progs[i]; p.Type == Load && bits.OnesCount64(p.Align) == 1 {
			most = max(most, p.Align)
		}
	}
	if most <= arch.PageSize {
		return 0
	}
	return most
}
