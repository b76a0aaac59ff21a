package kernel

import (
	"math"
	"sync/atomic"
	"syscall"

	"onsen/kernel/signal"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// sigevent is struct sigevent.
type sigevent struct {
	Value  uint64
	Signo  int32
	Notify int32
	Tid    int32
	_      [44]byte
}

// Values of sigevent.Notify.
const (
	sigevSignal   = 0
	sigevNone     = 1
	sigevThread   = 2
	sigevThreadID = 4
)

// userItimerspec is struct itimerspec.
type userItimerspec struct{ Interval, Value timekeeping.Timespec }

// spec converts a timer's state.
func (v itimerval) spec() userItimerspec {
	return userItimerspec{timekeeping.NsToTimespec(v.interval), timekeeping.NsToTimespec(v.value)}
}

// sysTimerCreate: timer_create(clockid_t clock, struct sigevent *event, timer_t
// *id).
func sysTimerCreate(t *Task, a *SyscallArgs) (uintptr, error) {
	p := &posixTimer{clock: timekeeping.ClockID(a[0]), sig: signal.SIGALRM}
	if err := p.checkClock(); err != nil {
		return 0, err
	}
	if a[1] != 0 {
		e, err := uaccess.Get[sigevent](a[1])
		if err != nil {
			return 0, err
		}
		if err := p.setEvent(t, &e); err != nil {
			return 0, err
		}
	}
	if err := t.newPosixTimer(p); err != nil {
		return 0, err
	}
	if a[1] == 0 {
		p.value = uint64(p.id) // nobody has the id yet
	}
	if err := uaccess.Put(a[2], int32(p.id)); err != nil {
		_ = t.deletePosixTimer(p.id)
		return 0, err
	}
	return 0, nil
}

// checkClock returns EINVAL for a clock that does not exist, and EOPNOTSUPP for one
// that has no timers.
func (p *posixTimer) checkClock() (err error) {
	if p.isCPU() {
		p.cpu, err = findCPUClock(p.clock, false)
		return err
	}
	if _, err := timekeeping.Read(p.clock); err != nil {
		return err
	}
	switch p.clock {
	case timekeeping.CLOCK_MONOTONIC_RAW, timekeeping.CLOCK_REALTIME_COARSE, timekeeping.CLOCK_MONOTONIC_COARSE:
		return syscall.EOPNOTSUPP
	}
	return nil
}

// setEvent says what the timer does when it expires; EINVAL.
func (p *posixTimer) setEvent(t *Task, e *sigevent) error {
	p.sig, p.value = int(e.Signo), e.Value
	switch e.Notify {
	case sigevNone:
		p.silent = true
		return nil
	case sigevSignal | sigevThreadID:
		p.thread = FindTaskByPid(int(e.Tid))
		if p.thread == nil || !sameProcess(p.thread, t) {
			return syscall.EINVAL
		}
	case sigevSignal, sigevThread: // the latter is the C library's business
	default:
		return syscall.EINVAL
	}
	if !signal.Valid(p.sig) {
		return syscall.EINVAL
	}
	return nil
}

// sysTimerSettime: timer_settime(timer_t id, int flags, const struct itimerspec
// *new, struct itimerspec *old).
func sysTimerSettime(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[2] == 0 {
		return 0, syscall.EINVAL
	}
	u, err := uaccess.Get[userItimerspec](a[2])
	if err != nil {
		return 0, err
	}
	if !u.Value.Valid() || !u.Interval.Valid() {
		return 0, syscall.EINVAL
	}
	p, err := t.findPosixTimer(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	old := p.set(t, itimerval{u.Value.Ns(), u.Interval.Ns()}, a[1]&timerAbstime != 0)
	if a[3] == 0 {
		return 0, nil
	}
	return 0, uaccess.Put(a[3], old.spec())
}

// sysTimerGettime: timer_gettime(timer_t id, struct itimerspec *value).
func sysTimerGettime(t *Task, a *SyscallArgs) (uintptr, error) {
	p, err := t.findPosixTimer(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	now := p.now()
	t.sighand.siglock.Lock()
	v := p.get(now)
	t.sighand.siglock.Unlock()
	return 0, uaccess.Put(a[1], v.spec())
}

// sysTimerGetoverrun: timer_getoverrun(timer_t id).
func sysTimerGetoverrun(t *Task, a *SyscallArgs) (uintptr, error) {
	p, err := t.findPosixTimer(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	return uintptr(min(atomic.LoadInt64(&p.overrunLast), math.MaxInt32)), nil
}

// sysTimerDelete: timer_delete(timer_t id).
func sysTimerDelete(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.deletePosixTimer(int(int32(a[0])))
}
