package sched

import "syscall"

// ErrTimedOut is the error of a wait that took too long.
const ErrTimedOut = syscall.ETIMEDOUT

// Wait sleeps until cond holds. cond is called without locks, any number of
// times, and must not sleep.
func (q *WaitQueue) Wait(cond func() bool) {
	_ = q.wait(TaskUninterruptible, false, Forever, cond)
}

// WaitIdle is Wait for a kernel thread that has nothing to do: it is not counted
// among those who make up the load.
func (q *WaitQueue) WaitIdle(cond func() bool) {
	_ = q.wait(TaskIdle, false, Forever, cond)
}

// WaitInterruptible sleeps until cond holds or, with ErrRestart, a signal is
// pending.
func (q *WaitQueue) WaitInterruptible(cond func() bool) error {
	return q.wait(TaskInterruptible, false, Forever, cond)
}

// WaitKillable sleeps until cond holds or, with ErrRestart, a fatal signal is
// pending.
func (q *WaitQueue) WaitKillable(cond func() bool) error {
	return q.wait(TaskKillable, false, Forever, cond)
}

// WaitExclusive is WaitInterruptible for one of several waiters of whom only
// one can use what comes: Wake wakes one of them.
func (q *WaitQueue) WaitExclusive(cond func() bool) error {
	return q.wait(TaskInterruptible, true, Forever, cond)
}

// WaitExclusiveTimeout is WaitExclusive that returns ErrTimedOut after ns
// nanoseconds.
func (q *WaitQueue) WaitExclusiveTimeout(ns int64, cond func() bool) error {
	return q.wait(TaskInterruptible, true, ns, cond)
}

// WaitTimeout sleeps until cond holds or, with ErrTimedOut, ns nanoseconds have
// passed.
func (q *WaitQueue) WaitTimeout(ns int64, cond func() bool) error {
	return q.wait(TaskUninterruptible, false, ns, cond)
}

// WaitInterruptibleTimeout sleeps until cond holds, a signal is pending
// (ErrRestart), or ns nanoseconds have passed (ErrTimedOut).
func (q *WaitQueue) WaitInterruptibleTimeout(ns int64, cond func() bool) error {
	return q.wait(TaskInterruptible, false, ns, cond)
}

// WaitInterruptibleQueued is WaitInterruptible that joins the queue before it looks
// at cond for the first time: less work if cond is expensive and mostly false.
func (q *WaitQueue) WaitInterruptibleQueued(cond func() bool) error {
	return q.waitQueued(TaskInterruptible, false, Forever, cond)
}

// wait is what all but the last of the above do.
func (q *WaitQueue) wait(s State, exclusive bool, ns int64, cond func() bool) error {
	if cond() {
		return nil
	}
	return q.waitQueued(s, exclusive, ns, cond)
}

// waitQueued is wait that joins the queue at once.
func (q *WaitQueue) waitQueued(s State, exclusive bool, ns int64, cond func() bool) error {
	e := Current().waitEntry()
	err := q.waitOn(e, s, exclusive, ns, cond)
	e.Task = nil
	return err
}

// waitEntry returns the task's own entry, which is free again when its Task is
// set to nil.
func (t *Task) waitEntry() *WaitEntry {
	if t.wait.Task != nil {
		panic("sched: wait inside the condition of a wait")
	}
	t.wait.Task = t
	return &t.wait
}

func (q *WaitQueue) waitOn(e *WaitEntry, s State, exclusive bool, ns int64, cond func() bool) error {
	for {
		interrupted := q.prepare(e, s, exclusive)
		if cond() {
			q.finish(e)
			return nil
		}
		if interrupted {
			return ErrRestart
		}
		if ns <= 0 {
			q.finish(e)
			return ErrTimedOut
		}
		if ns == Forever {
			Schedule()
		} else {
			ns = ScheduleTimeout(ns)
		}
		if cond() {
			q.leave(e)
			return nil
		}
	}
}

// prepare queues the caller's entry and sets its state. If a signal is pending
// that ends the sleep it dequeues the entry instead and reports true: a waiter
// that gives up must not swallow an exclusive wake-up.
func (q *WaitQueue) prepare(e *WaitEntry, s State, exclusive bool) (interrupted bool) {
	q.acquire()
	if signalPendingState(e.Task, s) {
		q.remove(e)
		q.release()
		return true
	}
	if e.queued.Load() == 0 {
		q.add(e, exclusive)
	}
	e.Task.state.Store(uint32(s))
	q.release()
	return false
}

// leave ends a wait of a task that was woken, which mostly takes the entry out
// of the queue.
func (q *WaitQueue) leave(e *WaitEntry) {
	if e.queued.Load() != 0 {
		q.Remove(e)
	}
}

// finish ends a wait. The entry may have been removed by a waker.
func (q *WaitQueue) finish(e *WaitEntry) {
	e.Task.state.Store(uint32(TaskRunning))
	q.acquire()
	q.remove(e)
	q.release()
}
