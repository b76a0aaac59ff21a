//go:build metal && amd64

package amd64

import (
	"sync/atomic"

	"onsen/arch/spec"
)

// EnterUser runs the program of c; see package arch.
//
//go:noescape
func EnterUser(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry

// EnterUserStep is EnterUser for a program that executes one instruction at a time:
// that is a flag among its registers.
func EnterUserStep(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry {
	return EnterUser(c, flags, work)
}

// The results of EnterUser that assembly gives.
const (
	entryWork    = spec.EntryWork
	entrySyscall = spec.EntrySyscall
)

// loadExtended is called by EnterUser if the extended state is not loaded.
//
//go:nosplit
func loadExtended(c *UserContext) { c.load() }

// EnterUser ends in the following functions where there is more to do than a
// few instructions; each has its arguments, and is called with interrupts masked.

// wentNowhere goes on when the next instruction is outside of user space, or in no
// segment of a program's.
//
//go:nosplit
func wentNowhere(c *UserContext, _ *atomic.Uint32, _ uint32) spec.Entry { return c.jumpedAway() }

// leftUser goes on after an interrupt or an exception, and says which.
//
//go:nosplit
func leftUser(c *UserContext, _ *atomic.Uint32, _ uint32) spec.Entry {
	vec := c.vec
	if vec >= vecDevice {
		recordInterrupt(vec)
		IRQEnable()
		return spec.EntryInterrupt
	}
	dr6 := uint64(0)
	if vec == vecDebug {
		dr6 = takeDR6()
		c.noteDebug(dr6)
	}
	IRQEnable()
	// An access by the processor for the program, to a descriptor or, wrongly, by
	// QEMU's far return, is nothing that a page could be brought in for.
	if vec == vecPageFault && c.code&pfUser != 0 {
		c.pageFault(uintptr(c.cr2), c.code)
		return spec.EntryPageFault
	}
	return c.exception(vec, dr6)
}

// jumpedAway stands for the fault of a program whose next instruction is outside
// of user space, or whose segments are none. The processor would not get there: "If the
// address is not canonical, #GP" - SDM vol. 2, IRET, in kernel mode. The segments come
// first, and the error code is the selector. The one of a stack in an LDT, which there is
// none of, gets lost under Linux: its exc_double_fault has 0 instead.
//
//go:nosplit
func (c *UserContext) jumpedAway() spec.Entry {
	IRQEnable()
	if selector, bad := c.regs.badSegment(); bad {
		if c.code = uint64(selector &^ 3); c.regs.ss&selLDT != 0 {
			c.code = 0
		}
		return c.exception(vecGeneral, 0)
	}
	if c.regs.cs == selUser32Code && c.regs.ip>>32 != 0 {
		c.code = 0 // behind the segment's limit
		return c.exception(vecGeneral, 0)
	}
	if int64(c.regs.ip)<<16>>16 == int64(c.regs.ip) {
		c.pageFault(uintptr(c.regs.ip), pfUser|pfFetch)
		return spec.EntryPageFault
	}
	c.code = 0
	return c.exception(vecGeneral, 0)
}

// pageFault notes an access to memory that was not possible.
//
//go:nosplit
func (c *UserContext) pageFault(addr uintptr, code uint64) {
	a := spec.AccessRead
	switch {
	case code&pfFetch != 0:
		a = spec.AccessExec
	case code&pfWrite != 0:
		a = spec.AccessWrite
	}
	if addr >= TaskSize {
		code |= pfPresent // what is there is not for programs to know
	}
	c.trap = spec.Trap{Addr: addr, Access: a, Number: vecPageFault, Error: code}
}

// Signals and si_codes that exceptions stand for (include/uapi/asm-generic).
const (
	sigill  = 4
	sigtrap = 5
	sigbus  = 7
	sigfpe  = 8
	sigsegv = 11

	siKernel   = 0x80
	illIllopn  = 2
	trapBrkpt  = 1
	trapTrace  = 2
	trapHwbkpt = 4
	fpeIntdiv  = 1
	fpeFltdiv  = 3
	fpeFltovf  = 4
	fpeFltund  = 5
	fpeFltres  = 6
	fpeFltinv  = 7
	busAdraln  = 1
)

// exception notes an exception as the signal that Linux sends for it
// (arch/x86/kernel/traps.c).
//
//go:nosplit
func (c *UserContext) exception(vec, dr6 uint64) spec.Entry {
	t := spec.Trap{Signo: sigsegv, Code: siKernel, Number: vec, Error: c.code}
	pc := uintptr(c.regs.ip)
	switch vec {
	case vecDivide:
		t.Signo, t.Code, t.Addr = sigfpe, fpeIntdiv, pc
	case vecDebug:
		t.Signo, t.Code, t.Addr = sigtrap, debugCode(dr6), pc
	case vecBreakpoint:
		t.Signo = sigtrap
	case vecInvalid:
		t.Signo, t.Code, t.Addr = sigill, illIllopn, pc
	case vecCoprocessor:
		t.Signo = sigfpe
	case vecNotPresent, vecStack:
		t.Signo = sigbus
	case vecAlignment:
		t.Signo, t.Code = sigbus, busAdraln
	case vecX87:
		c.save()
		area := (*[2]uint16)(pointer(c.xsave)) // FCW and FSW
		t.Signo, t.Code, t.Addr = sigfpe, floatCode(area[1]&^area[0]), pc
	case vecSIMD:
		t.Signo, t.Code, t.Addr = sigfpe, floatCode(uint16(c.mxcsr&^(c.mxcsr>>7))), pc
	}
	c.trap = t
	return spec.EntryException
}

// debugCode returns the si_code for the reasons in DR6 (SDM vol. 3, 17.2.3).
//
//go:nosplit
func debugCode(dr6 uint64) int32 {
	const (
		step        = 1 << 14
		breakpoints = 1<<4 - 1
	)
	switch {
	case dr6&step != 0:
		return trapTrace
	case dr6&breakpoints != 0:
		return trapHwbkpt
	}
	return trapBrkpt
}

// floatCode returns the si_code for the unmasked exceptions of the x87 or of SSE
// (SDM vol. 1, 8.1.3 and 10.2.3).
//
//go:nosplit
func floatCode(e uint16) int32 {
	const invalid, denormal, divide, overflow, underflow, precision = 1, 2, 4, 8, 16, 32
	switch {
	case e&invalid != 0:
		return fpeFltinv
	case e&divide != 0:
		return fpeFltdiv
	case e&overflow != 0:
		return fpeFltovf
	case e&(denormal|underflow) != 0:
		return fpeFltund
	case e&precision != 0:
		return fpeFltres
	}
	return siKernel
}
