package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// sigsetSize is the size of the kernel's sigset_t, which system calls are told.
const sigsetSize = 8

func init() {
	sched.FatalSignalPending = func(t *sched.Task) bool { return taskOf(t).killed() }
}

// lockSignals takes the calling task's siglock, and unlockSignals gives it back.
// They cost less than Lock and Unlock, as they leave interrupts alone, and go
// together.
func (t *Task) lockSignals() { t.sighand.lockFor(t) }

func (t *Task) unlockSignals() { t.sighand.unlock() }

// lockFor takes siglock, of any task's, for the calling task t, and unlock gives it
// back; see lockSignals.
func (h *SighandStruct) lockFor(t *Task) { h.siglock.LockTask(t.CPU()) }

func (h *SighandStruct) unlock() { h.siglock.UnlockTask() }

// lockTasklist takes tasklistLock, and unlockTasklist gives it back; see lockSignals.
func lockTasklist() { tasklistLock.LockTask(arch.CPU()) }

func unlockTasklist() { tasklistLock.UnlockTask() }

// killed reports whether SIGKILL is pending for the task itself: every fatal
// signal is turned into that for every thread. It needs no lock.
func (t *Task) killed() bool { return t.pending.Set().Has(signal.SIGKILL) }

// fatalSignalPending reports whether t is about to be killed, so that what it
// does in the kernel has no use any more.
func fatalSignalPending(t *Task) bool {
	return t.TestFlag(sched.TIFSigPending) && t.killed()
}

// hasPendingSignals reports whether t has something to do for signals.
//
// Preconditions: siglock held, or t is the caller and its TIFSigPending, which is
// not set, is all that depends on it.
func (t *Task) hasPendingSignals() bool {
	return t.jobctl&jobctlPendingMask != 0 || t.direct != 0 ||
		(t.pending.Set()|t.signal.sharedPending.Set())&^t.blocked.Load() != 0
}

// mayHavePending reports whether a signal may be pending for t's process or one of
// its threads.
//
// Preconditions: siglock held.
func (t *Task) mayHavePending() bool {
	return t.signal.nrThreads != 1 || t.pending.Set()|t.signal.sharedPending.Set() != 0
}

// RecalcSigpending makes the calling task's TIFSigPending what it should be after
// signals were blocked, unblocked or taken. Another task's flag may be set too
// often and is never cleared but by itself.
//
// Preconditions: siglock held.
func RecalcSigpending(t *Task) {
	switch {
	case t.hasPendingSignals():
		t.SetFlag(sched.TIFSigPending)
	case t.TestFlag(sched.TIFSigPending):
		t.ClearFlag(sched.TIFSigPending)
	}
}

// setCurrentBlocked sets the signals that the calling task blocks.
func (t *Task) setCurrentBlocked(s signal.Set) {
	s &^= signal.Unblockable
	old := t.blocked.Load()
	if s == old {
		return
	}
	if !t.TestFlag(sched.TIFSigPending) && (s&^old == 0 || t.signal.nrThreads == 1) {
		// There is no flag to take back, and no other thread to wake for what
		// this one does not take any more.
		t.blocked.Store(s)
		if t.hasPendingSignals() {
			t.SetFlag(sched.TIFSigPending)
		}
		return
	}
	t.lockSignals()
	t.setBlockedLocked(s)
	t.unlockSignals()
}

// setBlockedLocked is setCurrentBlocked for a caller that holds siglock.
func (t *Task) setBlockedLocked(s signal.Set) {
	if fresh := s &^ t.blocked.Load(); fresh != 0 && t.TestFlag(sched.TIFSigPending) {
		t.retargetSharedPending(fresh)
	}
	t.blocked.Store(s)
	RecalcSigpending(t)
}

// retargetSharedPending wakes other threads for the process's pending signals in
// a set, which t will not take: it may have been the one woken for them.
//
// Preconditions: siglock held.
func (t *Task) retargetSharedPending(which signal.Set) {
	left := t.signal.sharedPending.Set() & which
	for u := t.signal.firstThread; u != nil && left != 0; u = u.threads.next {
		if u == t || u.flags.Load()&PF_EXITING != 0 || left&^u.blocked.Load() == 0 {
			continue
		}
		left &= u.blocked.Load()
		if !u.TestFlag(sched.TIFSigPending) {
			signalWakeUp(u, false)
		}
	}
}

// setUserSigmask blocks, for the length of one system call of t, the signals of
// the set at a user address instead of t's own; 0 leaves them as they are. The
// call ends with restoreSavedSigmaskUnless. Errors: EINVAL for a wrong size,
// EFAULT.
func (t *Task) setUserSigmask(addr, size uintptr) error {
	if addr == 0 {
		return nil
	}
	if size != sigsetSize {
		return syscall.EINVAL
	}
	s, err := uaccess.Get[signal.Set](addr)
	if err != nil {
		return err
	}
	t.restoreSigmask, t.savedSigmask = true, t.blocked.Load()
	t.setCurrentBlocked(s)
	return nil
}

// restoreSavedSigmaskUnless brings t's own set of blocked signals back unless a
// signal has interrupted the call: then it must first be delivered, which will
// bring the set back.
func (t *Task) restoreSavedSigmaskUnless(interrupted bool) {
	if !interrupted {
		t.restoreSavedSigmask()
	} else if t.restoreSigmask {
		t.SetFlag(sched.TIFSigPending) // it may be another thread's by now
	}
}

// restoreSavedSigmask brings back the set of blocked signals that the system call
// has replaced, if it has.
func (t *Task) restoreSavedSigmask() {
	if t.restoreSigmask {
		t.restoreSigmask = false
		t.setCurrentBlocked(t.savedSigmask)
	}
}

// sigmaskToSave returns the set that sigreturn is to bring back.
func (t *Task) sigmaskToSave() signal.Set {
	if t.restoreSigmask {
		return t.savedSigmask
	}
	return t.blocked.Load()
}
