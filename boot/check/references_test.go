package check

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Addresses of the synthetic program: functions before and after the one under
// test, and variables.
const (
	textStart = 0x10000
	before    = 0x10100
	self      = 0x20000
	after     = 0x30000
	value     = 0x40000 // function value: the address of after
	variable  = 0x40008 // holds the function value
	plainVar  = 0x40010 // holds something else
	unset     = 0x40018
)

// synthetic returns a program in which the function self has this code.
func synthetic(machine elf.Machine, code []byte) (*program, *function) {
	p := &program{machine: machine, text: textStart}
	for _, f := range []function{
		{"text", textStart, textStart + 16}, {"before", before, before + 16},
		{"self", self, self + uint64(len(code))}, {"after", after, after + 16},
	} {
		p.functions = append(p.functions, &f)
	}
	le := binary.LittleEndian
	vars := le.AppendUint64(nil, after)
	vars = le.AppendUint64(vars, value)
	vars = le.AppendUint64(vars, 42)
	vars = le.AppendUint64(vars, 0)
	p.memory = []memory{{self, code}, {value, vars}}
	return p, p.functions[2]
}

// rel appends the 32-bit distance from the end of the instruction to target.
func rel(target uint64, code ...byte) []byte {
	next := self + uint64(len(code)) + 4
	return binary.LittleEndian.AppendUint32(code, uint32(target-next))
}

// a64 returns instructions as bytes.
func a64(words ...uint32) []byte {
	var code []byte
	for _, w := range words {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	return code
}

// adrp is ADRP X1, target, at the start of self.
func adrp(target uint64) uint32 {
	pages := uint32(int64(target>>12) - self>>12)
	return 0x90000001 | pages&3<<29 | pages>>2&0x7ffff<<5
}

func TestReferences(t *testing.T) {
	const b, bl = 0x14000000, 0x94000000
	to := func(target int64) uint32 { return uint32((target-self)/4) & 0x3ffffff }
	tests := []struct {
		name  string
		mach  elf.Machine
		code  []byte
		want  string // functions, separated by spaces
		blind bool
	}{
		{"call forward", elf.EM_X86_64, rel(after, 0xe8), "after", false},
		{"call backward", elf.EM_X86_64, rel(before, 0xe8), "before", false},
		{"jump", elf.EM_X86_64, rel(after, 0xe9), "after", false},
		{"conditional jump", elf.EM_X86_64, rel(after, 0x0f, 0x84), "after", false},
		{"jump inside", elf.EM_X86_64, []byte{0xeb, 0x00, 0xc3}, "", false},
		{"address forward", elf.EM_X86_64, rel(after, 0x48, 0x8d, 0x05), "after", false},
		{"address backward", elf.EM_X86_64, rel(before, 0x48, 0x8d, 0x05), "before", false},
		{"address of the code", elf.EM_X86_64, rel(textStart, 0x48, 0x8d, 0x05), "", false},
		{"address inside a function", elf.EM_X86_64, rel(after+1, 0x48, 0x8d, 0x05), "", false},
		{"function value", elf.EM_X86_64, rel(value, 0x48, 0x8d, 0x15), "after", false},
		{"variable", elf.EM_X86_64, append(rel(variable, 0x48, 0x8b, 0x15), 0xff, 0x12), "after", false},
		{"another variable", elf.EM_X86_64, append(rel(plainVar, 0x48, 0x8b, 0x15), 0xff, 0x12), "", true},
		{"variable without value", elf.EM_X86_64, append(rel(unset, 0x48, 0x8b, 0x15), 0xff, 0x12), "", true},
		{"call through a register", elf.EM_X86_64, []byte{0xff, 0xd0}, "", true},
		{"after an unknown instruction", elf.EM_X86_64, append([]byte{0x06}, rel(after-1, 0xe8)...), "after", false},

		{"call forward", elf.EM_AARCH64, a64(bl | to(after)), "after", false},
		{"call backward", elf.EM_AARCH64, a64(bl | to(before)), "before", false},
		{"jump", elf.EM_AARCH64, a64(b | to(after)), "after", false},
		{"jump inside", elf.EM_AARCH64, a64(0xd503201f, b|0x3ffffff), "", false},
		{"address forward", elf.EM_AARCH64, a64(adrp(after), 0x91000022|after&0xfff<<10), "after", false},
		{"address backward", elf.EM_AARCH64, a64(adrp(before), 0x91000022|before&0xfff<<10), "before", false},
		{"address of the code", elf.EM_AARCH64, a64(adrp(textStart), 0x91000022), "", false},
		{"function value", elf.EM_AARCH64, a64(adrp(value), 0x91000022), "after", false},
		{"variable", elf.EM_AARCH64, a64(adrp(variable), 0xf9400422, 0xd63f0040), "after", false},
		{"another variable", elf.EM_AARCH64, a64(adrp(plainVar), 0xf9400822, 0xd63f0040), "", true},
		{"another register", elf.EM_AARCH64, a64(adrp(variable), 0xf9400442), "", false},
		{"register changed", elf.EM_AARCH64, a64(adrp(after), 0x91004021, 0x91000022), "", false},
		{"call through a register", elf.EM_AARCH64, a64(0xd63f0040), "", true},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.mach, " ", test.name), func(t *testing.T) {
			p, fn := synthetic(test.mach, test.code)
			r, err := p.references(fn)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range r.functions {
				names = append(names, f.name)
			}
			if got := strings.Join(slices.Compact(names), " "); got != test.want || r.blind != test.blind {
				t.Errorf("refers to %q, blind %v; want %q, %v", got, r.blind, test.want, test.blind)
			}
		})
	}
}

func FuzzReferences(f *testing.F) {
	f.Add(rel(after, 0xe8))
	f.Add(a64(adrp(variable), 0xf9400422, 0xd63f0040))
	f.Fuzz(func(t *testing.T, code []byte) {
		for _, machine := range []elf.Machine{elf.EM_X86_64, elf.EM_AARCH64} {
			p, fn := synthetic(machine, code)
			if _, err := p.references(fn); err != nil {
				t.Error(err)
			}
		}
	})
}
