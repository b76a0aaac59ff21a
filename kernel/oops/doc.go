// Package oops describes what a CPU was doing when it failed: the value of a
// panic, registers, the stack with functions and source lines, and the
// instructions around the program counter. The report comes as lines through a
// function of the caller's, and looks like Linux's where there is no reason for
// it not to.
//
// Names and lines are those that the Go linker puts into every program. All
// memory is read through a Memory, and no pointer found there is trusted, so
// that a ruined stack makes a short report and not another fault.
//
// The package is ordinary Go and allocates.
package oops
