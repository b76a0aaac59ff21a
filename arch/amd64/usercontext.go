//go:build metal && amd64

package amd64

import (
	"syscall"

	"onsen/arch/amd64/sigframe"
	"onsen/arch/spec"
)

// TaskSize is the end of user space. The last page of the lower half is not
// part of it: a SYSCALL instruction at its end would leave a return address
// that is not canonical (Linux's TASK_SIZE_MAX).
const TaskSize uintptr = 1<<47 - pageSize

// UserStackTop is the end of a new program's stack.
const UserStackTop = TaskSize

// StackRandom is Linux's STACK_RND_MASK in arch/x86/include/asm/elf.h.
const StackRandom = 1 << 34

// UserContext is all that the processor keeps for a program. Owned by its task.
//
// The entry code writes to it while GS is not yet the kernel's, or SP not yet a
// stack, and must not fault: the heap is mapped on demand. So what it writes
// lies between what it has read on the way to user mode, regs and x, and that is
// less than a page.
type UserContext struct {
	regs PtRegs

	// vec, code and cr2 are of the last interrupt or exception in user mode.
	vec, code, cr2 uint64

	fsBase uint64
	mxcsr  uint32
	// loaded is not 0 while the state in xsave is in this CPU's registers,
	// where only user mode changes it.
	loaded uint32

	// x is XMM0 to XMM15, which Go code uses.
	x [32]uint64

	// extended is the storage for the state that Go code does not use, and
	// xsave the aligned address in it; see xstate.go.
	extended []byte
	xsave    uintptr
	gsBase   uint64
	// lastCPU is one more than the CPU whose registers had the state last, or 0.
	lastCPU uint64

	trap spec.Trap // the last fault or exception
	told told      // what signal frames tell

	frame *sigframe.Frame // where they are put together, if there was one

	tracedWord int64 // orig_rax, while a tracer may look
	stepping   bool  // TF is set by EnableSingleStep
	debug      *debugRegs
}

// defaultMXCSR masks all exceptions (SDM vol. 1, 11.6.4).
const defaultMXCSR = sigframe.DefaultMXCSR

// Regs returns the general registers.
func (c *UserContext) Regs() *PtRegs { return &c.regs }

// Trap describes the last fault or exception.
func (c *UserContext) Trap() *spec.Trap { return &c.trap }

// Reset makes c that of a new program, whose first instruction StartThread sets.
func (c *UserContext) Reset() {
	c.forget()
	extended, xsave := c.extended, c.xsave
	*c = UserContext{mxcsr: defaultMXCSR, extended: extended, xsave: xsave, frame: c.frame}
	c.initExtended()
	c.regs.StartThread(0, 0)
}

// Copy makes c the context of a new task, a copy of from, which is the caller's.
func (c *UserContext) Copy(from *UserContext) {
	c.regs, c.x = from.regs, from.x
	if from.stepping {
		c.regs.flags &^= flagTF
	}
	c.fsBase, c.mxcsr = from.fsBase, from.mxcsr
	c.trap, c.told = from.trap, from.told
	c.forget()
	c.copyExtended(from)
}

// TLS returns the thread pointer.
func (c *UserContext) TLS() uintptr { return uintptr(c.fsBase) }

// SetTLS sets the thread pointer; EPERM for an address outside of user space.
func (c *UserContext) SetTLS(tls uintptr) error {
	if tls >= TaskSize {
		return syscall.EPERM
	}
	c.fsBase = uint64(tls)
	return nil
}

// Codes of arch_prctl(2).
const (
	archSetGS = 0x1001
	archSetFS = 0x1002
	archGetFS = 0x1003
	archGetGS = 0x1004
)

// ArchPrctl is arch_prctl(2) of the calling task. What ARCH_GET_FS and
// ARCH_GET_GS return is for the caller to store at addr. It returns EPERM for a
// base outside of user space and EINVAL for an unknown code.
func ArchPrctl(c *UserContext, code int, addr uintptr) (uintptr, error) {
	switch code {
	case archSetFS:
		return 0, c.SetTLS(addr)
	case archGetFS:
		return c.TLS(), nil
	case archSetGS:
		if addr >= TaskSize {
			return 0, syscall.EPERM
		}
		c.save()
		c.forget()
		c.gsBase = uint64(addr)
		return 0, nil
	case archGetGS:
		c.save()
		return uintptr(c.gsBase), nil
	}
	return 0, syscall.EINVAL
}

// CloneArgs tells the arguments of clone(2) apart:
// clone(flags, stack, parent_tid, child_tid, tls).
func CloneArgs(a *[6]uintptr) (flags, stack, ptid, ctid, tls uintptr) {
	return a[0], a[1], a[2], a[3], a[4]
}
