package kernel

import (
	"syscall"

	"onsen/arch/spec"
	"onsen/kernel/signal"
)

// taskSignal are the task's own signals.
type taskSignal struct {
	// blocked are the signals that wait. Written by the task, which then looks
	// at what is pending; who sends a signal makes it pending first and then
	// looks here.
	blocked signal.AtomicSet
	// realBlocked are those that were blocked before rt_sigtimedwait(2) let
	// some in: a signal that it waits for must not kill. Written by the task,
	// under siglock.
	realBlocked signal.Set
	// savedSigmask replaces blocked when the task next goes to user mode, if
	// restoreSigmask is set: ppoll(2), sigsuspend(2). Owned by the task.
	savedSigmask   signal.Set
	restoreSigmask bool

	// pending are the signals meant for this thread. siglock.
	pending signal.Pending
	// jobctl are jobctl* bits. siglock.
	jobctl uint32

	// altStack is that of sigaltstack(2). Owned by the task.
	altStack spec.AltStack

	// delivery is the signal that the task is taking. Owned by the task.
	delivery delivery
	// direct is a signal on its way there without a queue, or 0; see
	// sendDirect. Owned by the task.
	direct int

	// interrupted is the restart error of the system call that the task is
	// about to leave, 0 if there is none or it has been dealt with. Owned by
	// the task.
	interrupted syscall.Errno
	// restart is how restart_syscall(2) goes on. Owned by the task.
	restart restartBlock

	// dumpNext is the thread that came to the core dump after this one, and
	// dumpWaiting says that the dump still needs this one. siglock.
	dumpNext    *Task
	dumpWaiting bool
}

// restartBlock is the rest of a system call that ended with
// errno.ERESTART_RESTARTBLOCK. It is called in its place, once; nil stands for
// a call that cannot go on, which is EINTR.
type restartBlock func(t *Task) (uintptr, error)

// Bits of taskSignal.jobctl; Linux's JOBCTL_*. The lowest hold a signal.
const (
	jobctlStopSigmask  uint32 = 0xffff  // the signal of the last group stop
	jobctlStopDequeued uint32 = 1 << 16 // a stop signal has been taken
	jobctlStopPending  uint32 = 1 << 17 // the task is to stop
	jobctlStopConsume  uint32 = 1 << 18 // and counts in groupStopCount
	jobctlTrapStop     uint32 = 1 << 19 // a stop for the tracer is due
	jobctlTrapNotify   uint32 = 1 << 20 // the tracer is to hear of job control
	jobctlTrapping     uint32 = 1 << 21 // on its way from a stop to a tracer's
	jobctlListening    uint32 = 1 << 22 // PTRACE_LISTEN
	jobctlFrozen       uint32 = 1 << 24 // a request is under way: not even SIGKILL wakes it
	jobctlStopped      uint32 = 1 << 26 // it has stopped
	jobctlTraced       uint32 = 1 << 27 // it has stopped for its tracer

	jobctlTrapMask    = jobctlTrapStop | jobctlTrapNotify
	jobctlPendingMask = jobctlStopPending | jobctlTrapMask
)

// processSignal is the signal code's part of a process.
type processSignal struct {
	// sharedPending are the signals that any thread may take. siglock.
	sharedPending signal.Pending
	// groupStopCount is the number of threads that have still to stop. siglock.
	groupStopCount int
	// currTarget is the thread that got the last signal for the process, or
	// nil. siglock.
	currTarget *Task
	// coreState is set while a thread dumps core. siglock.
	coreState *coreState

	processTimers
}
