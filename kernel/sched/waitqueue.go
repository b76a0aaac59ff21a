package sched

import (
	"math"
	"sync/atomic"
	"unsafe"

	"onsen/kernel/spin"
)

// WaitQueue is where tasks wait until a condition that belongs to it holds.
// Whoever makes the condition true calls Wake afterwards. The zero value is
// ready; a WaitQueue must not be copied.
//
// Waiters are served in order, but non-exclusive ones, who all want to know,
// come before exclusive ones, of whom one is woken at a time.
type WaitQueue struct {
	lock        spin.Lock
	first, last *WaitEntry // lock
}

// WaitEntry is one place in a WaitQueue. The Wait methods use the one inside
// the task; only code that waits on several queues at once needs its own.
type WaitEntry struct {
	// Task is woken. Constant while queued.
	Task *Task
	// Func, if not nil, is called instead, with the queue locked. It returns
	// whether it has served as a wake-up, and does not change the queue.
	Func func(*WaitEntry) bool

	next, prev *WaitEntry // WaitQueue.lock
	queue      *WaitQueue // where the entry is, or nil. lock
	exclusive  bool
	// queued is 1 while the entry is in a queue. Written under lock; the last
	// thing that is written of an entry that leaves, after which its owner may
	// use it again.
	queued atomic.Uint32
}

// acquire and release take and give back the lock. They leave interrupts as they
// are, which is less work.
func (q *WaitQueue) acquire() { q.lock.LockTask(thisCPU()) }
func (q *WaitQueue) release() { q.lock.UnlockTask() }

// Add puts e at its place. It stays there until Remove.
func (q *WaitQueue) Add(e *WaitEntry, exclusive bool) {
	q.acquire()
	q.add(e, exclusive)
	q.release()
}

// Remove takes e out of q, if it is there.
func (q *WaitQueue) Remove(e *WaitEntry) {
	q.acquire()
	q.remove(e)
	q.release()
}

// Empty reports whether nobody waits.
func (q *WaitQueue) Empty() bool {
	q.acquire()
	empty := q.first == nil
	q.release()
	return empty
}

// Active is !Empty without the lock, for wakers whom another lock, taken by
// waiters after they have joined the queue, keeps from missing one. Linux's
// waitqueue_active.
func (q *WaitQueue) Active() bool {
	return atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&q.first))) != nil
}

func (q *WaitQueue) add(e *WaitEntry, exclusive bool) {
	e.exclusive = exclusive
	e.queue = q
	e.queued.Store(1)
	if exclusive {
		e.prev, e.next = q.last, nil
	} else {
		e.prev, e.next = nil, q.first
	}
	if e.prev != nil {
		e.prev.next = e
	} else {
		q.first = e
	}
	if e.next != nil {
		e.next.prev = e
	} else {
		q.last = e
	}
}

func (q *WaitQueue) remove(e *WaitEntry) {
	if e.queue != q {
		return
	}
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		q.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		q.last = e.prev
	}
	e.next, e.prev, e.queue = nil, nil, nil
	e.queued.Store(0)
}

// Wake wakes all non-exclusive waiters and one exclusive one.
func (q *WaitQueue) Wake() { q.wake(TaskNormal, 1) }

// WakeInterruptible is Wake for waiters whose sleep signals may end.
func (q *WaitQueue) WakeInterruptible() { q.wake(TaskInterruptible, 1) }

// WakeAll wakes all waiters.
func (q *WaitQueue) WakeAll() { q.wake(TaskNormal, math.MaxInt) }

// wake wakes the waiters whose state is in mask, and of them up to n exclusive
// ones.
func (q *WaitQueue) wake(mask State, n int) {
	q.acquire()
	for e := q.first; e != nil && n > 0; {
		// A waiter that is awake may use its entry for another queue at once.
		next, exclusive := e.next, e.exclusive
		if q.wakeOne(e, mask) && exclusive {
			n--
		}
		e = next
	}
	q.release()
}

// wakeOne wakes the waiter of e and, if e is a task's own entry, removes it.
func (q *WaitQueue) wakeOne(e *WaitEntry, mask State) bool {
	if e.Func != nil {
		return e.Func(e)
	}
	if !TryToWakeUp(e.Task, mask) {
		return false
	}
	if e == &e.Task.wait {
		q.remove(e)
	}
	return true
}
