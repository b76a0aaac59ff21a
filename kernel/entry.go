package kernel

import (
	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/sched"
)

// exitWork are the thread flags that keep a task from going to user mode.
const exitWork = sched.TIFNeedResched | sched.TIFSigPending | sched.TIFNotifySignal | sched.TIFNotifyResume

// noSyscallNr is the number of the system call of a task that has left user mode
// for another reason.
const noSyscallNr = -1

// userLoop is the life of a program's task: it runs in user mode, unless the task has
// something to do first, and whenever that ends, the kernel does what it ended for. It
// does not return. A panic in it is the task's end; see runThread.
func (t *Task) userLoop() {
	user, flags := &t.user, t.FlagWord() // here, not in the loop: that is shorter
	for {
		e := arch.EnterUser(user, flags, exitWork|tracedWork)
		if e == spec.EntrySyscall {
			t.finishCall(t.takeCall()(t, &t.call.args)) // doSyscall, without the call
			continue
		}
		if e == spec.EntryWork && t.TestFlag(tracedWork) {
			t.tracedLoop()
			continue
		}
		t.leftUserMode(e)
	}
}

// leftUserMode does what user mode was left for, but for system calls.
func (t *Task) leftUserMode(e spec.Entry) {
	t.Disturbed = true
	switch e {
	case spec.EntryPageFault:
		t.call.word = noSyscallNr
		t.handleUserFault(t.user.Trap())
		t.doExitWork()
	case spec.EntryException:
		t.call.word = noSyscallNr
		t.handleException(t.user.Trap())
		t.doExitWork()
	case spec.EntryInterrupt:
		t.call.word = noSyscallNr
		t.Interrupted = true
		sched.CondResched()
		t.Interrupted = false
		t.exitToUserModeLoop()
	case spec.EntryWork:
		// An interrupt was recorded as an event, or means nothing but that
		// the runtime wants to stop the task at a safe point, which this
		// call is.
		t.exitToUserModeLoop()
	}
	t.Disturbed = false
}

// doExitWork does a round of exitToUserModeLoop if there is something to do by now:
// EnterUser would see it, too, but on the way back from a fault it is mostly a signal.
func (t *Task) doExitWork() {
	if t.TestFlag(exitWork) {
		t.exitToUserModeLoop()
	}
}

// exitToUserModeLoop does one round of what is to do before the task goes to
// user mode, in Linux's order; the caller looks again afterwards. Linux's
// exit_to_user_mode_loop.
func (t *Task) exitToUserModeLoop() {
	sched.CondResched()
	if t.TestFlag(sched.TIFSigPending | sched.TIFNotifySignal) {
		t.doSignal()
	}
	if t.TestFlag(sched.TIFNotifyResume) {
		t.ClearFlag(sched.TIFNotifyResume)
		t.resumeUserModeWork()
	}
}

// doSyscall does the system call for which user mode was left.
func (t *Task) doSyscall() { t.finishCall(t.takeCall()(t, &t.call.args)) }

// takeCall notes the system call for which user mode was left in t.call, and returns
// what does it. It is for finishCall to end.
func (t *Task) takeCall() SyscallFunc {
	regs := t.user.Regs()
	// Saved before anything is written: on arm64 the first argument and the
	// result are one register.
	regs.SyscallArgs((*[6]uintptr)(&t.call.args))
	t.call.word = regs.SyscallWord()
	return syscallOf(syscallNr(t.call.word))
}

// handleException sends the signal that an exception of the program stands for.
func (t *Task) handleException(trap *spec.Trap) {
	t.forceSigFault(int(trap.Signo), int(trap.Code), trap.Addr|trap.Tag)
}
