package kernel

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// timerAbstime is the flag of clock_nanosleep(2) and timer_settime(2) for a point
// in time.
const timerAbstime = 1

// sysNanosleep: nanosleep(const struct timespec *req, struct timespec *rem).
func sysNanosleep(t *Task, a *SyscallArgs) (uintptr, error) {
	ts, err := getTimespec(a[0])
	if err != nil {
		return 0, err
	}
	return 0, t.sleepFor(timekeeping.CLOCK_MONOTONIC, ts.Ns(), a[1])
}

// sysClockNanosleep: clock_nanosleep(clockid_t clock, int flags, const struct
// timespec *req, struct timespec *rem).
func sysClockNanosleep(t *Task, a *SyscallArgs) (uintptr, error) {
	id, absolute := timekeeping.ClockID(a[0]), a[1]&timerAbstime != 0
	if err := checkSleepClock(id); err != nil {
		return 0, err
	}
	ts, err := getTimespec(a[2])
	if err != nil {
		return 0, err
	}
	switch {
	case isCPUClock(id):
		return 0, t.sleepCPU(id, ts.Ns(), absolute)
	case absolute:
		if !sleepInterruptibly(id, ts.Ns()) {
			return 0, errno.ERESTARTNOHAND
		}
		return 0, nil
	}
	// What is set meanwhile makes no difference to a duration.
	return 0, t.sleepFor(timekeeping.CLOCK_MONOTONIC, ts.Ns(), a[3])
}

// checkSleepClock returns EINVAL for a clock that does not exist, and EOPNOTSUPP
// for one that nobody can sleep by.
func checkSleepClock(id timekeeping.ClockID) error {
	if id == timekeeping.CLOCK_THREAD_CPUTIME_ID {
		return syscall.EINVAL
	}
	if _, err := readClock(id); err != nil {
		return err
	}
	switch id {
	case timekeeping.CLOCK_MONOTONIC_RAW, timekeeping.CLOCK_REALTIME_COARSE, timekeeping.CLOCK_MONOTONIC_COARSE:
		return syscall.EOPNOTSUPP
	}
	return nil
}

// getTimespec reads a struct timespec. Errors: EFAULT, EINVAL if it is no proper
// time.
func getTimespec(addr uintptr) (timekeeping.Timespec, error) {
	ts, err := uaccess.Get[timekeeping.Timespec](addr)
	if err == nil && !ts.Valid() {
		err = syscall.EINVAL
	}
	return ts, err
}

// sleepFor sleeps for ns nanoseconds. If a signal ends that, what is left is
// stored at rem, if that is not 0, and the call can go on with it.
func (t *Task) sleepFor(id timekeeping.ClockID, ns int64, rem uintptr) error {
	return t.sleepUntil(id, timekeeping.After(ns), rem)
}

// sleepUntil is sleepFor with the end of it.
func (t *Task) sleepUntil(id timekeeping.ClockID, deadline int64, rem uintptr) error {
	if sleepInterruptibly(id, deadline) {
		return nil
	}
	left := deadline - timekeeping.Monotonic()
	if left <= 0 {
		return nil
	}
	if rem != 0 {
		if err := uaccess.Put(rem, timekeeping.NsToTimespec(left)); err != nil {
			return err
		}
	}
	t.restart = func(t *Task) (uintptr, error) { return 0, t.sleepUntil(id, deadline, rem) }
	return errno.ERESTART_RESTARTBLOCK
}

// sleepCPU sleeps until a CPU-time clock has gone on for ns nanoseconds, or shows
// that time.
func (t *Task) sleepCPU(id timekeeping.ClockID, ns int64, absolute bool) error {
	c, err := findCPUClock(id, false)
	if err != nil {
		return err
	}
	if c.thread && c.task == t {
		return syscall.EINVAL // it would never wake
	}
	if !absolute {
		ns = saturatedAdd(ns, c.now())
	}
	return t.sleepCPUUntil(c, ns, absolute)
}

// sleepCPUUntil is sleepCPU with the end of it. It looks again when the time can
// have come: no clock is faster than all CPUs together.
func (t *Task) sleepCPUUntil(c cpuClock, deadline int64, absolute bool) error {
	const least = 1_000_000
	for {
		left := deadline - c.now()
		if left <= 0 {
			return nil
		}
		if sched.SignalPending(&t.Task) {
			break
		}
		sched.SetCurrentState(sched.TaskInterruptible)
		sched.ScheduleTimeout(max(left/int64(sched.Active().Count()), least))
	}
	if absolute {
		return errno.ERESTARTNOHAND
	}
	t.restart = func(t *Task) (uintptr, error) { return 0, t.sleepCPUUntil(c, deadline, absolute) }
	return errno.ERESTART_RESTARTBLOCK
}

// saturatedAdd adds times that are not negative.
func saturatedAdd(a, b int64) int64 {
	if a > maxInt64-b {
		return maxInt64
	}
	return a + b
}
