package sched

import "syscall"

// ErrRestart is the ERESTARTSYS of Linux: a signal ended the wait. It never
// reaches a program; whoever finishes the system call decides between a restart
// and EINTR.
const ErrRestart = syscall.Errno(512)

// FatalSignalPending reports whether a signal that kills t is pending. It is
// asked only while TIFSigPending is set, with t's run queue locked, and set by
// the owner of signals at start-up.
var FatalSignalPending = func(*Task) bool { return false }

// SignalPending reports whether interruptible sleeps of t should end.
func SignalPending(t *Task) bool { return t.TestFlag(TIFSigPending | TIFNotifySignal) }

// signalPendingState reports whether a signal ends a sleep of t in state s.
func signalPendingState(t *Task, s State) bool {
	return s&(TaskInterruptible|TaskWakekill) != 0 && SignalPending(t) && signalEnds(t, s)
}

// signalEnds reports whether the pending signal ends the sleep.
//
//go:noinline
func signalEnds(t *Task, s State) bool {
	return s&TaskInterruptible != 0 || FatalSignalPending(t)
}
