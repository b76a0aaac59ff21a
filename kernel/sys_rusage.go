package kernel

import (
	"syscall"

	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// Whose usage getrusage(2) asks for.
const (
	rusageSelf     = 0
	rusageChildren = -1
	rusageThread   = 1
)

// timeval is struct timeval.
type timeval struct{ Sec, Usec int64 }

func nsToTimeval(ns int64) timeval { return timeval{ns / 1e9, ns % 1e9 / 1e3} }

// Rusage is struct rusage.
type Rusage struct {
	Utime, Stime             timeval
	Maxrss                   int64 // KiB
	Ixrss, Idrss, Isrss      int64
	Minflt, Majflt, Nswap    int64
	Inblock, Oublock         int64
	Msgsnd, Msgrcv, Nsignals int64
	Nvcsw, Nivcsw            int64
}

// rusage converts u.
func (u *usage) rusage() Rusage {
	return Rusage{
		Utime: nsToTimeval(u.utime), Stime: nsToTimeval(u.stime),
		Maxrss: int64(u.maxrss) * 4,
		Minflt: int64(u.minflt), Majflt: int64(u.majflt),
		Inblock: int64(u.inblock), Oublock: int64(u.oublock),
		Nvcsw: int64(u.nvcsw), Nivcsw: int64(u.nivcsw),
	}
}

// processUsage returns what the threads of t's process have used, those that
// have ended among them.
func processUsage(t *Task) (u usage) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return processUsageLocked(t)
}

// processUsageLocked is processUsage.
//
// Preconditions: tasklistLock held.
func processUsageLocked(t *Task) (u usage) {
	u = t.signal.gone
	for th := t.signal.firstThread; th != nil; th = th.threads.next {
		part := th.usageParts()
		u.add(&part)
	}
	u.utime, u.stime = t.signal.cpuTimes.split(u.cpu)
	return u
}

// sysGetrusage is getrusage(2).
func sysGetrusage(t *Task, a *SyscallArgs) (uintptr, error) {
	var u usage
	switch int32(a[0]) {
	case rusageSelf:
		u = processUsage(t)
		u.maxrss = max(u.maxrss, peakRSS(t))
	case rusageThread:
		u = t.usage()
		u.maxrss = peakRSS(t)
	case rusageChildren:
		u = reapedUsage(t)
	default:
		return 0, syscall.EINVAL
	}
	return 0, uaccess.Put(a[1], u.rusage())
}

// peakRSS returns the most pages that t's program has had in memory.
func peakRSS(t *Task) uint64 {
	if t.mm == nil {
		return 0
	}
	return uint64(t.mm.Peak())
}

// keepPeak notes how much memory the process has had before t, the caller and its last
// thread, lets go of it. Linux's setmax_mm_hiwater_rss in exit and execve.
func keepPeak(t *Task) {
	peak := peakRSS(t)
	t.sighand.siglock.Lock()
	t.signal.gone.maxrss = max(t.signal.gone.maxrss, peak)
	t.sighand.siglock.Unlock()
}

// reapedUsage returns what the children of t that were waited for have used.
func reapedUsage(t *Task) usage {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t.sighand == nil {
		return usage{} // it has been waited for itself
	}
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	return t.signal.reaped
}

// nsToClock converts to the unit of times(2) and /proc.
func nsToClock(ns int64) int64 { return ns / (1e9 / userHz) }

// sysTimes is times(2).
func sysTimes(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[0] != 0 {
		self, children := processUsage(t), reapedUsage(t)
		tms := [4]int64{
			nsToClock(self.utime), nsToClock(self.stime),
			nsToClock(children.utime), nsToClock(children.stime),
		}
		if err := uaccess.Put(a[0], tms); err != nil {
			return 0, err
		}
	}
	return uintptr(nsToClock(timekeeping.Monotonic())), nil
}
