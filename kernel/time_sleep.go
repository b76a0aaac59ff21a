package kernel

import (
	"onsen/kernel/futex"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
)

// clockWasSet is where those wait who sleep until a time of the wall clock: when
// that is set they have to sleep for longer or shorter.
var clockWasSet sched.WaitQueue

func init() {
	timekeeping.OnSet(clockWasSet.WakeAll)
	futex.SleepUntil = sleepUntil
}

// isWallClock reports whether setting the time changes what a clock shows.
func isWallClock(id timekeeping.ClockID) bool {
	switch id {
	case timekeeping.CLOCK_REALTIME, timekeeping.CLOCK_REALTIME_COARSE, timekeeping.CLOCK_TAI:
		return true
	}
	return false
}

// sleepUntil sleeps, in the state that the caller has set, until a clock shows a
// time or something wakes the task: a signal, whoever it waits for, or somebody
// who sets that clock. It reports whether the time has passed. The clock is one
// that timekeeping reads.
func sleepUntil(id timekeeping.ClockID, deadline int64) (passed bool) {
	if !isWallClock(id) {
		return sched.ScheduleTimeout(deadline-timekeeping.Monotonic()) <= 0
	}
	e := &sched.WaitEntry{Task: sched.Current()}
	clockWasSet.Add(e, false)
	// From here on nobody sets the clock unseen.
	mono, _ := timekeeping.ToMonotonic(id, deadline)
	passed = sched.ScheduleTimeout(mono-timekeeping.Monotonic()) <= 0
	clockWasSet.Remove(e)
	return passed
}

// sleepInterruptibly sleeps until a clock shows a time. It reports false if a
// signal has ended it before.
func sleepInterruptibly(id timekeeping.ClockID, deadline int64) bool {
	for !sched.SignalPending(sched.Current()) {
		sched.SetCurrentState(sched.TaskInterruptible)
		if sleepUntil(id, deadline) {
			return true
		}
		if now, _ := timekeeping.Read(id); now >= deadline {
			return true
		}
	}
	return false
}
