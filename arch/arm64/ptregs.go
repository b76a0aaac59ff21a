package arm64

import "unsafe"

// PtRegs are the registers of a program, as they were when it left user mode.
// The first four fields are Linux's struct user_pt_regs.
type PtRegs struct {
	R      [31]uint64 // x0 to x30
	Stack  uint64     // SP_EL0
	IP     uint64     // ELR_EL1
	PState uint64     // SPSR_EL1; only what userPState allows
	ESR    uint64     // why user mode was left, for an exception
	FAR    uint64     // the address it is about, if ESR says so
}

// sysInstruction is the size of SVC.
const svcSize = 4

// Bits of PSTATE that a program sees or that say in which state it is. Arm ARM
// C5.2.18 and C5.2.20.
const (
	pstateNZCV = 0xf << 28
	pstateTCO  = 1 << 25 // tag check override
	pstateSS   = 1 << 21 // software step
	pstateBTyp = 3 << 10 // branch type
	pstateDAIF = 0xf << 6
	pstateMode = 0x1f // 0 is EL0 in AArch64 state

	// pstateRes0 are the bits that Linux clears in what a program or its
	// tracer wants to have: valid_native_regs in arch/arm64/kernel/ptrace.c.
	pstateRes0 = 0xffff_ffff<<32 | 3<<26 | 3<<22 | 0xff<<13 | 1<<5
)

// PC returns the program counter.
//
//go:nosplit
func (r *PtRegs) PC() uintptr { return uintptr(r.IP) }

// SetPC sets the program counter.
func (r *PtRegs) SetPC(pc uintptr) { r.IP = uint64(pc) }

// SP returns the stack pointer.
//
//go:nosplit
func (r *PtRegs) SP() uintptr { return uintptr(r.Stack) }

// SetSP sets the stack pointer.
func (r *PtRegs) SetSP(sp uintptr) { r.Stack = uint64(sp) }

// SyscallWord returns the register with the number of the system call. Only its low
// 32 bits are the number.
func (r *PtRegs) SyscallWord() int { return int(r.R[8]) }

// SetSyscallWord changes it.
func (r *PtRegs) SetSyscallWord(word int) { r.R[8] = uint64(word) }

// SyscallArgs stores the arguments of the system call.
func (r *PtRegs) SyscallArgs(a *[6]uintptr) { *a = *(*[6]uintptr)(unsafe.Pointer(&r.R)) }

// ReturnValue returns what the system call gives.
func (r *PtRegs) ReturnValue() uintptr { return uintptr(r.R[0]) }

// SetReturnValue sets what the system call gives.
func (r *PtRegs) SetReturnValue(v uintptr) { r.R[0] = uint64(v) }

// RewindSyscall makes the program execute the system call again, with word
// for its number. Its result may be in the place of its first argument already.
func (r *PtRegs) RewindSyscall(word int, arg0 uintptr) {
	r.R[0], r.R[8] = uint64(arg0), uint64(word)
	r.IP -= svcSize
}

// StartThread makes the registers those of a new program: all 0 but two.
func (r *PtRegs) StartThread(pc, sp uintptr) { *r = PtRegs{IP: uint64(pc), Stack: uint64(sp)} }

// sanitize makes r.PState one that user mode may have. It reports false if what
// was there asks for more than that: then only the condition flags are left.
func (r *PtRegs) sanitize() bool {
	r.PState &^= pstateRes0
	if r.PState&(pstateMode|pstateDAIF) == 0 {
		return true
	}
	r.PState &= pstateNZCV
	return false
}
