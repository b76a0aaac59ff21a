//go:build metal

package rt

import (
	"syscall"

	"onsen/arch"
)

const (
	// yieldSlice is for how long sched_yield lends a CPU, in ns: the caller
	// spins for something that another thread of the runtime will let go of in
	// a moment. If it yields again at once, that one was too slow, and gets
	// twice the time, yieldDoublings times. So it always gets somewhere, even
	// on a machine so slow that the first slice ends before it began.
	yieldSlice     = 50_000
	yieldDoublings = 8
	// yieldAgain is how soon a yield counts as one for the same reason, in ns.
	yieldAgain = 1_000_000
)

// Online reports whether a CPU has arrived here and can get a task thread.
func Online(cpu int) bool { return int32(cpu) < online.Load() }

// PinTask makes the calling thread the task thread of a CPU and moves it there.
// The caller is an ordinary goroutine that is locked to its thread and stays so.
// Each CPU gets one task thread, once.
func PinTask(cpu int) {
	if _, _, errno := syscall.RawSyscall(sysPinTask, uintptr(cpu), 0, 0); errno != 0 {
		panic("rt: PinTask: " + errno.Error())
	}
}

// Idle gives this CPU to background threads, or halts it, until there is work
// for its task side: a recorded event, or the runtime wants to stop the caller,
// who therefore has to pass a safe point of the runtime (runtime.TaskSafePoint)
// before the next call. Only the idle task calls it.
func Idle() { _, _, _ = syscall.RawSyscall(sysIdle, 0, 0, 0) }

// YieldToBackground lets background threads have this CPU for at most ns
// nanoseconds, if there are any that want to run. It ends early when an event
// is recorded for the task side.
func YieldToBackground(ns int64) {
	_, _, _ = syscall.RawSyscall(sysYield, uintptr(ns), 0, 0)
}

// BackgroundRunnable reports whether background threads wait for a CPU.
//
//go:nosplit
func BackgroundRunnable() bool { return ready.Load() != 0 }

//go:nosplit
func pinTask(t *thread, n int32) uintptr {
	if n < 0 || n >= online.Load() {
		return fail(einval)
	}
	lock()
	if cpus[n].task >= 0 || t.pinned >= 0 {
		unlock()
		return fail(einval)
	}
	t.pinned = n
	cpus[n].task = thisCPU().cur
	if int(n) != arch.CPU() {
		t.state = runnable
		kick(n)
		thisCPU().leave()
	}
	unlock()
	return 0
}

// rest is Idle.
//
//go:nosplit
func rest() uintptr {
	lock()
	c := thisCPU()
	t := &threads[c.cur]
	if !c.restOver(t) {
		t.state = atRest
		c.leave()
	}
	unlock()
	return 0
}

// yield is sched_yield.
//
//go:nosplit
func yield() uintptr {
	lock()
	c := thisCPU()
	now := arch.Ktime()
	if now-c.yielded > yieldAgain {
		c.yields = 0
	}
	ns := int64(yieldSlice) << c.yields
	if c.yields < yieldDoublings {
		c.yields++
	}
	c.lend(ns, lentFully)
	thisCPU().yielded = arch.Ktime()
	unlock()
	return 0
}

// yieldToBackground is YieldToBackground.
//
//go:nosplit
func yieldToBackground(ns int64) uintptr {
	lock()
	thisCPU().lend(ns, lentUntilEvent)
	unlock()
	return 0
}

// lend lets other background threads run in place of the caller. If the caller
// is the task thread it comes back after ns at the latest.
//
// Preconditions: mu held; still held on return, perhaps on another CPU.
//
//go:nosplit
func (c *cpu) lend(ns int64, how lending) {
	if ready.Load() == 0 {
		return
	}
	t := &threads[c.cur]
	if t.pinned >= 0 {
		c.lent = how
		c.sliceEnd = arch.Ktime() + ns
	}
	c.giveWay(t, true)
}
