package sched

import (
	"sync/atomic"
	"syscall"
)

// MaxLockDepth is how many locks a chain of owners who wait themselves may have;
// max_lock_depth of /proc/sys/kernel.
var MaxLockDepth atomic.Int64

func init() { MaxLockDepth.Store(1024) }

// waiterPrio is the priority with which a task waits for a lock. Tasks that are not
// real time are equals, whatever their nice values.
func waiterPrio(t *Task) int32 {
	if !t.realTime() {
		return niceToPrio(0)
	}
	return t.prio
}

// keyPrio is the priority in the key of a waiter.
func keyPrio(key int64) int32 { return int32(key >> rtPrioShift) }

// passOn gives the owner of the lock the priority that follows from its waiters, if
// first says that the first of them is not what it was, and if that owner waits for
// another lock, goes on there.
//
// If a task is given, which has just begun to wait for the lock, it walks to the end
// of the chain: EDEADLK if the chain comes back to the task or does not end within
// MaxLockDepth. Otherwise it stops where nothing changes.
//
// Preconditions: LockRt held.
func (m *RtMutex) passOn(first bool, from *Task) error {
	limit := MaxLockDepth.Load()
	for depth := int64(0); first || from != nil; depth++ {
		owner := m.owner
		switch {
		case owner == nil:
			m.wakeTop() // which may be another than before
			return nil
		case owner == from, depth > limit:
			return syscall.EDEADLK
		}
		if first {
			owner.adjustPrio()
		}
		w := owner.blockedOn
		if w == nil {
			return nil
		}
		m, first = w.mutex, w.requeue()
	}
	return nil
}

// requeue puts a waiter where it belongs after the priority of its task has changed.
// It reports whether that matters to the owner of the lock: w was the first or is.
//
// Preconditions: LockRt held.
func (w *RtWaiter) requeue() bool {
	if keyPrio(w.key) == waiterPrio(w.task) {
		return false
	}
	wasFirst := w.mutex.unqueue(w)
	return w.mutex.queue(w) || wasFirst
}

// adjustPrio gives t the priority that follows from its own and from that of the
// most urgent task that waits for one of its locks. Linux does so only when somebody
// comes or goes: a task that gets a lock for which others wait, and then lowers its
// own priority, is not held up by them until the first of them is another.
//
// Preconditions: LockRt held.
func (t *Task) adjustPrio() {
	var top *Task
	if n := t.contended.root; n != nil {
		top = mutexOf(n).Top()
	}
	prio := t.normalPrio()
	if top != nil {
		prio = min(prio, top.prio)
	}
	if t.topWaiter == top && t.prio == prio {
		return
	}
	t.setScheduler(func() { t.topWaiter = top })
}

// prioChanged is called after the priority of t, which may wait for a lock, has
// been set by somebody.
func (t *Task) prioChanged() {
	LockRt()
	if w := t.blockedOn; w != nil {
		_ = w.mutex.passOn(w.requeue(), nil)
	}
	UnlockRt()
}
