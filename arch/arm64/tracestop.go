package arm64

import "syscall"

// What a tracer sees and may change of the system call that a stopped program is
// in. Its number is the register set NT_ARM_SYSTEM_CALL: -1 if there is none.

// SetTracedWord sets the register of whose number a tracer sees 32 bits, and TracedWord
// returns what it has made of it.
func (c *UserContext) SetTracedWord(word int) { c.tracedWord = word }

// TracedWord returns the register.
func (c *UserContext) TracedWord() int { return c.tracedWord }

// ShowSyscall makes the registers those that a tracer sees before a system call
// is made.
func (c *UserContext) ShowSyscall() {}

// HideSyscall makes the registers those in front of a system call that is not to
// be made, but for the program counter. arg0 is its first argument, before a tracer
// could change it.
func (c *UserContext) HideSyscall(_ int, arg0 uintptr) { c.regs.R[0] = uint64(arg0) }

// stopRegister is the register by which a tracer tells the stops in front of and
// behind a system call apart: 0 and 1. What it writes there is lost.
const stopRegister = 7

// BeginSyscallStop makes the registers those that a tracer sees in front of a
// system call, or with exit set behind it. EndSyscallStop is called, with the
// result, when the program goes on.
func (c *UserContext) BeginSyscallStop(exit bool) (saved uintptr) {
	saved = uintptr(c.regs.R[stopRegister])
	c.regs.R[stopRegister] = 0
	if exit {
		c.regs.R[stopRegister] = 1
	}
	return saved
}

// EndSyscallStop ends the stop.
func (c *UserContext) EndSyscallStop(saved uintptr) { c.regs.R[stopRegister] = uint64(saved) }

// SyscallStep describes the trap after a system call of a program that executes
// one instruction at a time.
func (c *UserContext) SyscallStep(bool) (code int32, addr uintptr, ok bool) { return 0, 0, true }

// RestartArg returns the first argument with which an interrupted system call is
// made again: orig, what it was before a tracer could change it.
func (r *PtRegs) RestartArg(orig uintptr) uintptr { return orig }

// ShowRestart is called before a tracer may see the registers of a program whose
// system call has ended with e, or that is in none. It is not in a call any more,
// and if that is to be made again, the registers are those in front of it.
func (c *UserContext) ShowRestart(e syscall.Errno, arg0 uintptr) {
	c.tracedWord, c.restartPC = -1, 0
	if e != 0 {
		c.regs.R[0] = uint64(arg0)
		c.regs.IP -= svcSize
		c.restartPC = c.regs.IP
	}
}

// SettleRestart is called afterwards. A tracer that has moved the program counter
// does not want the call to be made again. It returns e or 0, and the number and
// first argument of the call.
func (c *UserContext) SettleRestart(e syscall.Errno, _ bool) (_ syscall.Errno, word int, arg0 uintptr) {
	if e == 0 || c.regs.IP != c.restartPC {
		return 0, -1, 0
	}
	c.regs.IP += svcSize
	c.rewindStep()
	return e, int(int64(c.regs.R[8])), uintptr(c.regs.R[0])
}
