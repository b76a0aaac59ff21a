package sched

import "math"

// Forever as a timeout means none.
const Forever = math.MaxInt64

// ScheduleTimeout is Schedule for a caller that has set its state to sleep,
// with a wake-up after ns nanoseconds. It returns how many are left, at least
// 0; Forever never runs out.
func ScheduleTimeout(ns int64) int64 {
	if ns == Forever {
		Schedule()
		return Forever
	}
	t := Current()
	deadline := ktime() + max(ns, 0)
	if deadline < 0 {
		deadline = Forever // later than there is time
	}
	t.timer.Start(deadline)
	Schedule()
	if t.timer.StopSync() {
		return max(deadline-ktime(), 1)
	}
	return max(deadline-ktime(), 0)
}

// Sleep sleeps for at least ns nanoseconds.
func Sleep(ns int64) {
	for ns > 0 {
		SetCurrentState(TaskUninterruptible)
		ns = ScheduleTimeout(ns)
	}
}

// SleepInterruptible sleeps for at least ns nanoseconds. A signal ends it
// earlier; it returns how many were left.
func SleepInterruptible(ns int64) int64 {
	for ns > 0 && !SignalPending(Current()) {
		SetCurrentState(TaskInterruptible)
		ns = ScheduleTimeout(ns)
	}
	return ns
}
