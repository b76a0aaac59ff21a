//go:build metal

package rt

import "onsen/arch"

// arm sets the CPU's timer to the next thing anybody on it waits for.
//
// Preconditions: mu held, called on c.
//
//go:nosplit
func (c *cpu) arm() {
	d := min(c.taskDeadline, nextDeadline)
	if c.cur >= 0 && threads[c.cur].pinned < 0 {
		d = min(d, c.sliceEnd)
	}
	if d != c.armed {
		c.armed = d
		arch.ArmTimer(d)
	}
}

// timerFired looks at a recorded timer event. It stays recorded only if it is
// for the task side.
//
// Preconditions: mu held, called on c.
//
//go:nosplit
func (c *cpu) timerFired() {
	if arch.PendingEvents()&arch.EventTimer == 0 {
		return
	}
	c.armed = never
	expire()
	if arch.Ktime() >= c.taskDeadline {
		c.taskDue = true
		c.taskDeadline = never
	}
	if !c.taskDue {
		arch.ClearEvents(arch.EventTimer)
	}
}

// expire ends the waits whose deadline has come.
//
// Preconditions: mu held.
//
//go:nosplit
func expire() {
	if nextDeadline == never {
		return
	}
	now := arch.Ktime()
	if now < nextDeadline {
		return
	}
	next := int64(never)
	for i := range used {
		t := &threads[i]
		if t.state != waiting {
			continue
		}
		if t.deadline <= now {
			t.timedOut = true
			wake(i)
		} else {
			next = min(next, t.deadline)
		}
	}
	nextDeadline = next
}

// SetDeadline sets when this CPU's task side next wants EventTimer: at an
// absolute Ktime, or never with math.MaxInt64. The caller is a task, which
// cannot leave the CPU meanwhile.
//
//go:nosplit
func SetDeadline(deadline int64) {
	flags := arch.IRQSave()
	lock()
	c := thisCPU()
	c.taskDeadline = deadline
	c.arm()
	unlock()
	arch.IRQRestore(flags)
}

// TimerTick is called by the task side when it takes EventTimer. It ends the
// waits of background threads that are due and arms the timer for what is next.
//
//go:nosplit
func TimerTick() {
	flags := arch.IRQSave()
	lock()
	c := thisCPU()
	c.armed = never
	c.taskDeadline, c.taskDue = never, false
	expire()
	c.arm()
	unlock()
	arch.IRQRestore(flags)
}
