package sched

import "math"

// Completion lets tasks wait until something has happened, once per Complete.
// The zero value is ready; it must not be copied.
type Completion struct {
	wait WaitQueue
	done uint32 // wait.lock. MaxUint32: for ever
}

// Complete lets one waiter go on, now or when it comes.
func (c *Completion) Complete() {
	c.wait.lock.Lock()
	if c.done != math.MaxUint32 {
		c.done++
	}
	c.wake(1)
	c.wait.lock.Unlock()
}

// CompleteAll lets all waiters go on, now and later, until Reinit.
func (c *Completion) CompleteAll() {
	c.wait.lock.Lock()
	c.done = math.MaxUint32
	c.wake(math.MaxInt)
	c.wait.lock.Unlock()
}

// Reinit forgets what was completed. Nobody waits at the time.
func (c *Completion) Reinit() {
	c.wait.lock.Lock()
	c.done = 0
	c.wait.lock.Unlock()
}

// Done reports whether Wait would return at once.
func (c *Completion) Done() bool {
	c.wait.lock.Lock()
	defer c.wait.lock.Unlock()
	return c.done != 0
}

// TryWait is Wait if that would return at once, and reports whether it was.
func (c *Completion) TryWait() bool {
	c.wait.lock.Lock()
	defer c.wait.lock.Unlock()
	return c.take()
}

// Wait sleeps until it is let go on.
func (c *Completion) Wait() { _ = c.waitFor(TaskUninterruptible, Forever) }

// WaitInterruptible is Wait that a signal ends with ErrRestart.
func (c *Completion) WaitInterruptible() error { return c.waitFor(TaskInterruptible, Forever) }

// WaitKillable is Wait that a fatal signal ends with ErrRestart.
func (c *Completion) WaitKillable() error { return c.waitFor(TaskKillable, Forever) }

// WaitTimeout is Wait that ends with ErrTimedOut after ns nanoseconds.
func (c *Completion) WaitTimeout(ns int64) error { return c.waitFor(TaskUninterruptible, ns) }

func (c *Completion) waitFor(s State, ns int64) error {
	e := Current().waitEntry()
	c.wait.lock.Lock()
	err := c.waitLocked(e, s, ns)
	c.wait.remove(e)
	c.wait.lock.Unlock()
	e.Task = nil
	return err
}

// waitLocked sleeps until it can take a completion.
//
// Preconditions: wait.lock held; still held on return.
func (c *Completion) waitLocked(e *WaitEntry, s State, ns int64) error {
	for !c.take() {
		if signalPendingState(e.Task, s) {
			return ErrRestart
		}
		if ns <= 0 {
			return ErrTimedOut
		}
		if e.queued.Load() == 0 {
			c.wait.add(e, true)
		}
		e.Task.state.Store(uint32(s))
		c.wait.lock.Unlock()
		ns = ScheduleTimeout(ns)
		c.wait.lock.Lock()
	}
	return nil
}

// take uses up one completion, if there is one.
//
// Preconditions: wait.lock held.
func (c *Completion) take() bool {
	if c.done == 0 {
		return false
	}
	if c.done != math.MaxUint32 {
		c.done--
	}
	return true
}

// wake wakes up to n waiters, the first first.
//
// Preconditions: wait.lock held.
func (c *Completion) wake(n int) {
	for e := c.wait.first; e != nil && n > 0; n-- {
		next := e.next
		TryToWakeUp(e.Task, TaskNormal)
		c.wait.remove(e)
		e = next
	}
}
