package kernel

import (
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/timekeeping"
)

// processTimers are a process's timers.
type processTimers struct {
	// real is ITIMER_REAL: SIGALRM. Started under siglock.
	real realTimer
	// cpu are the timers that go by CPU time. siglock.
	cpu cpuTimers
	// posix are those of timer_create(2).
	posix posixTimers
}

// realTimer is an interval timer that goes by CLOCK_MONOTONIC.
type realTimer struct {
	// timer is made when it is first set, and then stays. siglock.
	timer *sched.Timer
	// interval is the time between two expiries, 0 for one expiry. siglock.
	interval int64
}

// itimerval is a timer's state in ns: the time until it expires, 0 if it is not
// set, and the interval.
type itimerval struct{ value, interval int64 }

// get returns the timer's state.
//
// Preconditions: siglock held.
func (r *realTimer) get() (v itimerval) {
	v.interval = r.interval
	if r.timer != nil && r.timer.Queued() {
		// Due, but not gone off yet: it must not look as if it were not set.
		v.value = max(r.timer.Deadline()-timekeeping.Monotonic(), 1000)
	}
	return v
}

// setRealTimer sets ITIMER_REAL of t's process and returns what it was.
func (t *Task) setRealTimer(v itimerval) (old itimerval) {
	s := t.signal
	fresh := sched.NewTimer(func(*sched.Timer) { s.realTimerExpired() })
	t.sighand.siglock.Lock()
	r := &s.real
	old = r.get()
	if r.timer == nil {
		r.timer = fresh
	}
	r.timer.Stop()
	r.interval = 0
	if v.value != 0 {
		r.interval = v.interval
		r.timer.Start(timekeeping.After(v.value))
	}
	t.sighand.siglock.Unlock()
	return old
}

// realTimerExpired sends SIGALRM.
func (s *SignalStruct) realTimerExpired() {
	tasklistLock.Lock()
	if s.firstThread != nil {
		sendGroupSignalLocked(signal.SIGALRM, s.firstThread)
	}
	tasklistLock.Unlock()
}

// rearm sets a timer with an interval again when its signal is taken: one that is
// not does not cost anything.
//
// Preconditions: siglock held.
func (r *realTimer) rearm() {
	if r.interval == 0 || r.timer.Queued() {
		return
	}
	next, _ := forward(r.timer.Deadline(), r.interval, timekeeping.Monotonic())
	r.timer.Start(next)
}

// forward returns when a timer with an interval that was due at a time expires
// next after now, and how many expiries that is from the one before. Linux's
// hrtimer_forward.
func forward(due, interval, now int64) (next, n int64) {
	if due > now {
		return due, 0
	}
	n = (now-due)/interval + 1
	if n > (maxInt64-max(due, 0))/interval {
		return maxInt64, n
	}
	return due + n*interval, n
}

// exitProcessTimers stops the timers of a process whose last thread ends.
func exitProcessTimers(t *Task) {
	s := t.signal
	s.deletePosixTimers(t)
	if s.real.timer != nil {
		s.real.timer.StopSync()
	}
	if s.cpu.poll != nil {
		s.cpu.poll.StopSync()
	}
}
