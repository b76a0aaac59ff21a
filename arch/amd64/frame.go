//go:build metal && amd64

package amd64

import "iter"

// Frame holds the registers of kernel code that was interrupted or has made a
// system call. The entry code builds it at the top of the thread's kernel
// stack; the last five words are the processor's (SDM vol. 3, 6.14.2).
type Frame struct {
	X      [32]uint64 // XMM0 to XMM15
	XValid uint64     // X was saved, and is loaded on return
	_      uint64     // keeps X aligned to 16 bytes

	R15, R14, R13, R12, BP, BX, R11, R10, R9, R8, AX, CX, DX, SI, DI uint64

	Vec uint64 // exception or interrupt vector, or vecSyscall
	Err uint64 // error code, or 0

	IP, CS, Flags, RSP, SS uint64
}

// SysSetTLS is arch_prctl, which the runtime calls only with ARCH_SET_FS.
const SysSetTLS = 158

// SysGetrandom is getrandom.
const SysGetrandom = 318

// PC returns the address of the next instruction.
//
//go:nosplit
func (f *Frame) PC() uintptr { return uintptr(f.IP) }

// SP returns the stack pointer.
//
//go:nosplit
func (f *Frame) SP() uintptr { return uintptr(f.RSP) }

// FP returns the frame pointer, or 0 for a program, which owes it to nobody.
//
//go:nosplit
func (f *Frame) FP() uintptr {
	if f.CS&3 != 0 {
		return 0
	}
	return uintptr(f.BP)
}

// SyscallArgs returns the number and arguments of a system call, which stand
// in the registers of the System V ABI's kernel convention.
//
//go:nosplit
func (f *Frame) SyscallArgs() (nr, a0, a1, a2, a3, a4, a5 uintptr) {
	return uintptr(f.AX), uintptr(f.DI), uintptr(f.SI), uintptr(f.DX), uintptr(f.R10), uintptr(f.R8), uintptr(f.R9)
}

// SetReturn sets the result of a system call.
//
//go:nosplit
func (f *Frame) SetReturn(v uintptr) { f.AX = uint64(v) }

// CloneArgs returns the stack and thread pointer arguments of clone(2):
// clone(flags, stack, parent_tid, child_tid, tls) on this architecture.
//
//go:nosplit
func (f *Frame) CloneArgs() (stack, tls uintptr) { return uintptr(f.SI), uintptr(f.R8) }

// OnKernelStack reports whether the interrupted code was running on a kernel
// stack, that is in the lowest layer itself.
//
//go:nosplit
func (f *Frame) OnKernelStack() bool {
	c := this()
	return f.SP()-(c.kstack-kernelStackSize) <= kernelStackSize || f.CS&3 != 0
}

// kernelStackSize is rt.KernelStackSize.
const kernelStackSize = 2 * pageSize

// LR returns 0: return addresses are on the stack.
func (f *Frame) LR() uintptr { return 0 }

// All gives the general registers with their names, for reports.
func (f *Frame) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for i := range numRegs {
			name, v := f.reg(i)
			if !yield(name, v) {
				return
			}
		}
	}
}

// Dump writes all registers to the early console.
//
//go:nosplit
func (f *Frame) Dump() {
	for i := range numRegs {
		name, v := f.reg(i)
		earlyPuts(name)
		earlyPuts("=")
		earlyHex(v)
		if i%4 == 3 {
			earlyPuts("\r\n")
		} else {
			earlyPuts(" ")
		}
	}
	earlyPuts("\r\n")
}

// numRegs is the number of registers in a report.
const numRegs = 21

// reg returns the name and value of a register in the order of reports.
//
//go:nosplit
func (f *Frame) reg(i int) (string, uint64) {
	regs := [numRegs]*uint64{
		&f.AX, &f.BX, &f.CX, &f.DX, &f.SI, &f.DI, &f.BP, &f.RSP,
		&f.R8, &f.R9, &f.R10, &f.R11, &f.R12, &f.R13, &f.R14, &f.R15,
		&f.IP, &f.Flags, &f.Vec, &f.Err, &f.CS,
	}
	return regNames[3*i : 3*i+3], *regs[i]
}

// regNames names the registers of reg, three letters each.
const regNames = "rax" + "rbx" + "rcx" + "rdx" + "rsi" + "rdi" + "rbp" + "rsp" +
	"r8 " + "r9 " + "r10" + "r11" + "r12" + "r13" + "r14" + "r15" +
	"rip" + "flg" + "vec" + "err" + "cs "

//go:nosplit
func earlyPuts(s string) {
	for i := range len(s) {
		EarlyPutc(s[i])
	}
}

//go:nosplit
func earlyHex(v uint64) {
	for shift := 60; shift >= 0; shift -= 4 {
		EarlyPutc("0123456789abcdef"[v>>shift&15])
	}
}
