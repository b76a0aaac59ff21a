package check

import (
	"debug/elf"
	"encoding/binary"
	"fmt"

	"golang.org/x/arch/x86/x86asm"
)

// references are the functions to which one function may pass control.
type references struct {
	functions []*function
	// blind: it calls through a pointer, and no function is known to which
	// that could point.
	blind bool
}

// references finds what fn calls or jumps to, and the functions whose address
// it takes or loads from initialised variables.
func (p *program) references(fn *function) (references, error) {
	code, err := p.code(fn)
	if err != nil {
		return references{}, err
	}
	c := collector{program: p, self: fn}
	switch p.machine {
	case elf.EM_X86_64:
		c.amd64(code)
	case elf.EM_AARCH64:
		c.arm64(code)
	default:
		return references{}, fmt.Errorf("cannot disassemble %v", p.machine)
	}
	return references{c.found, c.indirect && !c.pointers}, nil
}

type collector struct {
	*program
	self     *function
	found    []*function
	indirect bool // there is a call through a register or memory
	pointers bool // there is the address of a function
}

// branch notes a call or jump to an address.
func (c *collector) branch(target uint64) {
	if target >= c.self.start && target < c.self.end {
		return
	}
	if fn := c.at(target); fn != nil {
		c.found = append(c.found, fn)
	}
}

// address notes that the code computes an address: of a function; of a
// function value, which is a word with the function's address; or of a variable
// that holds a function value. The first address of all is taken as that of the
// section, not of the function which happens to be there.
func (c *collector) address(addr uint64) {
	for range 3 {
		if addr == c.text {
			return
		}
		if fn := c.at(addr); fn != nil {
			c.found = append(c.found, fn)
			c.pointers = true
			return
		}
		addr = c.word(addr)
	}
}

func (c *collector) amd64(code []byte) {
	for pc := 0; pc < len(code); {
		inst, err := x86asm.Decode(code[pc:], 64)
		if err != nil {
			// Not for this kernel: AVX-512 in a runtime routine, 32-bit
			// start-up code. The following instructions count.
			pc++
			continue
		}
		pc += inst.Len
		next := c.self.start + uint64(pc)
		for _, arg := range inst.Args {
			switch arg := arg.(type) {
			case x86asm.Rel:
				c.branch(next + uint64(int64(arg)))
			case x86asm.Mem:
				if arg.Base == x86asm.RIP {
					c.address(next + uint64(int32(arg.Disp))) // decoded without its sign
				}
			}
		}
		if _, direct := inst.Args[0].(x86asm.Rel); inst.Op == x86asm.CALL && !direct {
			c.indirect = true
		}
	}
}

// arm64 knows the few instructions that matter: Arm ARM (DDI 0487), C6.2. The
// toolchain computes an address by ADRP and the instruction behind it.
func (c *collector) arm64(code []byte) {
	const none = 32
	var page uint64      // from an ADRP just before
	base := uint32(none) // its register
	for off := 0; off+4 <= len(code); off += 4 {
		pc := c.self.start + uint64(off)
		w := binary.LittleEndian.Uint32(code[off:])
		rn, imm12 := w>>5&31, uint64(w>>10&0xfff)
		switch {
		case w&0x7c000000 == 0x14000000: // B, BL
			c.branch(pc + uint64(int64(int32(w<<6))>>4))
		case w&0xfffffc1f == 0xd63f0000: // BLR
			c.indirect = true
		case w&0xffc00000 == 0x91000000 && rn == base: // ADD Xd, Xn, #imm12
			c.address(page + imm12)
		case w&0xffc00000 == 0xf9400000 && rn == base: // LDR Xt, [Xn, #imm12*8]
			c.address(page + imm12*8)
		}
		base = none
		if w&0x9f000000 == 0x90000000 { // ADRP
			imm := uint64(int64(int32(w<<8))>>13)<<2 | uint64(w>>29&3)
			page, base = pc&^0xfff+imm<<12, w&31
		}
	}
}
