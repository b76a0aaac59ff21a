package kernel

import (
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// SendSignal sends a signal to one thread, as the kernel: nobody's rights are
// checked. info tells of the signal; nil stands for the kernel itself. Errors:
// ESRCH if t has ended, EAGAIN if too many real-time signals are queued. It takes
// tasklistLock if t is not the caller.
func SendSignal(sig int, info *signal.Info, t *Task) error {
	return sendTo(sig, info, t, PIDTYPE_PID)
}

// SendGroupSignal sends a signal to the process of t; see SendSignal.
func SendGroupSignal(sig int, info *signal.Info, t *Task) error {
	return sendTo(sig, info, t, PIDTYPE_TGID)
}

func sendTo(sig int, info *signal.Info, t *Task, typ PidType) error {
	stockSignalEntries()
	if t == Current() {
		t.lockSignals()
		err := sendSignalLocked(sig, info, t, typ)
		t.unlockSignals()
		return err
	}
	tasklistLock.Lock()
	err := sendUnderTasklist(sig, info, t, typ)
	tasklistLock.Unlock()
	return err
}

// sendUnderTasklist is SendSignal or SendGroupSignal.
//
// Preconditions: tasklistLock held.
func sendUnderTasklist(sig int, info *signal.Info, t *Task, typ PidType) error {
	h := t.sighand
	if h == nil {
		return syscall.ESRCH
	}
	h.lockFor(Current())
	err := sendSignalLocked(sig, info, t, typ)
	h.unlock()
	return err
}

// sendToSelf sends the calling thread a signal, as if it had done so by kill(2).
func sendToSelf(sig int) {
	t := Current()
	info := signal.User(sig, t.Tgid, t.Cred().UID)
	_ = SendSignal(sig, &info, t)
}

// KillPgrp sends a signal to every process of a process group, as the kernel.
// ESRCH if there is none. It takes tasklistLock.
func KillPgrp(sig int, info *signal.Info, pgrp *Pid) error {
	stockSignalEntries()
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return killPgrpInfo(sig, info, pgrp)
}

// killPgrpInfo is KillPgrp.
//
// Preconditions: tasklistLock held.
func killPgrpInfo(sig int, info *signal.Info, pgrp *Pid) error {
	err := error(syscall.ESRCH)
	for p := pgrp.tasks[PIDTYPE_PGID]; p != nil; p = p.pidLinks[PIDTYPE_PGID].next {
		if sendUnderTasklist(sig, info, p, PIDTYPE_TGID) == nil {
			err = nil
		}
	}
	return err
}

// sendGroupSignalLocked sends a signal from the kernel to a process.
//
// Preconditions: tasklistLock held.
func sendGroupSignalLocked(sig int, t *Task) { _ = sendUnderTasklist(sig, nil, t, PIDTYPE_TGID) }

// killPgrpLocked sends a signal from the kernel to every process of a group.
//
// Preconditions: tasklistLock held.
func killPgrpLocked(sig int, pgrp *Pid) { _ = killPgrpInfo(sig, nil, pgrp) }

// sendSignalLocked makes a signal pending for the thread t, or with PIDTYPE_TGID
// for its process, and wakes who is to take it; Linux's __send_signal_locked.
//
// Preconditions: t's siglock held.
func sendSignalLocked(sig int, info *signal.Info, t *Task, typ PidType) error {
	if !prepareSignal(sig, t, info == nil) {
		return nil
	}
	queue := &t.signal.sharedPending
	if typ == PIDTYPE_PID {
		queue = &t.pending
	}
	if queue.Coalesces(sig) {
		return nil
	}
	if err := enqueue(sig, info, t, queue); err != nil {
		return err
	}
	if q := &t.sighand.signalfdQueue; q.Active() {
		q.WakeAll()
	}
	completeSignal(sig, t, typ)
	return nil
}

// enqueue adds a signal to a queue of t.
//
// Preconditions: t's siglock held.
func enqueue(sig int, info *signal.Info, t *Task, queue *signal.Pending) error {
	switch {
	case info == nil:
		queue.AddKernel(sig)
		return nil
	case sig == signal.SIGKILL: // needs no siginfo: nobody will see it
		queue.AddBare(sig)
		return nil
	}
	// A standard signal is one at most; what can be many is limited.
	e := newSignalEntry(t, queue, sig < signal.SIGRTMIN && info.Code >= 0)
	if e == nil {
		if sig >= signal.SIGRTMIN && info.Code != signal.SI_USER {
			return syscall.EAGAIN
		}
		queue.AddBare(sig)
		return nil
	}
	e.Info = *info
	e.Info.Signo = int32(sig)
	queue.Add(e)
	return nil
}

// prepareSignal does what a signal does by being sent: a stop signal takes back
// SIGCONT and the other way round, and SIGCONT continues the process. It reports
// whether the signal has to be queued.
//
// Preconditions: t's siglock held.
func prepareSignal(sig int, t *Task, force bool) bool {
	switch s := t.signal; {
	case s.flags&SIGNAL_GROUP_EXIT != 0:
		// It is dying anyway; but a core dump can be cut short.
		return s.coreState != nil && sig == signal.SIGKILL
	case signal.Stopping.Has(sig):
		s.forgetPending(signal.Of(signal.SIGCONT))
	case sig == signal.SIGCONT:
		s.continueGroup()
	}
	return !t.ignoresSignal(sig, force)
}

// forgetPending drops the signals of a set that are pending for the process or
// one of its threads.
//
// Preconditions: siglock held.
func (s *SignalStruct) forgetPending(set signal.Set) {
	if s.sharedPending.Set()&set != 0 {
		s.sharedPending.Forget(set, freeSignalEntry)
	}
	for u := s.firstThread; u != nil; u = u.threads.next {
		if u.pending.Set()&set != 0 {
			u.pending.Forget(set, freeSignalEntry)
		}
	}
}

// ignoresSignal reports whether a signal need not be queued. One that is blocked
// has to be: its action may be another when it is unblocked.
//
// Preconditions: t's siglock held.
func (t *Task) ignoresSignal(sig int, force bool) bool {
	a := &t.sighand.actions[sig-1]
	if a.Handled() {
		return false
	}
	if t.flags.Load()&PF_KTHREAD != 0 {
		return true
	}
	if (t.blocked.Load() | t.realBlocked).Has(sig) {
		return false
	}
	if t.ptrace.Load() != 0 && sig != signal.SIGKILL {
		return false // the tracer may want to know of it
	}
	if t.signal.flags&SIGNAL_UNKILLABLE != 0 && a.Handler == signal.SIG_DFL &&
		!(force && signal.Unblockable.Has(sig)) {
		return true
	}
	return a.Ignores(sig)
}

// completeSignal chooses the thread that takes a signal and wakes it. If the
// signal is fatal, it is every thread and the end of the process begins at once;
// Linux's complete_signal.
//
// Preconditions: t's siglock held.
func completeSignal(sig int, t *Task, typ PidType) {
	taker := t
	if !t.wantsSignal(sig) {
		if typ == PIDTYPE_PID || t.signal.firstThread == t && t.threads.next == nil {
			return // it will be found when it is unblocked
		}
		if taker = t.signal.nextTaker(sig); taker == nil {
			return
		}
	}
	if taker.diesOf(sig) && (sig == signal.SIGKILL || t.ptrace.Load() == 0) {
		s := taker.signal
		s.flags = SIGNAL_GROUP_EXIT
		s.groupExitCode = sig
		s.groupStopCount = 0
		for u := s.firstThread; u != nil; u = u.threads.next {
			killThread(u)
		}
		return
	}
	signalWakeUp(taker, sig == signal.SIGKILL)
}

// diesOf reports whether a signal that t is to take ends its process, without a
// core dump, and nothing can come between. init does not die of signals that are
// not forced.
//
// Preconditions: siglock held.
func (t *Task) diesOf(sig int) bool {
	mask := SIGNAL_GROUP_EXIT | SIGNAL_UNKILLABLE
	if t.signal.coreState != nil {
		mask = SIGNAL_UNKILLABLE
	}
	return t.sighand.actions[sig-1].Fatal(sig) &&
		t.signal.flags&mask == 0 &&
		!t.realBlocked.Has(sig) &&
		!signal.Dumping.Has(sig)
}

// wantsSignal reports whether t would take a signal soon.
//
// Preconditions: siglock held.
func (t *Task) wantsSignal(sig int) bool {
	switch {
	case t.blocked.Load().Has(sig), t.flags.Load()&PF_EXITING != 0:
		return false
	case sig == signal.SIGKILL:
		return true
	case t.jobctl&(jobctlStopped|jobctlTraced) != 0:
		return false
	}
	return t.Running() || !t.TestFlag(sched.TIFSigPending)
}

// nextTaker returns a thread that wants a signal sent to the process, or nil. The
// search goes on where the last one ended, so that a storm of signals is not all
// one thread's.
//
// Preconditions: siglock held.
func (s *SignalStruct) nextTaker(sig int) *Task {
	start := s.currTarget
	if start == nil {
		start = s.firstThread
	}
	for u := start; ; {
		if u.wantsSignal(sig) {
			s.currTarget = u
			return u
		}
		if u = u.threads.next; u == nil {
			u = s.firstThread
		}
		if u == start {
			return nil
		}
	}
}

// signalWakeUp makes t look at its signals: it ends interruptible sleeps, and if
// the signal is fatal, killable sleeps and stops, too.
//
// Preconditions: t's siglock held.
func signalWakeUp(t *Task, fatal bool) {
	state := sched.State(0)
	if fatal && t.jobctl&jobctlFrozen == 0 {
		state = sched.TaskWakekill
		t.jobctl &^= jobctlStopped | jobctlTraced
	}
	signalWakeUpState(t, state)
}

// signalWakeUpState makes t look at its signals, and ends sleeps in a state of the
// set or that are interruptible.
//
// Preconditions: t's siglock held.
func signalWakeUpState(t *Task, state sched.State) {
	t.SetFlag(sched.TIFSigPending)
	if t == Current() {
		return // it looks before it sleeps
	}
	if !sched.TryToWakeUp(&t.Task, state|sched.TaskInterruptible) {
		sched.Kick(&t.Task)
	}
}

// killThread makes SIGKILL pending for a thread and wakes it.
//
// Preconditions: siglock held.
func killThread(t *Task) {
	t.jobctl &^= jobctlPendingMask | jobctlStopConsume | jobctlStopDequeued
	t.clearTrapping()
	t.pending.AddBare(signal.SIGKILL)
	signalWakeUp(t, true)
}

// forceSigFault makes the calling task take a signal for a fault at an address.
func (t *Task) forceSigFault(sig, code int, addr uintptr) {
	info := signal.Fault(sig, int32(code), addr)
	t.forceSigInfo(&info, false)
}

// forceSig makes the calling task take a signal of the kernel.
func (t *Task) forceSig(sig int) {
	info := signal.Kernel(sig)
	t.forceSigInfo(&info, false)
}

// forceSigsegv ends a program whose stack has no room for a signal frame: a
// handler of SIGSEGV gets a chance, unless SIGSEGV was the signal.
func (t *Task) forceSigsegv(sig int) {
	info := signal.Kernel(signal.SIGSEGV)
	t.forceSigInfo(&info, sig == signal.SIGSEGV)
}

// forceSigInfo makes the calling task take a signal that it cannot put off: one
// that it blocks or ignores kills it, as does any if toDefault is set. Not even
// init survives.
func (t *Task) forceSigInfo(info *signal.Info, toDefault bool) {
	sig := int(info.Signo)
	if !toDefault && t.ptrace.Load() == 0 {
		t.lockSignals()
		done := t.forceDirect(sig, info)
		t.unlockSignals()
		if done {
			return
		}
	}
	stockSignalEntries()
	t.lockSignals()
	t.forceSigLocked(sig, info, toDefault)
	t.unlockSignals()
}

// forceExit makes the calling task's process die of a signal, whatever anybody has
// to say about it: its action, who blocks it, a tracer.
func (t *Task) forceExit(info *signal.Info) {
	stockSignalEntries()
	t.lockSignals()
	t.sighand.actions[info.Signo-1].Flags |= signal.SA_IMMUTABLE
	t.forceSigLocked(int(info.Signo), info, true)
	t.unlockSignals()
}

// forceSigLocked is forceSigInfo.
//
// Preconditions: siglock held.
func (t *Task) forceSigLocked(sig int, info *signal.Info, toDefault bool) {
	a := &t.sighand.actions[sig-1]
	if blocked := t.blocked.Load().Has(sig); toDefault || blocked || a.Handler == signal.SIG_IGN {
		a.Handler = signal.SIG_DFL
		if blocked {
			t.blocked.Store(t.blocked.Load() &^ signal.Of(sig))
			RecalcSigpending(t)
		}
	}
	if a.Handler == signal.SIG_DFL && (toDefault || t.ptrace.Load() == 0) {
		t.signal.flags &^= SIGNAL_UNKILLABLE
	}
	_ = sendSignalLocked(sig, info, t, PIDTYPE_PID)
	if !t.TestFlag(sched.TIFSigPending) {
		signalWakeUp(t, false) // it was pending, and blocked
	}
}
