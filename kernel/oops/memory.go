package oops

import "encoding/binary"

// A Memory copies what stands at addr into p, as far as it can be read without
// a fault, and returns how many bytes that were.
type Memory func(addr uintptr, p []byte) int

// word reads a pointer-sized word.
func (m Memory) word(addr uintptr) (v uintptr, ok bool) {
	var b [wordSize]byte
	if m == nil || addr%wordSize != 0 || m(addr, b[:]) != wordSize {
		return 0, false
	}
	return uintptr(binary.NativeEndian.Uint64(b[:])), true
}

const wordSize = 8
