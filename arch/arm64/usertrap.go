package arm64

import (
	"syscall"

	"onsen/arch/spec"
)

// More exception classes, which only user mode causes; see esr.go.
const (
	ecBranchTarget = 0x0d
	ecPointerAuth  = 0x1c
	ecFPException  = 0x2c
	ecHardBreak    = 0x30
	ecStep         = 0x32
	ecWatch        = 0x34
)

// Fields of the syndrome of aborts. Arm ARM D19.2, ESR_EL1.
const (
	issWrite       = 1 << 6 // WnR
	issMaintenance = 1 << 8 // CM: a cache maintenance instruction; WnR is 1

	fscFull      = 0x3f
	fscExternal  = 0x10
	fscAlignment = 0x21
	fscExclusive = 0x35 // unsupported exclusive or atomic access
)

// Fields of the syndrome of floating-point exceptions, and what they become.
const issFPValid = 1 << 23 // TFV: the bits below say which exceptions

var fpCodes = [...]struct {
	bit  uint64
	code int32
}{
	{1 << 0, fpeFltinv}, // IOF
	{1 << 1, fpeFltdiv}, // DZF
	{1 << 2, fpeFltovf}, // OFF
	{1 << 3, fpeFltund}, // UFF
	{1 << 4, fpeFltres}, // IXF
}

// si_code, Linux's include/uapi/asm-generic/siginfo.h.
const (
	siKernel   = 128
	illIllopc  = 1
	illIllopn  = 2
	fpeFltdiv  = 3
	fpeFltovf  = 4
	fpeFltund  = 5
	fpeFltres  = 6
	fpeFltinv  = 7
	fpeFltunk  = 14
	busAdraln  = 1
	busObjerr  = 3
	trapBrkpt  = 1
	trapTrace  = 2
	trapHwbkpt = 4
)

// tagMask is the part of an address that the processor ignores in user mode,
// TCR_EL1.TBI0.
const tagMask = 0xff << 56

// untag returns a user address without its tag. Addresses of the kernel's half
// stay as they are, so that they are never taken for others.
//
//go:nosplit
func untag(addr uint64) uint64 {
	if addr>>55&1 == 0 {
		return addr &^ tagMask
	}
	return addr
}

// TopByteIgnored is true: TCR_EL1.TBI0 is set, and a tag can be there.
const TopByteIgnored = true

// UntagAddress is untag for what siginfo tells of an address.
func UntagAddress(addr uintptr) uintptr { return uintptr(untag(uint64(addr))) }

// decode fills c.trap from the syndrome of an exception in user mode and says
// which of the two kinds of exception it is.
func (c *UserContext) decode() spec.Entry {
	r := &c.regs
	ec := r.ESR >> ecShift & ecMask
	c.trap = spec.Trap{Addr: uintptr(r.IP), Number: ec, Error: r.ESR}
	switch ec {
	case ecDataLower:
		a := spec.AccessRead
		if r.ESR&(issWrite|issMaintenance) == issWrite {
			a = spec.AccessWrite
		}
		return c.abort(a)
	case ecInstrLower:
		return c.abort(spec.AccessExec)
	case ecPCAlignment:
		return c.exception(syscall.SIGBUS, busAdraln, r.FAR)
	case ecSPAlignment:
		return c.exception(syscall.SIGBUS, busAdraln, r.Stack)
	case ecFPException:
		return c.exception(syscall.SIGFPE, fpCode(r.ESR), r.IP)
	case ecBreakpoint:
		return c.exception(syscall.SIGTRAP, trapBrkpt, r.IP)
	case ecStep:
		c.rewindStep()
		return c.exception(syscall.SIGTRAP, trapTrace, r.IP)
	case ecHardBreak:
		return c.exception(syscall.SIGTRAP, trapHwbkpt, r.IP)
	case ecWatch:
		return c.exception(syscall.SIGTRAP, trapHwbkpt, untag(r.FAR))
	case ecPointerAuth:
		return c.exception(syscall.SIGILL, illIllopn, r.IP)
	}
	// Undefined instructions, registers and units that programs may not use,
	// 32-bit code, an illegal state.
	return c.exception(syscall.SIGILL, illIllopc, r.IP)
}

// abort describes a failed access to memory.
func (c *UserContext) abort(a spec.Access) spec.Entry {
	r := &c.regs
	addr := untag(r.FAR)
	c.trap.Tag = uintptr(r.FAR ^ addr)
	switch r.ESR & fscMask {
	case fscTranslation, fscAccessFlag, fscPermission:
		c.trap.Addr, c.trap.Access = uintptr(addr), a
		if addr >= uint64(TaskSize) {
			// What is there is not for programs to know: Linux's set_thread_esr.
			const keep = ecMask<<ecShift | 1<<25 // and IL
			if a != spec.AccessExec {
				c.trap.Error &= keep | issWrite | issMaintenance
			} else {
				c.trap.Error &= keep
			}
			c.trap.Error |= fscTranslation
		}
		return spec.EntryPageFault
	}
	switch r.ESR & fscFull {
	case fscAlignment:
		return c.exception(syscall.SIGBUS, busAdraln, addr)
	case fscExternal, fscExclusive:
		c.trap.Tag = 0 // Linux's do_sea
		return c.exception(syscall.SIGBUS, busObjerr, addr)
	}
	return c.exception(syscall.SIGKILL, siKernel, addr)
}

// exception notes which signal an exception stands for.
func (c *UserContext) exception(sig syscall.Signal, code int32, addr uint64) spec.Entry {
	c.trap.Signo, c.trap.Code, c.trap.Addr = int32(sig), code, uintptr(addr)
	return spec.EntryException
}

// fpCode returns the si_code of a floating-point exception.
func fpCode(esr uint64) int32 {
	if esr&issFPValid != 0 {
		for i := range fpCodes {
			if esr&fpCodes[i].bit != 0 {
				return fpCodes[i].code
			}
		}
	}
	return fpeFltunk
}
