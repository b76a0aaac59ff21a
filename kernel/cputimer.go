package kernel

import (
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/timekeeping"
)

// Timers that go by the CPU time of a process are looked at from time to time, as
// Linux does at its tick: no earlier than the process can have used up what is
// left, and at least cpuTimerTick apart.
const cpuTimerTick = 4_000_000

// cpuTimers are the timers of a process that go by CPU time. siglock.
type cpuTimers struct {
	// virt and prof are ITIMER_VIRTUAL and ITIMER_PROF: expires is the CPU time
	// at which it is due.
	virt, prof struct{ expires, interval int64 }
	// posix are the armed timers of timer_create(2), linked by cpuNext.
	posix *posixTimer
	// limit is the CPU time at which RLIMIT_CPU is next to be looked at, 0 if
	// it is infinite.
	limit int64

	// poll is made when it is first needed, and then stays.
	poll *sched.Timer
}

// startCPUTimers has the CPU timers of the calling task's process looked at.
func (t *Task) startCPUTimers() {
	fresh := t.signal.newCPUPoll()
	t.sighand.siglock.Lock()
	t.signal.cpu.start(fresh)
	t.sighand.siglock.Unlock()
}

func (s *SignalStruct) newCPUPoll() *sched.Timer {
	return sched.NewTimer(func(*sched.Timer) { s.checkCPUTimers() })
}

// start has the timers looked at soon. fresh becomes poll if there is none.
//
// Preconditions: siglock held.
func (c *cpuTimers) start(fresh *sched.Timer) {
	if c.poll == nil {
		c.poll = fresh
	}
	if !c.poll.Queued() {
		c.poll.Start(timekeeping.Monotonic())
	}
}

// setCPUTimer sets ITIMER_VIRTUAL or ITIMER_PROF of the calling task's process and
// returns what it was.
func (t *Task) setCPUTimer(virtual bool, v itimerval) (old itimerval) {
	used := processUsage(t)
	s := t.signal
	timer, now := &s.cpu.prof, used.cpu.Time
	if virtual {
		timer, now = &s.cpu.virt, used.utime
	}
	t.sighand.siglock.Lock()
	old = itimerval{remaining(timer.expires, now), timer.interval}
	timer.expires, timer.interval = 0, v.interval
	if v.value != 0 {
		timer.expires = saturatedAdd(now, v.value)
	}
	t.sighand.siglock.Unlock()
	if v.value != 0 {
		t.startCPUTimers()
	}
	return old
}

// getCPUTimer returns the state of ITIMER_VIRTUAL or ITIMER_PROF.
func (t *Task) getCPUTimer(virtual bool) itimerval {
	used := processUsage(t)
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	if virtual {
		timer := &t.signal.cpu.virt
		return itimerval{remaining(timer.expires, used.utime), timer.interval}
	}
	timer := &t.signal.cpu.prof
	return itimerval{remaining(timer.expires, used.cpu.Time), timer.interval}
}

// remaining returns the time until a CPU timer expires, 0 if it is not set.
func remaining(expires, now int64) int64 {
	if expires == 0 {
		return 0
	}
	return max(expires-now, cpuTimerTick)
}

// checkCPUTimers sends the signals of the CPU timers that are due, and looks again
// later if there are others.
func (s *SignalStruct) checkCPUTimers() {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	t := s.firstThread
	if t == nil || t.sighand == nil {
		return
	}
	used := processUsageLocked(t)
	user, total := used.utime, used.cpu.Time
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	c := &s.cpu
	left := int64(maxInt64)
	expire := func(expires *int64, interval, now int64, sig int) {
		if *expires == 0 {
			return
		}
		if now >= *expires {
			_ = sendSignalLocked(sig, nil, t, PIDTYPE_TGID)
			if interval == 0 {
				*expires = 0
				return
			}
			*expires = saturatedAdd(*expires, interval)
		}
		left = min(left, *expires-now)
	}
	expire(&c.virt.expires, c.virt.interval, user, signal.SIGVTALRM)
	expire(&c.prof.expires, c.prof.interval, total, signal.SIGPROF)
	left = min(left, s.checkCPULimit(t, total), c.checkPosix())
	if left != maxInt64 {
		// n CPUs use up the rest n times as fast.
		wait := left / int64(sched.Active().Count())
		c.poll.Start(timekeeping.After(max(wait, cpuTimerTick)))
	}
}

// cpuLimitChanged is called when RLIMIT_CPU of t's process was set or inherited.
func (t *Task) cpuLimitChanged() {
	if t.rlimit(RLIMIT_CPU) == RLIM_INFINITY {
		return
	}
	fresh := t.signal.newCPUPoll()
	tasklistLock.Lock()
	if h := t.sighand; h != nil {
		h.siglock.Lock()
		t.signal.cpu.limit = 1 // look, and then see
		t.signal.cpu.start(fresh)
		h.siglock.Unlock()
	}
	tasklistLock.Unlock()
}

// checkCPULimit enforces RLIMIT_CPU: SIGXCPU at the soft limit and every second
// after it, SIGKILL at the hard limit. It returns how much CPU time is left until
// it has to be looked at again.
//
// Preconditions: siglock held.
func (s *SignalStruct) checkCPULimit(t *Task, used int64) int64 {
	const second = 1_000_000_000
	l := s.rlimit(RLIMIT_CPU)
	if l.Cur == RLIM_INFINITY || s.cpu.limit == 0 {
		s.cpu.limit = 0
		return maxInt64
	}
	l.Cur = max(l.Cur, 1) // 0 would be over before the program could notice
	seconds := uint64(used / second)
	if l.Max != RLIM_INFINITY && seconds >= l.Max {
		_ = sendSignalLocked(signal.SIGKILL, nil, t, PIDTYPE_TGID)
		s.cpu.limit = 0
		return maxInt64
	}
	if seconds >= l.Cur && used >= s.cpu.limit {
		_ = sendSignalLocked(signal.SIGXCPU, nil, t, PIDTYPE_TGID)
		s.cpu.limit = int64(seconds+1) * second
	}
	if seconds < l.Cur {
		s.cpu.limit = int64(min(l.Cur, maxInt64/second)) * second
	}
	return max(s.cpu.limit-used, 1)
}
