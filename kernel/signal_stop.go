package kernel

import (
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// Stopping and continuing a process: job control. Every thread stops itself when
// it takes its signals, the last one tells the parent. All of it is as in Linux's
// kernel/signal.c.

// cancelGroupStop forgets a stop that is under way.
//
// Preconditions: siglock held.
func (p *processSignal) cancelGroupStop() { p.groupStopCount = 0 }

// setStopPending has t stop for a signal. It reports false if t is about to die.
//
// Preconditions: siglock held.
func (t *Task) setStopPending(sig int) bool {
	return t.setJobctlPending(uint32(sig) | jobctlStopPending | jobctlStopConsume)
}

// setStopFlags replaces the flags that wait(2) looks at.
//
// Preconditions: siglock held.
func (s *SignalStruct) setStopFlags(f uint32) { s.flags = s.flags&^SIGNAL_STOP_MASK | f }

// doSignalStop stops the calling task, and has the others of its process stopped:
// with sig not 0 because of a stop signal that it has taken, otherwise because
// another thread has. It reports false if there is nothing to stop for, with
// siglock still held; else it returns without, when the task was continued. A task
// with a tracer only has its stop for that scheduled.
//
// Preconditions: siglock held by lockSignals.
func (t *Task) doSignalStop(sig int) bool {
	s := t.signal
	if t.jobctl&jobctlStopPending == 0 {
		if t.jobctl&jobctlStopDequeued == 0 || s.flags&SIGNAL_GROUP_EXIT != 0 || s.groupExecTask != nil {
			return false // SIGCONT or the end came between
		}
		t.beginGroupStop(sig)
	}
	if t.ptrace.Load() != 0 {
		t.setJobctlPending(jobctlTrapStop)
		return false
	}
	t.showRestart() // somebody may become its tracer
	notify := t.joinStop()
	t.jobctl |= jobctlStopped
	sched.SetSpecialState(sched.TaskStopped | sched.TaskWakekill)
	t.unlockSignals()
	if notify {
		tasklistLock.Lock()
		notifyParentStopped(t, signal.CLD_STOPPED)
		tasklistLock.Unlock()
	}
	sched.Schedule()
	return true
}

// beginGroupStop tells all threads to stop.
//
// Preconditions: siglock held.
func (t *Task) beginGroupStop(sig int) {
	s := t.signal
	if s.flags&SIGNAL_STOP_STOPPED == 0 {
		s.groupExitCode = sig
	}
	s.groupStopCount = 0
	if t.setStopPending(sig) {
		s.groupStopCount++
	}
	for u := s.firstThread; u != nil; u = u.threads.next {
		if u != t && u.jobctl&jobctlStopped == 0 && u.setStopPending(sig) {
			s.groupStopCount++
			if u.ptrace.Load()&PT_SEIZED != 0 {
				ptraceTrapNotify(u)
			} else {
				signalWakeUp(u, false)
			}
		}
	}
}

// joinStop counts t as stopped, or as one that need not stop any more. It reports
// whether the stop of the process is complete by that.
//
// Preconditions: siglock held.
func (t *Task) joinStop() (complete bool) {
	s := t.signal
	consume := t.jobctl&jobctlStopConsume != 0
	t.clearJobctlPending(jobctlStopPending)
	if !consume {
		return false
	}
	if s.groupStopCount > 0 {
		s.groupStopCount--
	}
	if s.groupStopCount != 0 || s.flags&SIGNAL_STOP_STOPPED != 0 {
		return false
	}
	s.setStopFlags(SIGNAL_STOP_STOPPED)
	return true
}

// joinGroupStop makes a new thread take part in a stop that is under way.
//
// Preconditions: tasklistLock and siglock held, the caller is another thread of
// t's process.
func joinGroupStop(t *Task) {
	s := t.signal
	stopped := uint32(0)
	switch {
	case s.groupStopCount != 0:
		s.groupStopCount++
		stopped = jobctlStopConsume
	case s.flags&SIGNAL_STOP_STOPPED == 0:
		return
	}
	t.jobctl = Current().jobctl&jobctlStopSigmask | jobctlStopPending | stopped
	t.SetFlag(sched.TIFSigPending)
}

// continueGroup does what SIGCONT does by being sent, whether it is blocked,
// ignored or neither: the process goes on, and stop signals are forgotten.
//
// Preconditions: siglock held.
func (s *SignalStruct) continueGroup() {
	s.forgetPending(signal.Stopping)
	for u := s.firstThread; u != nil; u = u.threads.next {
		u.clearJobctlPending(jobctlStopPending)
		if u.ptrace.Load()&PT_SEIZED != 0 {
			ptraceTrapNotify(u)
			continue
		}
		u.jobctl &^= jobctlStopped
		sched.TryToWakeUp(&u.Task, sched.TaskStopped)
	}
	// The first thread to run tells the parent: it is not told here because of
	// the order of locks.
	why := uint32(0)
	switch {
	case s.flags&SIGNAL_STOP_STOPPED != 0:
		why = SIGNAL_CLD_CONTINUED
	case s.groupStopCount != 0:
		why = SIGNAL_CLD_STOPPED // it had begun to stop: wait(2) may have seen it
	}
	if why != 0 {
		s.setStopFlags(why | SIGNAL_STOP_CONTINUED)
		s.groupStopCount = 0
		s.groupExitCode = 0
	}
}

// notifyContinued tells the parent what continueGroup has left to be told.
//
// Preconditions: siglock held by lockSignals; not on return.
func (t *Task) notifyContinued() {
	s := t.signal
	why := signal.CLD_STOPPED
	if s.flags&SIGNAL_CLD_CONTINUED != 0 {
		why = signal.CLD_CONTINUED
	}
	s.flags &^= SIGNAL_CLD_MASK
	t.unlockSignals()
	stockSignalEntries()
	tasklistLock.Lock()
	notifyParentStopped(t, why)
	if leader := t.groupLeader; leader.ptraceReparented() {
		notifyParentOf(leader, leader.parent, why)
	}
	tasklistLock.Unlock()
}

// notifyParentStopped tells the parent of t's process that it was stopped or
// continued: a CLD_*. Linux's do_notify_parent_cldstop.
//
// Preconditions: tasklistLock held, no siglock.
func notifyParentStopped(t *Task, why int32) {
	notifyParentOf(t.groupLeader, t.groupLeader.realParent, why)
}

// notifyParentOf tells a parent of t, its own or its tracer, why t does not run or
// does again: a CLD_*.
//
// Preconditions: tasklistLock held, no siglock.
func notifyParentOf(t, parent *Task, why int32) {
	status := signal.SIGCONT
	switch why {
	case signal.CLD_STOPPED:
		status = t.signal.groupExitCode & 0x7f
	case signal.CLD_TRAPPED:
		status = t.stopCode & 0x7f
	}
	h := parent.sighand
	if h == nil {
		return
	}
	h.lockFor(Current())
	a := &h.actions[signal.SIGCHLD-1]
	if a.Flags&signal.SA_NOCLDSTOP == 0 && !parent.ignoresSignal(signal.SIGCHLD, false) && a.Handler != signal.SIG_IGN {
		info := childInfo(signal.SIGCHLD, why, t, status)
		_ = sendSignalLocked(signal.SIGCHLD, &info, parent, PIDTYPE_TGID)
	}
	parent.signal.waitChildExit.WakeAll()
	h.unlock()
}

// childInfo is the siginfo of a signal about the child t.
func childInfo(sig int, code int32, t *Task, status int) signal.Info {
	used := t.usage()
	return signal.Child(sig, code, t.Pid, t.Cred().UID, status, clockTicks(used.utime), clockTicks(used.stime))
}

// clockTicks converts nanoseconds to ticks of USER_HZ, 100 per second.
func clockTicks(ns int64) int64 { return ns / 10_000_000 }

// sendChildExit sends parent's process the signal that says that the process of t
// has ended.
//
// Preconditions: tasklistLock and the parent's siglock held.
func sendChildExit(sig int, t, parent *Task) {
	status := t.exitCode
	if t.signal.flags&SIGNAL_GROUP_EXIT != 0 {
		status = t.signal.groupExitCode
	}
	code, value := childStatus(status)
	info := childInfo(sig, int32(code), t, value)
	_ = sendSignalLocked(sig, &info, parent, PIDTYPE_TGID)
}
