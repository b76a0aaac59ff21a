package kernel

import (
	"sync/atomic"

	"onsen/kernel/cred"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// taskPtrace is what ptrace(2) knows of a task, as tracee and as tracer.
type taskPtrace struct {
	// ptrace is 0, or PT_PTRACED with other PT_* bits and the options. Written
	// under tasklistLock; it becomes 0 under siglock as well.
	ptrace atomic.Uint32
	// ptracerCred are the credentials with which the tracer has attached.
	// tasklistLock.
	ptracerCred *cred.Cred
	// ptraced are the tracees, linked by ptraceEntry. tasklistLock.
	ptraced     struct{ first, last *Task }
	ptraceEntry struct{ next, prev *Task }

	// While the task is stopped for its tracer: stopCode is what wait(2) tells
	// the tracer, 0 once it has, and afterwards the signal with which the
	// tracee goes on. siglock.
	stopCode int
	// lastSiginfo is why it is stopped, nil for a group stop, else a pointer to
	// stopSiginfo. siglock.
	lastSiginfo *signal.Info
	stopSiginfo signal.Info
	// ptraceMessage is PTRACE_GETEVENTMSG's. siglock.
	ptraceMessage uintptr
	// trapping is where a tracer waits for the end of jobctlTrapping.
	trapping sched.WaitQueue

	// lateExit says that the tracer has asked for the exit of a system call in
	// the middle of it. Owned by the task.
	lateExit bool
	// stops counts the stops for the tracer, and stopsBefore is what it was at
	// showRestart. restartShown is set from there to settleRestart. Owned by the
	// task.
	stops, stopsBefore uint64
	restartShown       bool
	// origArg0 is the first argument of a traced system call, before the tracer
	// could change it. Owned by the task.
	origArg0 uintptr
}

// Bits of taskPtrace.ptrace; Linux's PT_*. Between them are the options,
// PTRACE_O_*, shifted.
const (
	PT_PTRACED        uint32 = 1 << 0
	PT_OPT_FLAG_SHIFT        = 3
	PT_SEIZED         uint32 = 1 << 16 // attached by PTRACE_SEIZE
)

// ptraceOption reports whether an option of PTRACE_SETOPTIONS is set.
func (t *Task) ptraceOption(o uint32) bool { return t.ptrace.Load()&(o<<PT_OPT_FLAG_SHIFT) != 0 }

// ptraceReparented reports whether the tracer is not a thread of the process that
// is told of the task's end anyway.
//
// Preconditions: tasklistLock held.
func (t *Task) ptraceReparented() bool { return !sameProcess(t.realParent, t.parent) }

// addTracee appends p to t's tracees.
//
// Preconditions: tasklistLock held.
func (t *Task) addTracee(p *Task) {
	p.ptraceEntry.prev, p.ptraceEntry.next = t.ptraced.last, nil
	if t.ptraced.last != nil {
		t.ptraced.last.ptraceEntry.next = p
	} else {
		t.ptraced.first = p
	}
	t.ptraced.last = p
}

// removeTracee undoes addTracee.
//
// Preconditions: tasklistLock held.
func (t *Task) removeTracee(p *Task) {
	e := &p.ptraceEntry
	if e.prev != nil {
		e.prev.ptraceEntry.next = e.next
	} else {
		t.ptraced.first = e.next
	}
	if e.next != nil {
		e.next.ptraceEntry.prev = e.prev
	} else {
		t.ptraced.last = e.prev
	}
	e.next, e.prev = nil, nil
}
