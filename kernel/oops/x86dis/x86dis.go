// Package x86dis disassembles amd64 code for package oops.
package x86dis

import "golang.org/x/arch/x86/x86asm"

// MaxLen is the length of the longest instruction in bytes.
const MaxLen = 15

// Len returns the length in bytes of the first instruction in code, 0 if there
// is none.
func Len(code []byte) int {
	inst, ok := decode(code)
	if !ok {
		return 0
	}
	return inst.Len
}

// Text returns the first instruction in code, which stands at pc, in the syntax
// of Go's assembler. symbol names the function that contains an address. The
// text is empty where Len is 0.
func Text(code []byte, pc uint64, symbol func(addr uint64) (name string, base uint64)) (text string) {
	inst, ok := decode(code)
	if !ok {
		return ""
	}
	defer func() {
		if recover() != nil {
			text = inst.Op.String()
		}
	}()
	return x86asm.GoSyntax(inst, pc, symbol)
}

// decode takes a panic for no instruction: whoever asks has trouble enough.
// Prefixes with nothing behind them come from Decode as an Inst without Op.
func decode(code []byte) (inst x86asm.Inst, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	inst, err := x86asm.Decode(code, 64)
	return inst, err == nil && inst.Op != 0
}
