package kernel

import "onsen/kernel/signal"

// takeSignal takes a signal that is not in blocked from the calling task's queue
// or else its process's, and returns its number, or 0. shared says that it was the
// process's. Linux's dequeue_signal.
//
// Preconditions: siglock held.
func (t *Task) takeSignal(blocked signal.Set, info *signal.Info) (sig int, shared bool) {
	queue := &t.pending
	if sig = queue.Next(blocked); sig == 0 {
		queue, shared = &t.signal.sharedPending, true
		sig = queue.Next(blocked)
	}
	if sig != 0 {
		freeSignalEntry(queue.Take(sig, info))
	}
	RecalcSigpending(t)
	switch {
	case sig == 0:
	case signal.Stopping.Has(sig):
		// From here to the stop, only SIGCONT can clear this again.
		t.jobctl |= jobctlStopDequeued
	case sig == signal.SIGALRM && shared:
		t.signal.real.rearm()
	}
	return sig, shared
}

// getSignal takes signals and does what they do by default until there is none
// left, 0, or one to handle: then info and action are its. A fatal signal ends
// the process, and with it the call. Linux's get_signal.
func (t *Task) getSignal(info *signal.Info, action *signal.Action) (sig int) {
	h, s := t.sighand, t.signal
	t.lockSignals()
	for {
		if s.flags&SIGNAL_CLD_MASK != 0 {
			t.notifyContinued()
			t.lockSignals()
			continue
		}
		if s.flags&SIGNAL_GROUP_EXIT != 0 || s.groupExecTask != nil {
			// Killed, whatever the signal was. A tracer may want to have a look
			// at the end.
			t.pending.Forget(signal.Of(signal.SIGKILL), freeSignalEntry)
			RecalcSigpending(t)
			t.unlockSignals()
			t.flags.Or(PF_SIGNALED)
			DoGroupExit(signal.SIGKILL)
		}
		if t.direct != 0 {
			if sig = t.takeDirect(action); sig != 0 {
				t.unlockSignals()
				return sig
			}
		}
		if t.jobctl&jobctlPendingMask != 0 && t.stopAsAsked() {
			continue
		}
		shared := false
		if sig = t.takeSynchronous(info); sig == 0 {
			if sig, shared = t.takeSignal(t.blocked.Load(), info); sig == 0 {
				t.unlockSignals()
				return 0
			}
		}
		if t.ptrace.Load() != 0 && sig != signal.SIGKILL && h.actions[sig-1].Flags&signal.SA_IMMUTABLE == 0 {
			t.showRestart()
			if sig = t.ptraceSignal(sig, info, shared); sig == 0 {
				continue
			}
		}
		a := &h.actions[sig-1]
		switch {
		case a.Handler == signal.SIG_IGN:
			continue
		case a.Handler != signal.SIG_DFL:
			*action = a.Take()
			t.unlockSignals()
			return sig
		case signal.IgnoredByDefault.Has(sig):
			continue
		case s.flags&SIGNAL_UNKILLABLE != 0 && !signal.Unblockable.Has(sig):
			continue // init is protected
		case signal.Stopping.Has(sig):
			t.stopFor(sig)
			continue
		}
		t.unlockSignals()
		t.flags.Or(PF_SIGNALED)
		if signal.Dumping.Has(sig) {
			t.showRestart()
			t.doCoredump(info)
		}
		DoGroupExit(sig)
	}
}

// stopAsAsked stops t if its process does or its tracer wants it to, and reports
// whether it has.
//
// Preconditions: siglock held, before and after.
func (t *Task) stopAsAsked() bool {
	if t.jobctl&jobctlStopPending != 0 && t.doSignalStop(0) {
		t.lockSignals()
		return true
	}
	if t.jobctl&jobctlTrapMask != 0 {
		t.showRestart()
		t.jobctlTrap()
		return true
	}
	return false
}

// takeSynchronous takes the signal of a fault, if there is one.
//
// Preconditions: siglock held.
func (t *Task) takeSynchronous(info *signal.Info) int {
	sig := t.pending.NextSynchronous(t.blocked.Load())
	if sig != 0 {
		freeSignalEntry(t.pending.Take(sig, info))
		RecalcSigpending(t)
	}
	return sig
}

// stopFor stops the process for a signal that t has taken. The signals of
// terminals do nothing to an orphaned process group: nobody could continue it.
//
// Preconditions: siglock held, before and after.
func (t *Task) stopFor(sig int) {
	if sig != signal.SIGSTOP {
		t.unlockSignals()
		orphaned := IsCurrentPgrpOrphaned()
		t.lockSignals()
		if orphaned {
			return
		}
	}
	if t.doSignalStop(sig) {
		t.lockSignals()
	}
}
