//go:build metal

package rt

import (
	"syscall"

	"onsen/arch"
)

// yieldSlice is for how long sched_yield lends a CPU: the caller spins for a
// lock of the runtime, whose holder needs a moment to let go of it.
const yieldSlice = 50_000

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
	if n < 0 || n >= online {
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

// lend lets other background threads run for ns.
//
//go:nosplit
func lend(ns int64) uintptr {
	lock()
	c := thisCPU()
	t := &threads[c.cur]
	if ready.Load() != 0 {
		if t.pinned >= 0 {
			c.lending = true
			c.sliceEnd = arch.Ktime() + ns
		}
		c.giveWay(t, true)
	}
	unlock()
	return 0
}
