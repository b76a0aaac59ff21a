// Package arm64dis disassembles arm64 code for package oops.
package arm64dis

import "golang.org/x/arch/arm64/arm64asm"

// MaxLen is the length of every instruction in bytes.
const MaxLen = 4

// Len returns the length in bytes of the first instruction in code, 0 if there
// is none. It doesn't look whether the instruction is a valid one.
func Len(code []byte) int {
	if len(code) < MaxLen {
		return 0
	}
	return MaxLen
}

// Text returns the first instruction in code, which stands at pc, in the syntax
// of Go's assembler. symbol names the function that contains an address. The
// text is empty if the instruction is unknown.
func Text(code []byte, pc uint64, symbol func(addr uint64) (name string, base uint64)) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	inst, err := arm64asm.Decode(code)
	if err != nil {
		return ""
	}
	return arm64asm.GoSyntax(inst, pc, symbol, nil)
}
