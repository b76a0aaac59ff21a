//go:build metal && amd64

package amd64

import "unsafe"

// InitThreadStack prepares the kernel stack of a new thread; see package arch.
// The stack holds, from the bottom: what SwitchStack pops, the address of
// threadStart, and the Frame that it returns through.
//
//go:nosplit
func InitThreadStack(top uintptr, parent *Frame, sp, tls uintptr) uintptr {
	at := top - unsafe.Sizeof(Frame{})
	f := (*Frame)(pointer(at))
	*f = *parent
	f.RSP = uint64(sp)
	f.AX = 0
	return initSwitch(at, threadStartPC())
}

// InitIdleStack prepares the boot CPU's idle stack; see package arch.
//
//go:nosplit
func InitIdleStack() uintptr { return initSwitch(percpus[0].idleSP-16, idleStartPC()) }

// initSwitch puts below sp what SwitchStack expects, so that it "returns" to pc
// with the stack pointer at sp.
//
//go:nosplit
func initSwitch(sp, pc uintptr) uintptr {
	s := (*[3]uintptr)(pointer(sp - 24))
	s[0], s[1], s[2] = 0, 0, pc // R14, BP, return address
	return sp - 24
}
