package kernel

import (
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
)

// Stops for the tracer, as the tracee makes them; Linux's kernel/signal.c.

// ptraceStop stops the calling task for its tracer until that lets it go on, it
// is killed, or it is not traced any more. code is what wait(2) tells, why the
// CLD_* of the SIGCHLD, message PTRACE_GETEVENTMSG's, and info what
// PTRACE_GETSIGINFO shows and PTRACE_SETSIGINFO may change; nil for a group stop.
// It returns the signal that the tracer has chosen.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) ptraceStop(code int, why int32, message uintptr, info *signal.Info) int {
	if t.ptrace.Load() == 0 || t.killed() {
		return code
	}
	t.user.SetTracedWord(t.call.word)
	t.jobctl |= jobctlTraced
	t.ptraceMessage, t.stopCode = message, code
	if info != nil {
		t.stopSiginfo = *info
		t.lastSiginfo = &t.stopSiginfo
	}
	groupStopped := why == signal.CLD_STOPPED && t.jobctl&jobctlStopPending != 0 && t.joinStop()
	t.clearJobctlPending(jobctlTrapStop)
	if info != nil && info.Code>>8 == PTRACE_EVENT_STOP {
		t.clearJobctlPending(jobctlTrapNotify)
	}
	sched.SetSpecialState(sched.TaskTraced | sched.TaskWakekill)
	t.clearTrapping()
	t.unlockSignals()

	lockTasklist()
	if t.ptrace.Load() != 0 {
		notifyParentOf(t, t.parent, why)
	}
	if groupStopped && (t.ptrace.Load() == 0 || t.ptraceReparented()) {
		notifyParentStopped(t, why)
	}
	unlockTasklist()
	sched.Schedule()

	t.lockSignals()
	code = t.stopCode
	if info != nil {
		*info = t.stopSiginfo
	}
	t.ptraceMessage, t.lastSiginfo, t.stopCode = 0, nil, 0
	t.jobctl &^= jobctlListening | jobctlFrozen | jobctlTraced
	t.call.word = t.user.TracedWord()
	t.stops++
	if t.hasPendingSignals() {
		t.SetFlag(sched.TIFSigPending)
	}
	return code
}

// ptraceNotifyLocked is ptraceStop with a siginfo that only tells of the stop.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) ptraceNotifyLocked(sig, code int, why int32, message uintptr) int {
	info := signal.User(sig, t.Pid, t.Cred().UID)
	info.Code = int32(code)
	return t.ptraceStop(code, why, message, &info)
}

// ptraceNotify stops the calling task with a SIGTRAP of which code tells more.
func (t *Task) ptraceNotify(code int, message uintptr) int {
	stockSignalEntries()
	t.lockSignals()
	defer t.unlockSignals()
	return t.ptraceNotifyLocked(signal.SIGTRAP, code, signal.CLD_TRAPPED, message)
}

// ptraceEventEnabled reports whether t's tracer wants to know of an event.
func (t *Task) ptraceEventEnabled(event int) bool {
	return t.ptrace.Load()&(1<<event<<PT_OPT_FLAG_SHIFT) != 0
}

// ptraceEvent stops the calling task for an event in a system call, if its tracer
// wants to know. A tracer that has never asked for anything gets an ordinary
// SIGTRAP after execve(2).
func (t *Task) ptraceEvent(event int, message uintptr) {
	switch {
	case t.ptraceEventEnabled(event):
		t.ptraceNotify(event<<8|signal.SIGTRAP, message)
		t.lateExit = t.TestFlag(tracedWork)
	case event == PTRACE_EVENT_EXEC && t.ptrace.Load()&(PT_PTRACED|PT_SEIZED) == PT_PTRACED:
		info := signal.User(signal.SIGTRAP, t.Pid, t.Cred().UID)
		_ = SendSignal(signal.SIGTRAP, &info, t)
	}
}

// ptraceSignal lets the tracer decide about a signal that t has taken from its own
// queue or, if shared is set, its process's. It returns the signal to deliver,
// or 0.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) ptraceSignal(sig int, info *signal.Info, shared bool) int {
	// Whatever the tracer makes of the signal: should it become one that stops,
	// SIGCONT must be able to call that off.
	t.jobctl |= jobctlStopDequeued
	sig = t.ptraceStop(sig, signal.CLD_TRAPPED, 0, info)
	if sig == 0 {
		return 0
	}
	if sig != int(info.Signo) {
		pid, uid := t.tracerIDs()
		*info = signal.User(sig, pid, uid)
	}
	if t.blocked.Load().Has(sig) || t.killed() {
		typ := PIDTYPE_PID
		if shared {
			typ = PIDTYPE_TGID
		}
		_ = sendSignalLocked(sig, info, t, typ)
		return 0
	}
	return sig
}

// tracerIDs returns the process ID and user ID of the calling task's parent, which
// its siglock does not keep from changing.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) tracerIDs() (pid int, uid uint32) {
	t.unlockSignals()
	tasklistLock.Lock()
	pid, uid = t.parent.Pid, t.parent.Cred().UID
	tasklistLock.Unlock()
	t.lockSignals()
	return pid, uid
}

