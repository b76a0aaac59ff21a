package kernel

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// What becomes of a system call that a signal has ended. A call that can be made
// again returns one of package errno's ERESTART*, which finishSyscall keeps in
// t.interrupted. That mark, and not the value in a register, says that there is
// something to restart. doSignal takes it away when it looks at signals for the
// first time, so that a call is restarted once for each time it was made. If a
// handler runs, the registers are set back to in front of the call, or it is
// EINTR. If none does, the call is made again right here in the kernel: the
// program does not run in between.

// kernelRestarts counts the system calls that were made again without a way
// through user mode.
var kernelRestarts atomic.Uint64

// nrRestartSyscall is the number of restart_syscall(2). Set by initSyscalls.
var nrRestartSyscall = syscallNumber("restart_syscall")

// syscallNumber returns the number of a system call of this architecture, or -1.
func syscallNumber(name string) int {
	for nr, n := range arch.SyscallNames() {
		if n == name {
			return nr
		}
	}
	return -1
}

// finishSyscall ends a system call with an error.
func (t *Task) finishSyscall(err error) {
	e, ok := err.(syscall.Errno)
	if !ok {
		e = syscall.EIO // a bug: only numbers mean something to programs
	}
	if e >= errno.ERESTARTSYS {
		e = t.interruptSyscall(e)
	}
	t.user.Regs().SetReturnValue(failure(e))
}

// failure is an error as a system call returns it.
func failure(e syscall.Errno) uintptr { return -uintptr(e) }

// interruptSyscall notes that the system call is to be made again. It returns
// what is to stand in the register for the result meanwhile, as a tracer sees it.
func (t *Task) interruptSyscall(e syscall.Errno) syscall.Errno {
	switch {
	case signal.Restartable(e):
		t.interrupted = e
		// There was a signal. Should another thread have taken it, the
		// restart is still to be done.
		t.SetFlag(sched.TIFSigPending)
		return e
	case e == errno.ENOIOCTLCMD:
		return syscall.ENOTTY
	}
	return syscall.EINVAL
}

// settleSyscall decides, before a handler with the given flags runs, about the
// system call that e has ended.
func (t *Task) settleSyscall(e syscall.Errno, flags uint64) {
	regs := t.user.Regs()
	switch signal.Interruption(e, true, flags) {
	case signal.Interrupted:
		regs.SetReturnValue(failure(syscall.EINTR))
	case signal.Restarted:
		regs.RewindSyscall(t.call.word, t.call.args[0])
	}
}

// restartSyscall makes the system call that e has ended again, without a handler
// having run.
func (t *Task) restartSyscall(e syscall.Errno) {
	regs := t.user.Regs()
	if t.TestFlag(sched.TIFSeccomp) {
		t.rewindSyscall(e)
		return
	}
	kernelRestarts.Add(1)
	if signal.Interruption(e, false, 0) == signal.Continued {
		regs.SetSyscallWord(nrRestartSyscall)
		t.call.word = nrRestartSyscall
		t.finishCall(sysRestartSyscall(t, &t.call.args))
		return
	}
	t.finishCall(syscallOf(t.call.nr())(t, &t.call.args))
}

// rewindSyscall makes the program make the system call that e has ended again, so
// that all who look at system calls see it once more: as restart_syscall, if that is
// what it is.
func (t *Task) rewindSyscall(e syscall.Errno) {
	word := t.call.word
	if signal.Interruption(e, false, 0) == signal.Continued {
		word = nrRestartSyscall
	}
	t.user.Regs().RewindSyscall(word, t.call.args[0])
}

// finishCall ends a system call with what its handler has returned.
func (t *Task) finishCall(v uintptr, err error) {
	if err != nil {
		t.finishSyscall(err)
		return
	}
	t.user.Regs().SetReturnValue(v)
}

// sysRestartSyscall goes on with a system call that had used up part of its time.
func sysRestartSyscall(t *Task, _ *SyscallArgs) (uintptr, error) {
	f := t.restart
	if f == nil {
		return 0, syscall.EINTR
	}
	t.restart = nil
	return f(t)
}
