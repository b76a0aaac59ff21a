//go:build metal

// Package usertest has the code of small programs with which the kernel tests
// how user mode is entered and left. It makes no use of what it has in common
// with the kernel: it is copied to a page of its own and runs there.
//
// A program finds its number and a parameter in the first two words of its
// stack, and may use the six behind. What it has to say it says with system
// calls of numbers that Linux does not have.
package usertest

import "unsafe"

// Programs.
const (
	// Null makes SysNull and then SysReport for ever, the latter with the
	// result of the former and Kept.
	Null = iota
	// Load loads the word at the parameter and reports it.
	Load
	// Store stores 1 at the parameter and reports 0.
	Store
	// Illegal executes an undefined instruction.
	Illegal
	// Count adds 1 to the word at the parameter for ever.
	Count
	// Poll makes SysReport once the word at the parameter is not 0.
	Poll
	// State puts values made from the parameter, which is less than 2^40, into
	// registers of all kinds. It looks at them for ever, and at the word at the
	// thread pointer, which must be the parameter. Now and then it makes
	// SysYield, and SysBad as soon as one has changed.
	State
)

// System calls.
const (
	SysNull   = 100000 // arguments 1 to 6
	SysReport = 100001 // arguments: see the programs
	SysYield  = 100002 // no arguments
	SysBad    = 100003 // argument 0 says what has changed
)

// Kept is the sum of six registers that Null sets before SysNull and that a
// system call must not change.
const Kept = 0x1_0000_0001 * (1 + 2 + 3 + 4 + 5 + 6)

// codeSize is more than code has.
const codeSize = 2048

func codePC() uintptr

// Code returns the code of all programs; they begin with the first instruction,
// wherever it is.
func Code() []byte {
	pc := codePC()
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&pc)), codeSize)
}
