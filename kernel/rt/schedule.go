//go:build metal

package rt

import (
	"syscall"

	"onsen/arch"
)

// pick chooses the thread that c should run next, or idle. The task thread goes
// first unless it lends the CPU.
//
// Preconditions: mu held.
//
//go:nosplit
func (c *cpu) pick(lend bool) int32 {
	if !lend && c.taskWanted() {
		return c.task
	}
	if ready.Load() != 0 {
		i := c.last
		for range used {
			if i++; i >= used {
				i = 0
			}
			if t := &threads[i]; t.state == runnable && t.pinned < 0 {
				c.last = i
				return i
			}
		}
	}
	if c.taskWanted() {
		return c.task
	}
	return idle
}

// taskWanted reports whether c's task thread has a reason to run.
//
// Preconditions: mu held, called on c.
//
//go:nosplit
func (c *cpu) taskWanted() bool {
	if c.task < 0 {
		return false
	}
	t := &threads[c.task]
	switch t.state {
	case runnable:
		return true
	case atRest:
		return c.restOver(t)
	}
	return false
}

// restOver reports whether there is work for the task thread t in Idle.
//
//go:nosplit
func (c *cpu) restOver(t *thread) bool {
	return arch.PendingEvents() != 0 || t.sigPending.Load()&^t.sigMask != 0
}

// leave gives the CPU to whatever should run next. The caller has set its own
// thread's state; it continues here when it is picked again, perhaps on
// another CPU.
//
// Preconditions: mu held; still held on return.
//
//go:nosplit
func (c *cpu) leave() { c.run(c.pick(false)) }

// run switches c to thread next, or to its idle loop.
//
// Preconditions: mu held; still held when the caller continues.
//
//go:nosplit
func (c *cpu) run(next int32) {
	prev := c.cur
	if next == prev {
		c.take(next)
		return
	}
	c.take(next)
	save, to := &c.idleSP, c.idleSP
	if prev >= 0 {
		save = &threads[prev].sp
	}
	if next >= 0 {
		t := &threads[next]
		to = t.sp
		arch.LoadThread(t.stackTop, t.tls)
	} else {
		arch.LoadThread(0, 0)
	}
	arch.SwitchStack(save, to)
}

// take notes that c now runs next and sets its timer accordingly.
//
//go:nosplit
func (c *cpu) take(next int32) {
	c.cur = next
	if next >= 0 {
		t := &threads[next]
		t.cpu = int32(arch.CPU())
		if t.pinned < 0 {
			if t.state == runnable {
				ready.Add(-1)
			}
			if c.lent == notLent {
				c.sliceEnd = arch.Ktime() + slice
			}
		} else {
			c.lent = notLent
		}
		t.state = running
	}
	c.arm()
}

// wake makes a thread runnable and sees to it that a CPU notices.
//
// Preconditions: mu held.
//
//go:nosplit
func wake(i int32) {
	t := &threads[i]
	t.state = runnable
	t.futex, t.deadline = 0, never
	if t.pinned >= 0 {
		kick(t.pinned)
		return
	}
	ready.Add(1)
	for n := int32(0); n < online.Load(); n++ {
		if cpus[n].asleep {
			kick(n)
			return
		}
	}
	if c := thisCPU(); c.cur >= 0 && c.cur == c.task {
		// Every CPU is busy. The task must not run a program until the end of
		// its days without a tick, at which it lends this one.
		arch.EventWord().Or(uint32(arch.EventReschedule))
	}
}

// kick makes another CPU enter this package.
//
// Preconditions: mu held.
//
//go:nosplit
func kick(n int32) {
	cpus[n].asleep = false
	if int(n) != arch.CPU() {
		arch.SendIPI(int(n), 0)
	}
}

// preempt gives the CPU to the task thread if the caller, a background thread,
// should not have it any longer.
//
// Preconditions: mu held; still held on return, perhaps on another CPU.
//
//go:nosplit
func (c *cpu) preempt() {
	if c.cur < 0 || threads[c.cur].pinned >= 0 {
		return
	}
	t := &threads[c.cur]
	now := arch.Ktime()
	over := now >= c.sliceEnd
	if over {
		// Its goroutine must take turns with the others, too.
		c.sliceEnd = now + slice
		t.sigPending.Or(1 << (syscall.SIGURG - 1))
	}
	lent := !over && (c.lent == lentFully || c.lent == lentUntilEvent && arch.PendingEvents() == 0)
	if !lent && c.taskWanted() || over && ready.Load() != 0 {
		c.giveWay(t, false)
	}
}

// giveWay lets another thread run in place of t, which stays runnable.
//
// Preconditions: mu held; still held on return, perhaps on another CPU.
//
//go:nosplit
func (c *cpu) giveWay(t *thread, lend bool) {
	t.state = runnable
	if t.pinned < 0 {
		ready.Add(1)
	}
	next := c.pick(lend)
	if next == idle {
		next = c.cur
	}
	c.run(next)
}

// idleLoop runs a CPU that has no thread to run, on its idle stack. It does not
// return.
//
// Preconditions: mu held.
//
//go:nosplit
func idleLoop() {
	c := thisCPU()
	for {
		expire()
		if next := c.pick(false); next != idle {
			c.run(next)
			continue
		}
		c.arm()
		c.asleep = true
		unlock()
		arch.IdleWait()
		lock()
		c.asleep = false
		c.timerFired()
	}
}
