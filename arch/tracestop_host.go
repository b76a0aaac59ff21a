//go:build !metal

package arch

import "syscall"

// SetTracedWord sets what a tracer sees as the number of the system call.
func (c *UserContext) SetTracedWord(word int) { c.tracedWord = word }

// TracedWord returns it.
func (c *UserContext) TracedWord() int { return c.tracedWord }

// ShowSyscall does nothing.
func (c *UserContext) ShowSyscall() {}

// HideSyscall brings the first argument back.
func (c *UserContext) HideSyscall(_ int, arg0 uintptr) { c.regs.Args[0] = arg0 }

// BeginSyscallStop does nothing.
func (c *UserContext) BeginSyscallStop(bool) uintptr { return 0 }

// EndSyscallStop does nothing.
func (c *UserContext) EndSyscallStop(uintptr) {}

// SyscallStep has a trap at the program counter.
func (c *UserContext) SyscallStep(bool) (code int32, addr uintptr, ok bool) {
	return 1, c.regs.IP, true
}

// RestartArg returns the argument as it is.
func (r *PtRegs) RestartArg(uintptr) uintptr { return r.Args[0] }

// ShowRestart does nothing.
func (c *UserContext) ShowRestart(syscall.Errno, uintptr) {}

// SettleRestart returns e for the call that is in the registers.
func (c *UserContext) SettleRestart(e syscall.Errno, _ bool) (_ syscall.Errno, word int, arg0 uintptr) {
	return e, c.tracedWord, c.regs.Args[0]
}
