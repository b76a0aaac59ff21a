package oops

import "fmt"

// An ISA disassembles the code of one architecture.
type ISA struct {
	// MaxLen is the length of the longest instruction in bytes; Fixed says
	// that all have it.
	MaxLen int
	Fixed  bool

	// Len returns the length of the first instruction in code, 0 if that is
	// none.
	Len func(code []byte) int

	// Text returns the first instruction in code, which stands at pc, and ""
	// if that is none. symbol names the function that contains an address.
	Text func(code []byte, pc uint64, symbol func(addr uint64) (name string, base uint64)) string
}

const (
	linesBefore = 8
	linesAfter  = 5

	// maxSkip bounds how far the entry of a function may be in front of the
	// program counter for Code to start there.
	maxSkip = 256 << 10
)

// Code returns the instructions around pc, one per line, that at pc marked
// with ">". It counts instructions from the entry of the function, because
// only that tells where they start if they differ in length.
func (isa *ISA) Code(pc uintptr, mem Memory) []string {
	starts := isa.starts(pc, mem)
	var lines []string
	for i, addr := range starts {
		next := pc
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		lines = append(lines, isa.line(addr, min(isa.MaxLen, int(next-addr)), false, mem))
	}
	addr := pc
	for range linesAfter + 1 {
		lines = append(lines, isa.line(addr, isa.MaxLen, addr == pc, mem))
		n := isa.Len(isa.read(addr, isa.MaxLen, mem))
		if n == 0 {
			break
		}
		addr += uintptr(n)
	}
	return lines
}

// starts returns the addresses of the last instructions in front of pc.
func (isa *ISA) starts(pc uintptr, mem Memory) []uintptr {
	_, addr := Symbol(pc)
	if isa.Fixed {
		addr = max(addr, pc-uintptr(linesBefore*isa.MaxLen))
	}
	if addr == 0 || pc-addr > maxSkip {
		return nil
	}
	var starts []uintptr
	for addr < pc {
		code := isa.read(addr, isa.MaxLen, mem)
		if len(code) > 0 {
			starts = append(starts[max(0, len(starts)-linesBefore+1):], addr)
		}
		addr += uintptr(max(isa.Len(code), isa.minLen()))
	}
	return starts
}

// minLen is how far to go on from where there is no instruction.
func (isa *ISA) minLen() int {
	if isa.Fixed {
		return isa.MaxLen
	}
	return 1
}

func (isa *ISA) read(addr uintptr, n int, mem Memory) []byte {
	b := make([]byte, n)
	if mem == nil {
		return nil
	}
	return b[:mem(addr, b)]
}

// line returns the instruction at addr, which has at most limit bytes.
func (isa *ISA) line(addr uintptr, limit int, here bool, mem Memory) string {
	mark := ' '
	if here {
		mark = '>'
	}
	code := isa.read(addr, limit, mem)
	if len(code) == 0 {
		return fmt.Sprintf("%c %016x: can't be read", mark, addr)
	}
	n := isa.Len(code)
	text := "(bad)"
	if n == 0 {
		n = min(limit, 1)
	} else if s := isa.Text(code, uint64(addr), symbol64); s != "" {
		text = s
	}
	return fmt.Sprintf("%c %016x: %-24x %s", mark, addr, code[:n], text)
}

func symbol64(addr uint64) (string, uint64) {
	name, entry := Symbol(uintptr(addr))
	return name, uint64(entry)
}
