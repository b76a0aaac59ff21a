//go:build metal && amd64

package amd64

import "syscall"

// What a tracer sees and may change of the system call that a stopped program is
// in. Linux keeps the register with its number in orig_rax, all 64 bits: -1 if there
// is none.

// SetTracedWord sets the register that a tracer sees, and TracedWord returns what it
// has made of it.
func (c *UserContext) SetTracedWord(word int) { c.tracedWord = int64(word) }

// TracedWord returns the register.
func (c *UserContext) TracedWord() int { return int(c.tracedWord) }

// enosys is the result of a system call that has not been made yet, as a tracer
// sees it, and stays if the tracer has none made: ENOSYS.
const enosys = 38

// ShowSyscall makes the registers those that a tracer sees before a system call
// is made.
func (c *UserContext) ShowSyscall() { c.regs.SetReturnValue(^uintptr(enosys - 1)) }

// HideSyscall makes the registers those in front of a system call that is not to
// be made, but for the program counter: word is the register with its number, and the
// other argument its first one, before a tracer could change it.
func (c *UserContext) HideSyscall(word int, _ uintptr) { c.regs.SetReturnValue(uintptr(word)) }

// BeginSyscallStop makes the registers those that a tracer sees in front of a
// system call, or with exit set behind it. EndSyscallStop is called, with the
// result, when the program goes on.
func (c *UserContext) BeginSyscallStop(bool) (saved uintptr) { return 0 }

// EndSyscallStop ends the stop.
func (c *UserContext) EndSyscallStop(uintptr) {}

// SyscallStep describes the trap after a system call of a program that executes
// one instruction at a time. There is none, and ok is false, if the tracer has
// done the call: then the trap comes after the next instruction.
func (c *UserContext) SyscallStep(emulated bool) (code int32, addr uintptr, ok bool) {
	return trapBrkpt, c.regs.PC(), !emulated
}

// RestartArg returns the first argument with which an interrupted system call is
// made again. orig is what it was before a tracer could change it.
func (r *PtRegs) RestartArg(uintptr) uintptr { return uintptr(r.di) }

// ShowRestart is called before a tracer may see the registers with which an
// interrupted system call has ended: the error as result, and the program counter
// behind the call.
func (c *UserContext) ShowRestart(syscall.Errno, uintptr) {}

// SettleRestart is called afterwards, with the error e of ShowRestart. stopped says
// that a tracer was there: what counts is what it has left in the registers. It
// returns the error, 0 if the program is in no system call, and the register with the
// number and the first argument of the one that it is in.
func (c *UserContext) SettleRestart(e syscall.Errno, stopped bool) (_ syscall.Errno, word int, arg0 uintptr) {
	word = c.TracedWord()
	if stopped {
		e = 0
		if v := -c.regs.ReturnValue(); int32(word) != -1 && v < 4096 {
			e = syscall.Errno(v)
		}
	}
	return e, word, c.regs.RestartArg(0)
}
