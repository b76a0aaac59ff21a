package kernel

import (
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// A signal that a task sends to itself, or that a fault of it is, is handled before
// the task does anything else. If it has a handler it need not be queued: nobody
// could see it there. It waits in taskSignal.direct, with its siginfo in delivery.

// sendDirect does what sendSignalLocked would do about a signal of the calling
// task's, if that is to make it run a handler next. Else it reports false.
//
// Preconditions: siglock held.
func (t *Task) sendDirect(sig int, info *signal.Info) bool {
	const special = signal.Stopping | signal.Set(1<<(signal.SIGCONT-1))
	// What a program makes up, and real-time signals, count for a limit.
	if info.Code < 0 || sig >= signal.SIGRTMIN || special.Has(sig) {
		return false
	}
	blocked := t.blocked.Load()
	if (blocked | t.realBlocked).Has(sig) || t.hasPendingSignals() || t.sighand.signalfdQueue.Active() {
		return false // it has to wait, or another is first, or somebody may want it
	}
	return t.setDirect(sig, info)
}

// forceDirect is sendDirect for a fault, which comes before all other signals.
//
// Preconditions: siglock held.
func (t *Task) forceDirect(sig int, info *signal.Info) bool {
	if t.pending.Coalesces(sig) || t.blocked.Load().Has(sig) {
		return false
	}
	return t.setDirect(sig, info)
}

// setDirect makes a signal the one that the calling task handles next, unless that
// is not all there is to do about it.
//
// Preconditions: siglock held.
func (t *Task) setDirect(sig int, info *signal.Info) bool {
	if !t.sighand.actions[sig-1].Handled() || t.signal.flags&SIGNAL_GROUP_EXIT != 0 ||
		t.ptrace.Load() != 0 || t.direct != 0 {
		return false
	}
	t.direct = sig
	t.delivery.info = *info
	t.delivery.info.Signo = int32(sig)
	t.SetFlag(sched.TIFSigPending)
	return true
}

// takeDirect takes the signal in t.direct. It returns 0, and queues the signal, if
// there is more to say about it than that its handler runs by now.
//
// Preconditions: siglock held.
func (t *Task) takeDirect(action *signal.Action) int {
	sig := t.direct
	t.direct = 0
	a := &t.sighand.actions[sig-1]
	if t.ptrace.Load() != 0 || !a.Handled() {
		_ = enqueue(sig, &t.delivery.info, t, &t.pending)
		return 0
	}
	RecalcSigpending(t)
	*action = a.Take()
	return sig
}