// jobctlTrap stops the calling task because of jobctlTrapMask: its process stops,
// or its tracer wants it to, or is to hear of job control.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) jobctlTrap() {
	sig := int(t.jobctl & jobctlStopSigmask)
	if t.ptrace.Load()&PT_SEIZED == 0 {
		t.ptraceStop(sig, signal.CLD_STOPPED, 0, nil)
		return
	}
	if s := t.signal; s.groupStopCount == 0 && s.flags&SIGNAL_STOP_STOPPED == 0 {
		sig = signal.SIGTRAP
	}
	t.ptraceNotifyLocked(sig, sig|PTRACE_EVENT_STOP<<8, signal.CLD_STOPPED, 0)
}

// setJobctlPending has t stop for what mask says. It reports false if t is about
// to die.
//
// Preconditions: siglock held.
func (t *Task) setJobctlPending(mask uint32) bool {
	if t.killed() || t.flags.Load()&PF_EXITING != 0 {
		return false
	}
	if mask&jobctlStopSigmask != 0 {
		t.jobctl &^= jobctlStopSigmask
	}
	t.jobctl |= mask
	return true
}

// clearJobctlPending takes setJobctlPending back.
//
// Preconditions: siglock held.
func (t *Task) clearJobctlPending(mask uint32) {
	if mask&jobctlStopPending != 0 {
		mask |= jobctlStopConsume | jobctlStopDequeued
	}
	t.jobctl &^= mask
	if t.jobctl&jobctlPendingMask == 0 {
		t.clearTrapping()
	}
}

// clearTrapping lets a tracer go on that waits for t to be stopped.
//
// Preconditions: siglock held.
func (t *Task) clearTrapping() {
	if t.jobctl&jobctlTrapping != 0 {
		t.jobctl &^= jobctlTrapping
		t.trapping.WakeAll()
	}
}

// ptraceTrapNotify has a tracee that was attached by PTRACE_SEIZE tell its tracer
// that job control has done something.
//
// Preconditions: t's siglock held.
func ptraceTrapNotify(t *Task) {
	t.setJobctlPending(jobctlTrapNotify)
	ptraceSignalWakeUp(t, t.jobctl&jobctlListening != 0)
}

// ptraceSignalWakeUp makes t look at its jobctl; with resume it ends its stop.
//
// Preconditions: t's siglock held.
func ptraceSignalWakeUp(t *Task, resume bool) {
	state := sched.State(0)
	if resume {
		t.jobctl &^= jobctlTraced
		state = sched.TaskTraced
	}
	signalWakeUpState(t, state)
}

// ptraceFreeze makes sure that child is stopped for its tracer t, and stays so,
// even if it is killed, until ptraceUnfreeze. ESRCH if it is not.
func ptraceFreeze(t, child *Task) error {
	if !freezeTraced(t, child) {
		return syscall.ESRCH
	}
	// It has said that it stops; see to it that it has left its CPU.
	for child.Running() {
		spin.Relax()
	}
	return nil
}

// freezeTraced is ptraceFreeze without the wait.
func freezeTraced(t, child *Task) (frozen bool) {
	lockTasklist()
	if child.ptrace.Load() != 0 && child.parent == t {
		h := child.sighand
		h.lockFor(t)
		frozen = child.freeze()
		h.unlock()
	}
	unlockTasklist()
	return frozen
}

// freeze is freezeTraced for t, a tracee of the caller's.
//
// Preconditions: tasklistLock and siglock held.
func (t *Task) freeze() bool {
	if t.jobctl&jobctlTraced == 0 || t.jobctl&jobctlListening != 0 || t.killed() ||
		t.changedPid() {
		return false
	}
	t.jobctl |= jobctlFrozen
	return true
}

// changedPid reports whether t stands in PTRACE_EVENT_EXEC with the PID of its old
// leader, and its tracer has not waited for that yet: it may mean the other one.
//
// Preconditions: siglock held.
func (t *Task) changedPid() bool {
	return t.stopCode == PTRACE_EVENT_EXEC<<8|signal.SIGTRAP && uintptr(t.Pid) != t.ptraceMessage
}

// ptraceUnfreeze undoes ptraceFreeze. A request may have let the tracee go on,
// and it may be gone.
func ptraceUnfreeze(t, child *Task) {
	lockTasklist()
	if h := child.sighand; h != nil {
		h.lockFor(t)
		child.thaw()
		h.unlock()
	}
	unlockTasklist()
}

// thaw is ptraceUnfreeze for t, which has not ended.
//
// Preconditions: tasklistLock and siglock held.
func (t *Task) thaw() {
	t.jobctl &^= jobctlFrozen
	if t.killed() {
		t.jobctl &^= jobctlTraced
		sched.TryToWakeUp(&t.Task, sched.TaskTraced)
	}
}
