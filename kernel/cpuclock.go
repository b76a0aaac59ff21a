package kernel

import (
	"syscall"

	"onsen/kernel/timekeeping"
)

// A CPU-time clock is one of a process or of a thread. Its id is that of
// CLOCK_PROCESS_CPUTIME_ID or CLOCK_THREAD_CPUTIME_ID for the caller's, else a
// negative number with the PID inverted in the upper 29 bits
// (include/linux/posix-timers_types.h).

// Parts of the id of a CPU-time clock.
const (
	cpuclockProf      = 0 // user and system time
	cpuclockVirt      = 1 // user time
	cpuclockSched     = 2 // all of it, exact
	clockFD           = 3 // not a CPU-time clock but one of a device
	cpuclockClockMask = 3
	cpuclockPerthread = 4
)

// cpuClock is a CPU-time clock of a task that exists.
type cpuClock struct {
	task   *Task
	thread bool // the task's own, not the process's
	kind   int  // cpuclock*
}

// isCPUClock reports whether the id has the form of a CPU-time clock's.
func isCPUClock(id timekeeping.ClockID) bool {
	switch {
	case id == timekeeping.CLOCK_PROCESS_CPUTIME_ID, id == timekeeping.CLOCK_THREAD_CPUTIME_ID:
		return true
	}
	return id < 0 && id&cpuclockClockMask != clockFD
}

// findCPUClock returns the clock with an id that isCPUClock knows. EINVAL if there
// is no such task, or the thread is of another process. read says that the clock
// is only to be read: then a process may be named by the caller's own TID, too.
func findCPUClock(id timekeeping.ClockID, read bool) (cpuClock, error) {
	t := Current()
	switch id {
	case timekeeping.CLOCK_PROCESS_CPUTIME_ID:
		return cpuClock{t, false, cpuclockSched}, nil
	case timekeeping.CLOCK_THREAD_CPUTIME_ID:
		return cpuClock{t, true, cpuclockSched}, nil
	}
	c := cpuClock{t, id&cpuclockPerthread != 0, int(id & cpuclockClockMask)}
	pid := int(^(id >> 3))
	switch {
	case pid == 0, !c.thread && pid == t.Pid && read:
		return c, nil
	case c.thread:
		c.task = FindTaskByPid(pid)
		if c.task == nil || !sameProcess(c.task, t) {
			return c, syscall.EINVAL
		}
	default:
		if c.task = FindProcess(pid); c.task == nil {
			return c, syscall.EINVAL
		}
	}
	return c, nil
}

// now returns what the clock shows, in ns. It takes tasklistLock.
func (c cpuClock) now() int64 {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return c.nowLocked()
}

// nowLocked is now.
//
// Preconditions: tasklistLock held.
func (c cpuClock) nowLocked() int64 {
	var used usage
	if c.thread {
		used = c.task.usage()
	} else {
		used = processUsageLocked(c.task)
	}
	if c.kind == cpuclockVirt {
		return used.utime
	}
	return used.cpu.Time
}

// resolution is what clock_getres(2) says, in ns.
func (c cpuClock) resolution() int64 {
	const tick = 4_000_000 // as a Linux with HZ=250
	if c.kind == cpuclockSched {
		return 1
	}
	return tick
}
