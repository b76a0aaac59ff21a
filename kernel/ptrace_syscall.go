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
// without them never looks: EnterUser does along with the other flags.
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
	return f != nil && f.AlwaysAllows(syscallNr(t.user.Regs().SyscallWord()))
}

// doTracedSyscall is doSyscall for a task whose system calls somebody looks at: a
// tracer, before and after, and seccomp, before.
func (t *Task) doTracedSyscall() {
	regs := t.user.Regs()
	regs.SyscallArgs((*[6]uintptr)(&t.call.args))
	t.origArg0 = t.call.args[0]
	t.call.word = regs.SyscallWord()
	t.user.ShowSyscall()
	if t.call.nr() == -1 {
		regs.SetReturnValue(failure(syscall.ENOSYS))
	}
	work := t.FlagWord().Load()
	if t.enterSyscall(work) {
		regs.SyscallArgs((*[6]uintptr)(&t.call.args))
		t.finishCall(syscallOf(t.call.nr())(t, &t.call.args))
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
			t.call.word = -1
			return false
		}
		if work&sched.TIFSyscallEmu != 0 {
			return false
		}
	}
	if work&sched.TIFSeccomp != 0 && !t.seccompAllows() {
		return false
	}
	return t.call.nr() != -1
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

// showRestart makes the registers of the calling task, which takes signals, those
// that a tracer is to see, or a core file: of a system call that will be made again
// they may not be those with which it ended.
func (t *Task) showRestart() {
	if t.restartShown {
		return
	}
	t.restartShown, t.stopsBefore = true, t.stops
	t.user.SetTracedWord(t.call.word)
	t.user.ShowRestart(t.interrupted, t.call.args[0])
	t.call.word = t.user.TracedWord()
}

// settleRestart undoes showRestart once signals have been taken, one of which may
// be to be handled. A tracer that has seen the registers may have made another call,
// or none, of the one that was interrupted. A restart under a tracer, or after one,
// begins in user mode, so that it sees the call once more. settleRestart returns the
// error that is still to be dealt with.
func (t *Task) settleRestart(interrupted syscall.Errno, handled bool) syscall.Errno {
	stopped := t.stops != t.stopsBefore
	t.restartShown = false
	t.user.SetTracedWord(t.call.word)
	e, word, arg0 := t.user.SettleRestart(interrupted, stopped)
	if !stopped && t.ptrace.Load() == 0 {
		t.call.word = word
		return e
	}
	regs := t.user.Regs()
	switch signal.Interruption(e, handled, t.delivery.action.Flags) {
	case signal.Interrupted:
		regs.SetReturnValue(failure(syscall.EINTR))
	case signal.Restarted:
		regs.RewindSyscall(word, arg0)
	case signal.Continued:
		regs.RewindSyscall(nrRestartSyscall, arg0)
	}
	return 0
}
