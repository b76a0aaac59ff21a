package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// tracedWork are the thread flags with which system calls take the slow way, and
// each return to user mode, too. A tracer sets and clears them while the task is
// stopped, and TIFSeccomp is set by the task itself or by syncSeccomp, so that a task
// without them never looks: enterUserMode does along with the other flags.
const tracedWork = sched.TIFSyscallTrace | sched.TIFSyscallEmu | sched.TIFSinglestep | sched.TIFSeccomp

// Values of PTRACE_GETEVENTMSG in the stops of system calls.
const (
	PTRACE_EVENTMSG_SYSCALL_ENTRY = 1
	PTRACE_EVENTMSG_SYSCALL_EXIT  = 2
)

// tracedLoop is userLoop as long as there is tracedWork.
func (t *Task) tracedLoop() {
	if t.lateExit {
		t.reportSyscallExit(false)
	}
	for {
		work := t.FlagWord().Load() & tracedWork
		if work == 0 {
			return
		}
		enter := arch.EnterUser
		if work&sched.TIFSinglestep != 0 {
			enter = arch.EnterUserStep
		}
		e := enter(&t.user, t.FlagWord(), exitWork)
		switch {
		case e != spec.EntrySyscall:
			t.leftUserMode(e)
		case t.plainSyscall():
			t.doSyscall()
		default:
			t.doTracedSyscall()
		}
	}
}

// plainSyscall reports whether there is nothing to say about the system call for which
// user mode was left: only seccomp looks, and it is one that all filters allow whatever
// its arguments are.
func (t *Task) plainSyscall() bool {
	if t.FlagWord().Load()&tracedWork != sched.TIFSeccomp {
		return false
	}
	f := t.seccomp.filter.Load()
	return f != nil && f.AlwaysAllows(t.user.Regs().SyscallNr())
}

// doTracedSyscall is doSyscall for a task whose system calls somebody looks at: a
// tracer, before and after, and seccomp, before.
func (t *Task) doTracedSyscall() {
	regs := t.user.Regs()
	regs.SyscallArgs((*[6]uintptr)(&t.call.args))
	t.origArg0 = t.call.args[0]
	t.call.nr = regs.SyscallNr()
	t.user.ShowSyscall()
	if t.call.nr == -1 {
		regs.SetReturnValue(failure(syscall.ENOSYS))
	}
	work := t.FlagWord().Load()
	if t.enterSyscall(work) {
		regs.SyscallArgs((*[6]uintptr)(&t.call.args))
		t.finishCall(syscallOf(t.call.nr)(t, &t.call.args))
	}
	t.call.args[0] = regs.RestartArg(t.origArg0)
	t.reportSyscallExit(work&sched.TIFSyscallEmu != 0)
}

// enterSyscall shows a system call to a tracer and then to seccomp, and reports
// whether it is to be made. A tracer may change number and arguments: they count as
// they are then, and -1 is no call. Nor is there one if the task is to die, or if
// the tracer does it. Linux's syscall_trace_enter.
func (t *Task) enterSyscall(work uint32) bool {
	if work&(sched.TIFSyscallTrace|sched.TIFSyscallEmu) != 0 {
		if t.reportSyscall(false) {
			t.call.nr = -1
			return false
		}
		if work&sched.TIFSyscallEmu != 0 {
			return false
		}
	}
	if work&sched.TIFSeccomp != 0 && !t.seccompAllows() {
		return false
	}
	return t.call.nr != -1
}

// reportSyscall stops for the tracer in front of a system call, or with exit set
// behind it. It reports whether the task is to die.
func (t *Task) reportSyscall(exit bool) (killed bool) {
	if t.ptrace.Load() == 0 {
		return false
	}
	code, message := signal.SIGTRAP, uintptr(PTRACE_EVENTMSG_SYSCALL_ENTRY)
	if t.ptraceOption(PTRACE_O_TRACESYSGOOD) {
		code |= 0x80
	}
	if exit {
		message = PTRACE_EVENTMSG_SYSCALL_EXIT
	}
	saved := t.user.BeginSyscallStop(exit)
	sig := t.ptraceNotify(code, message)
	t.user.EndSyscallStop(saved)
	if signal.Valid(sig) {
		_ = SendSignal(sig, nil, t)
	}
	return fatalSignalPending(t)
}

// reportSyscallExit tells the tracer that a system call is through; emulated says
// that the tracer has done it. Who steps through instructions gets a trap, as the
// call was one.
func (t *Task) reportSyscallExit(emulated bool) {
	t.lateExit = false
	if t.TestFlag(sched.TIFSinglestep) {
		if code, addr, ok := t.user.SyscallStep(emulated); ok {
			t.stepTrap(code, addr)
			return
		}
	}
	if t.TestFlag(sched.TIFSyscallTrace) {
		t.reportSyscall(true)
	}
}

// stepTrap is the SIGTRAP of a step that ends in the kernel.
func (t *Task) stepTrap(code int32, addr uintptr) {
	t.forceSigFault(signal.SIGTRAP, int(code), addr)
}

// restartRegs finds out, once signals have been taken, which error of the system
// call that the task leaves is still to be dealt with, and the number and first
// argument of a restart. A tracer that has seen the registers may have made
// another call, or none, of the one that was interrupted.
func (t *Task) restartRegs(interrupted syscall.Errno, stopped bool) (e syscall.Errno, nr int, arg0 uintptr) {
	e, nr, arg0 = t.user.SettleRestart(interrupted, stopped)
	if !signal.Restartable(e) {
		e = 0
	}
	return e, nr, arg0
}

// doSignalTraced is doSignal for a task with a tracer. A system call that is
// restarted begins in user mode, so that the tracer sees it once more.
func (t *Task) doSignalTraced(interrupted syscall.Errno) {
	t.user.SetTracedNr(t.call.nr)
	t.user.ShowRestart(interrupted, t.call.args[0])
	t.call.nr = t.user.TracedNr()
	stops := t.stops

	d := &t.delivery
	d.action.Flags = 0 // in case there is no signal
	sig := t.getSignal(&d.info, &d.action)
	t.user.SetTracedNr(t.call.nr)
	e, nr, arg0 := t.restartRegs(interrupted, t.stops != stops)
	regs := t.user.Regs()
	switch signal.Interruption(e, sig != 0, d.action.Flags) {
	case signal.Interrupted:
		regs.SetReturnValue(failure(syscall.EINTR))
	case signal.Restarted:
		regs.RewindSyscall(nr, arg0)
	case signal.Continued:
		regs.RewindSyscall(nrRestartSyscall, arg0)
	}
	if sig != 0 {
		t.handleSignal(sig, d)
		return
	}
	t.restoreSavedSigmask()
}
