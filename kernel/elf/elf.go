// Package elf reads the headers of 64-bit ELF programs and plans what of a file
// goes where in memory (elf(5)). It is pure: it takes bytes and returns numbers,
// whatever the bytes are.
//
// The rules are those of Linux's fs/binfmt_elf.c, also where the specification
// would be stricter: the class, the version and the section headers are not
// looked at.
package elf

import (
	"encoding/binary"
	"syscall"

	"onsen/arch"
)

const (
	// HeaderSize is the size of the header at the start of a file.
	HeaderSize = 64
	// ProgSize is the size of a program header, and e_phentsize.
	ProgSize = 56
	// maxProgsSize is the most that all program headers together take up.
	maxProgsSize = arch.PageSize
	// maxInterp is the longest name of an interpreter, its NUL counted;
	// PATH_MAX.
	maxInterp = 4096
)

// Type says what a file is; e_type.
type Type uint16

const (
	// Exec is a program for fixed addresses; ET_EXEC.
	Exec Type = 2
	// Dyn is a program or interpreter that runs anywhere; ET_DYN.
	Dyn Type = 3
)

// Header is what counts of the ELF header.
type Header struct {
	Type      Type
	Machine   uint16
	Entry     uint64
	PhOff     uint64
	PhEntSize uint16
	PhNum     uint16
}

// ParseHeader reads the header at the start of b. It returns ENOEXEC if there is
// no ELF header for a program of this machine.
func ParseHeader(b []byte, machine uint16) (h Header, err error) {
	if len(b) < HeaderSize || string(b[:4]) != "\x7fELF" {
		return h, syscall.ENOEXEC
	}
	le := binary.LittleEndian
	h = Header{
		Type:      Type(le.Uint16(b[16:])),
		Machine:   le.Uint16(b[18:]),
		Entry:     le.Uint64(b[24:]),
		PhOff:     le.Uint64(b[32:]),
		PhEntSize: le.Uint16(b[54:]),
		PhNum:     le.Uint16(b[56:]),
	}
	if h.Type != Exec && h.Type != Dyn || h.Machine != machine {
		return h, syscall.ENOEXEC
	}
	return h, nil
}

// ProgsSize returns how many bytes the program headers take up. It returns
// ENOEXEC if they are none, too many, or of another size than ours.
func (h *Header) ProgsSize() (int, error) {
	n := int(h.PhNum) * ProgSize
	if h.PhEntSize != ProgSize || n == 0 || n > maxProgsSize || int64(h.PhOff) < 0 {
		return 0, syscall.ENOEXEC
	}
	return n, nil
}

// ProgType says what a program header is about; p_type.
type ProgType uint32

// The program headers that the kernel looks at.
const (
	Load     ProgType = 1
	Interp   ProgType = 3
	GNUStack ProgType = 0x6474e551
)

// Flags of a program header; p_flags.
const (
	FlagX uint32 = 1 << iota
	FlagW
	FlagR
)

// Prog is a program header.
type Prog struct {
	Type   ProgType
	Flags  uint32
	Off    uint64
	Vaddr  uint64
	Filesz uint64
	Memsz  uint64
	Align  uint64
}

// ParseProgs reads the program headers that fill b, and appends them to progs.
func ParseProgs(progs []Prog, b []byte) []Prog {
	le := binary.LittleEndian
	for ; len(b) >= ProgSize; b = b[ProgSize:] {
		progs = append(progs, Prog{
			Type:   ProgType(le.Uint32(b)),
			Flags:  le.Uint32(b[4:]),
			Off:    le.Uint64(b[8:]),
			Vaddr:  le.Uint64(b[16:]),
			Filesz: le.Uint64(b[32:]),
			Memsz:  le.Uint64(b[40:]),
			Align:  le.Uint64(b[48:]),
		})
	}
	return progs
}

// FindInterp returns the program header that says where in the file the name
// of the interpreter is, nil if there is none, and ENOEXEC if it cannot be a
// name.
func FindInterp(progs []Prog) (*Prog, error) {
	for i := range progs {
		p := &progs[i]
		if p.Type != Interp {
			continue
		}
		if p.Filesz < 2 || p.Filesz > maxInterp || int64(p.Off) < 0 {
			return nil, syscall.ENOEXEC
		}
		return p, nil
	}
	return nil, nil
}

// InterpName returns the name that b, the file's part that FindInterp has told
// of, holds. It returns ENOEXEC if the name is not terminated.
func InterpName(b []byte) (string, error) {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return "", syscall.ENOEXEC
	}
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), nil
		}
	}
	return "", syscall.ENOEXEC
}

// StackMode says what a program wants of its stack.
type StackMode uint8

const (
	// StackDefault is a program that does not say; the architecture decides.
	StackDefault StackMode = iota
	// StackNoExec is a stack from which nothing can be executed.
	StackNoExec
	// StackExec is a stack from which code can be executed.
	StackExec
)

// FindStackMode returns what PT_GNU_STACK says.
func FindStackMode(progs []Prog) StackMode {
	m := StackDefault
	for i := range progs {
		if progs[i].Type == GNUStack {
			m = StackNoExec
			if progs[i].Flags&FlagX != 0 {
				m = StackExec
			}
		}
	}
	return m
}
