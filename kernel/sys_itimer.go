package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// The timers of setitimer(2).
const (
	ITIMER_REAL    = 0
	ITIMER_VIRTUAL = 1
	ITIMER_PROF    = 2
)

// userItimerval is struct itimerval.
type userItimerval struct{ Interval, Value timeval }

// user converts a timer's state. What is left is rounded up: 0 would mean that the
// timer is not set.
func (v itimerval) user() userItimerval {
	if v.value != 0 {
		v.value = saturatedAdd(v.value, 999)
	}
	return userItimerval{nsToTimeval(v.interval), nsToTimeval(v.value)}
}

// ns converts what a program has given; EINVAL if it is no proper time.
func (u userItimerval) ns() (v itimerval, err error) {
	value, err := u.Value.timespec()
	if err != nil {
		return v, err
	}
	interval, err := u.Interval.timespec()
	if err != nil {
		return v, err
	}
	return itimerval{value.Ns(), interval.Ns()}, nil
}

// sysGetitimer: getitimer(int which, struct itimerval *value).
func sysGetitimer(t *Task, a *SyscallArgs) (uintptr, error) {
	var v itimerval
	switch which := int32(a[0]); which {
	case ITIMER_REAL:
		t.sighand.siglock.Lock()
		v = t.signal.real.get()
		t.sighand.siglock.Unlock()
	case ITIMER_VIRTUAL, ITIMER_PROF:
		v = t.getCPUTimer(which == ITIMER_VIRTUAL)
	default:
		return 0, syscall.EINVAL
	}
	return 0, uaccess.Put(a[1], v.user())
}

// sysSetitimer: setitimer(int which, const struct itimerval *new, struct itimerval
// *old). Without new it clears the timer, which is an accident of Linux.
func sysSetitimer(t *Task, a *SyscallArgs) (uintptr, error) {
	var v itimerval
	if a[1] != 0 {
		u, err := uaccess.Get[userItimerval](a[1])
		if err != nil {
			return 0, err
		}
		if v, err = u.ns(); err != nil {
			return 0, err
		}
	}
	var old itimerval
	switch which := int32(a[0]); which {
	case ITIMER_REAL:
		old = t.setRealTimer(v)
	case ITIMER_VIRTUAL, ITIMER_PROF:
		old = t.setCPUTimer(which == ITIMER_VIRTUAL, v)
	default:
		return 0, syscall.EINVAL
	}
	if a[2] == 0 {
		return 0, nil
	}
	return 0, uaccess.Put(a[2], old.user())
}

// sysAlarm: alarm(unsigned int seconds). It returns how many seconds were left,
// rounded, but not to 0.
func sysAlarm(t *Task, a *SyscallArgs) (uintptr, error) {
	const second = 1_000_000_000
	seconds := min(int64(uint32(a[0])), math.MaxInt32) // as far as Linux goes
	left := t.setRealTimer(itimerval{value: timekeeping.Timespec{Sec: seconds}.Ns()}).value
	switch {
	case left == 0:
		return 0, nil
	case left < second:
		return 1, nil
	}
	return uintptr((left + second/2) / second), nil
}
