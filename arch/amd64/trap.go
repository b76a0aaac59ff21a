//go:build metal && amd64

package amd64

import "onsen/arch/spec"

// Vectors (SDM vol. 3, table 6-1, and ours above 32).
const (
	vecDivide       = 0
	vecDebug        = 1
	vecNMI          = 2
	vecBreakpoint   = 3
	vecOverflow     = 4
	vecInvalid      = 6
	vecDoubleFault  = 8
	vecCoprocessor  = 9
	vecNotPresent   = 11
	vecStack        = 12
	vecGeneral      = 13
	vecPageFault    = 14
	vecX87          = 16
	vecAlignment    = 17
	vecMachineCheck = 18
	vecSIMD         = 19
	vecDevice       = 32 // device line n is vector 32+n
	vecTimer        = 0xf0
	vecFlush        = 0xf1
	vecIPI          = 0xf2
	vecSpurious     = 0xff

	// vecSyscall marks the Frame of a system call; no real vector has it.
	vecSyscall = 0x100

	// stubSize is the distance between two stubs.
	stubSize = 16
)

// Bits of a page fault's error code (SDM vol. 3, 4.7).
const (
	pfPresent = 1 << 0
	pfWrite   = 1 << 1
	pfUser    = 1 << 2
	pfRsvd    = 1 << 3
	pfFetch   = 1 << 4
)

// kernelSyscall is entered with a system call of the Go runtime.
//
//go:nosplit
func kernelSyscall(f *Frame) { rtSyscall(f) }

// newThread is entered by a new thread.
//
//go:nosplit
func newThread() { rtThreadStart() }

// newIdle is entered by the boot CPU's idle stack.
//
//go:nosplit
func newIdle() { rtIdleStart() }

// kernelTrap is entered with every exception and interrupt taken in kernel mode.
//
//go:nosplit
func kernelTrap(f *Frame) {
	if f.Vec >= vecDevice {
		interrupt(f)
		return
	}
	switch f.Vec {
	case vecPageFault:
		addr := readCR2()
		if fixUserAccess(f, addr) || f.Err&pfPresent == 0 && syncKernelHalf(addr) {
			return
		}
		kind := spec.FaultTranslation
		if f.Err&(pfPresent|pfRsvd) != 0 {
			kind = spec.FaultAccess
		}
		rtFault(f, kind, addr)
	case vecDivide:
		rtFault(f, spec.FaultDivide, f.PC())
	case vecInvalid:
		rtFault(f, spec.FaultIllegal, f.PC())
	case vecBreakpoint:
		rtFault(f, spec.FaultBreakpoint, f.PC())
	case vecGeneral:
		if !fixUserAccess(f, 0) { // the address is not told
			rtFault(f, spec.FaultAccess, 0)
		}
	case vecDebug:
		// The kernel has accessed what a program watches, for the program.
		if takeDR6()&dr6Hits == 0 || this().debug == 0 {
			rtFault(f, spec.FaultOther, f.PC())
		}
	case vecNMI:
		stopHere(f)
	default:
		rtFault(f, spec.FaultOther, f.PC())
	}
}

// interrupt records what has interrupted kernel code and lets rt decide who
// goes on.
//
//go:nosplit
func interrupt(f *Frame) {
	recordInterrupt(f.Vec)
	rtInterrupt(f)
}

// recordInterrupt acknowledges an interrupt and notes it for the task side.
//
//go:nosplit
func recordInterrupt(vec uint64) {
	c := this()
	switch vec {
	case vecSpurious:
		return // not in service: no end of interrupt (SDM vol. 3, 10.9)
	case vecTimer:
		c.events.Or(uint32(spec.EventTimer))
	case vecFlush:
		answerFlush(c)
	case vecIPI:
		// The sender has set the event bits.
	default:
		recordIRQ(c, int(vec-vecDevice))
	}
	endOfInterrupt()
}
