package sched

import (
	"syscall"
	"unsafe"

	"onsen/kernel/spin"
)

// RtMutex is a lock whose holder runs with the priority of the most urgent task
// that waits for it, if that is better than its own; Linux's rt_mutex. The waiter
// with the highest priority gets it next, and among equals the one that has waited
// longest.
//
// It is what futexes that pass on priority are made of, so a task may have to be
// made to wait, or to be the owner, by another one. A lock that is let go of has no
// owner until its first waiter has run and taken it: whoever is more urgent than
// that and comes first, gets it.
//
// All of them, and the chains of who waits for whom, have one lock: LockRt. A chain
// goes from lock to owner to the next lock at one moment then, and no step of it can
// change under the walk, which is what makes Linux's several locks hard. Only
// programs that do meet at a lock come here.
//
// The zero value is free. It must not be copied.
type RtMutex struct {
	// node is the place among the locks that the owner holds and others wait for;
	// its key is that of the first waiter. In Task.contended if there is an owner
	// and a waiter. First field.
	node
	owner   *Task
	waiters heap // of RtWaiter
}

// RtWaiter is a task's place in the queue of an RtMutex. It must not be copied
// while it is queued.
type RtWaiter struct {
	// node is the place in RtMutex.waiters. First field.
	node
	task *Task
	// mutex is what the task waits for, nil if the waiter is in no queue.
	mutex *RtMutex
}

// rtTask is what the scheduler knows of the RtMutexes that a task has to do with.
// All is protected by LockRt.
type rtTask struct {
	// contended are the locks that the task holds and others wait for.
	contended heap // of RtMutex
	// blockedOn is where the task waits for one itself, or nil.
	blockedOn *RtWaiter
	// topWaiter is who has been found to be the most urgent of those who wait for
	// a lock of the task, or nil. Also protected, to be written, by piLock and the
	// lock of the task's Rq.
	topWaiter *Task
}

var (
	rtLock spin.Lock
	// rtArrivals counts the waiters that have queued up. rtLock.
	rtArrivals int64
)

// LockRt locks all RtMutexes. It is a spin lock, for tasks only, and UnlockRt undoes
// it. The methods of RtMutex are for who holds it.
func LockRt() { rtLock.LockTask(thisCPU()) }

// UnlockRt undoes LockRt.
func UnlockRt() { rtLock.UnlockTask() }

// waiterOf returns the waiter whose place in a queue n is, and mutexOf the lock.
func waiterOf(n *node) *RtWaiter { return (*RtWaiter)(unsafe.Pointer(n)) }
func mutexOf(n *node) *RtMutex   { return (*RtMutex)(unsafe.Pointer(n)) }

// Owner returns who holds the lock, or nil.
func (m *RtMutex) Owner() *Task { return m.owner }

// Top returns the task that gets the lock next, or nil.
func (m *RtMutex) Top() *Task {
	if m.waiters.root == nil {
		return nil
	}
	return waiterOf(m.waiters.root).task
}

// SetOwner makes t, which does nothing for it, the owner of a free lock for which
// nobody waits.
func (m *RtMutex) SetOwner(t *Task) { m.owner = t }

// Abandon frees a lock for which nobody waits, whoever its owner is.
func (m *RtMutex) Abandon() { m.owner = nil }

// Blocked reports whether the task of w, or another one for it, has queued up and
// it neither got the lock nor left.
func (w *RtWaiter) Blocked() bool { return w.mutex != nil }

// TryTake makes t the owner if the lock is free and nobody is in front of t. w is
// where t waits for it, or nil for a task that has just come: that has to be more
// urgent than all who wait.
func (m *RtMutex) TryTake(t *Task, w *RtWaiter) bool {
	if m.owner != nil || !m.isNext(t, w) {
		return false
	}
	if w != nil {
		m.unqueue(w)
		w.mutex, t.blockedOn = nil, nil
	}
	m.owner = t
	m.joinContended()
	return true
}

// isNext reports whether a free lock is for t, who waits as w or, if that is nil,
// does not wait.
func (m *RtMutex) isNext(t *Task, w *RtWaiter) bool {
	first := m.waiters.root
	switch {
	case first == nil:
		return true
	case w != nil:
		return first == &w.node
	}
	return waiterPrio(t) < keyPrio(first.key)
}

// Start has t wait for the lock as w, unless t gets it at once: then it reports
// true. EDEADLK means that t would wait for itself, or for a chain that is too
// long; unless t is the owner it is queued all the same, and Leave is to be called.
func (m *RtMutex) Start(w *RtWaiter, t *Task) (taken bool, err error) {
	if m.TryTake(t, nil) {
		return true, nil
	}
	if m.owner == t {
		return false, syscall.EDEADLK
	}
	w.task, w.mutex, t.blockedOn = t, m, w
	return false, m.passOn(m.queue(w), t)
}

// Leave ends the wait of w, which may not wait at all, without the lock. The owner
// loses what it had by it.
func (m *RtMutex) Leave(w *RtWaiter) {
	if w.mutex == nil {
		return
	}
	first := m.unqueue(w)
	w.mutex, w.task.blockedOn = nil, nil
	_ = m.passOn(first, nil)
}

// Release takes the lock from its owner and wakes the first waiter, who will take
// it. The owner is itself again before that one runs.
func (m *RtMutex) Release() {
	owner := m.owner
	m.leaveContended()
	m.owner = nil
	owner.adjustPrio()
	m.wakeTop()
}

func (m *RtMutex) wakeTop() {
	if top := m.Top(); top != nil {
		TryToWakeUp(top, TaskNormal)
	}
}

// queue puts w behind its equals, and reports whether it is the first waiter now.
// The priority of the owner is left as it is.
func (m *RtMutex) queue(w *RtWaiter) (first bool) {
	rtArrivals++
	w.key = int64(waiterPrio(w.task))<<rtPrioShift + rtArrivals
	m.leaveContended()
	m.waiters.insert(&w.node)
	m.joinContended()
	return m.waiters.root == &w.node
}

// unqueue undoes queue, and reports whether w was the first waiter.
func (m *RtMutex) unqueue(w *RtWaiter) (first bool) {
	first = m.waiters.root == &w.node
	m.leaveContended()
	m.waiters.remove(&w.node)
	m.joinContended()
	return first
}

// leaveContended takes the lock out of what its owner is boosted for, and
// joinContended puts it back under the key of its first waiter. What happens to the
// queue happens between the two.
func (m *RtMutex) leaveContended() {
	if m.owner != nil && m.waiters.root != nil {
		m.owner.contended.remove(&m.node)
	}
}

func (m *RtMutex) joinContended() {
	if m.owner != nil && m.waiters.root != nil {
		m.key = m.waiters.root.key
		m.owner.contended.insert(&m.node)
	}
}
