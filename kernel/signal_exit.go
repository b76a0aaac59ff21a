package kernel

import (
	"onsen/arch/spec"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// forkSignal gives the new task t what it inherits of the caller's signals: what
// is blocked, and the alternate stack unless both use one memory.
func (t *Task) forkSignal(cur *Task, flags uint64) {
	t.blocked.Store(cur.blocked.Load())
	t.altStack = spec.AltStack{Flags: ssDisable}
	if flags&(CLONE_VM|CLONE_VFORK) != CLONE_VM {
		t.altStack = cur.altStack
	}
}

// fork gives a new process its part: nothing is pending and no timer runs.
func (p *processSignal) fork(*processSignal) {}

// flushSignalHandlers is execve's part: signals that are caught get their default
// action, ignored ones stay ignored, and the alternate stack and the timers of
// timer_create(2) are gone, with their signals.
func flushSignalHandlers(t *Task) {
	t.signal.deletePosixTimers(t)
	t.sighand.siglock.Lock()
	t.pending.ForgetTimers(freeSignalEntry)
	t.signal.sharedPending.ForgetTimers(freeSignalEntry)
	actions := &t.sighand.actions
	for i := range actions {
		ignored := actions[i].Handler == signal.SIG_IGN
		actions[i] = signal.Action{}
		if ignored {
			actions[i].Handler = signal.SIG_IGN
		}
	}
	t.sighand.siglock.Unlock()
	t.altStack.SP, t.altStack.Size = 0, 0 // signal frames show its flags still
	t.restart = nil
}

// exitSignals is the first step of exit: from here on no signal is meant for t.
// Those of the process that it was to take go to other threads, and a stop of the
// process does not wait for it.
func exitSignals(t *Task) {
	stockSignalEntries()
	t.sighand.siglock.Lock()
	t.flags.Or(PF_EXITING)
	stopped := false
	if t.signal.flags&SIGNAL_GROUP_EXIT == 0 && t.TestFlag(sched.TIFSigPending) {
		t.retargetSharedPending(^t.blocked.Load())
		stopped = t.jobctl&jobctlStopPending != 0 && t.joinStop()
	}
	t.sighand.siglock.Unlock()
	if stopped {
		tasklistLock.Lock()
		notifyParentStopped(t, signal.CLD_STOPPED)
		tasklistLock.Unlock()
	}
}

// flushSignals drops what is pending for a dead task.
func flushSignals(t *Task) {
	t.ClearFlag(sched.TIFSigPending)
	t.pending.Forget(^signal.Set(0), freeSignalEntry)
}

// flushProcess drops what is pending for a dead process.
func flushProcess(s *SignalStruct) {
	s.sharedPending.Forget(^signal.Set(0), freeSignalEntry)
}

// leaveThreadGroup is called when a dead thread that is not the leader is about to
// leave the list of threads.
//
// Preconditions: tasklistLock and siglock held.
func leaveThreadGroup(t *Task) {
	if t.signal.currTarget == t {
		t.signal.currTarget = t.threads.next
	}
}
