package arm64

import (
	"iter"
	"strconv"
)

// Frame holds the registers of kernel code that was interrupted or has made a
// system call. The entry code builds it at the top of the thread's kernel
// stack, or below the running code if that was on the kernel stack already.
type Frame struct {
	R      [31]uint64 // x0 to x30
	Stack  uint64     // SP_EL0; SP_EL1 if the kernel stack was in use
	IP     uint64     // ELR_EL1
	PState uint64     // SPSR_EL1

	V      [64]uint64 // q0 to q31
	FPSR   uint64
	FPCR   uint64
	VValid uint64 // V, FPSR and FPCR were saved, and are loaded on return

	ESR uint64 // exception syndrome, not for interrupts
	FAR uint64 // fault address, if ESR says so
	_   uint64 // keeps the size a multiple of 16
}

// frameSize is what the entry code subtracts from the stack pointer.
const frameSize = 832

// pstateSP is PSTATE.SP: the code ran on SP_EL1. Arm ARM D19.2, SPSR_EL1.
const pstateSP = 1 << 0

// System calls that package syscall does not name on every architecture.
const (
	// SysSetTLS is none: the runtime has no thread pointer here.
	SysSetTLS = 0x4fff
	// SysGetrandom is getrandom(2).
	SysGetrandom = 278
)

// PC returns the address of the next instruction.
//
//go:nosplit
func (f *Frame) PC() uintptr { return uintptr(f.IP) }

// SP returns the stack pointer.
//
//go:nosplit
func (f *Frame) SP() uintptr { return uintptr(f.Stack) }

// FP returns the frame pointer.
//
//go:nosplit
func (f *Frame) FP() uintptr { return uintptr(f.R[29]) }

// LR returns the link register.
func (f *Frame) LR() uintptr { return uintptr(f.R[30]) }

// All gives the general registers with their names, for reports.
func (f *Frame) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for i, v := range f.R {
			if !yield("x"+strconv.Itoa(i), v) {
				return
			}
		}
		_ = yield("sp", f.Stack) && yield("pc", f.IP) && yield("pstate", f.PState) &&
			yield("esr", f.ESR) && yield("far", f.FAR)
	}
}

// SyscallArgs returns the number and arguments of a system call.
//
//go:nosplit
func (f *Frame) SyscallArgs() (nr, a0, a1, a2, a3, a4, a5 uintptr) {
	return uintptr(f.R[8]), uintptr(f.R[0]), uintptr(f.R[1]), uintptr(f.R[2]),
		uintptr(f.R[3]), uintptr(f.R[4]), uintptr(f.R[5])
}

// SetReturn sets the result of a system call.
//
//go:nosplit
func (f *Frame) SetReturn(v uintptr) { f.R[0] = uint64(v) }

// CloneArgs returns the stack and thread pointer arguments of clone(2):
// clone(flags, stack, parent_tid, tls, child_tid) on this architecture.
//
//go:nosplit
func (f *Frame) CloneArgs() (stack, tls uintptr) { return uintptr(f.R[1]), uintptr(f.R[3]) }

// OnKernelStack reports whether the interrupted code was running on a kernel
// stack, that is in the lowest layer itself.
//
//go:nosplit
func (f *Frame) OnKernelStack() bool { return f.PState&pstateSP != 0 }
