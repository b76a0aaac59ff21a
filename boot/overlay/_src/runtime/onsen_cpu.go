package runtime

import "unsafe"

// The few instructions that the kernel executes most often and Go cannot
// express. They are in this package because only here assembly may use Go's
// register calling convention, which makes them three times cheaper than a call
// of assembly elsewhere.

// CPURecord returns the address of this CPU's own record: on amd64 the word to
// which GS points, on arm64 TPIDR_EL1.
//
//go:nosplit
func CPURecord() unsafe.Pointer

// IRQSave masks interrupts on this CPU and returns what IRQRestore needs.
//
//go:nosplit
func IRQSave() uintptr

// IRQRestore sets the mask that IRQSave returned.
//
//go:nosplit
func IRQRestore(flags uintptr)
