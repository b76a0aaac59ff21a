//go:build metal

package sched

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/rt"
)

// This file and its twin for the host are all that the scheduler knows of the
// machine and of the Go runtime.

// goroutine is what the Go runtime knows of a task.
type goroutine = *runtime.TaskG

func newGoroutine(fn func()) goroutine { return runtime.TaskNew(fn) }

// switchGoroutine parks prev, the caller, and runs next on this CPU.
func switchGoroutine(_, next *Task) { runtime.TaskSwitch(next.g) }

// exitGoroutine ends prev, the caller, and runs next on this CPU.
func exitGoroutine(_, next *Task) { runtime.TaskExit(next.g) }

// bindIdle gives the caller's goroutine to the idle task t.
func bindIdle(t *Task) { t.g = runtime.TaskSelf() }

// Sched returns the registers with which a task that does not run will go on.
func (t *Task) Sched() (pc, sp, fp uintptr) {
	if g := t.g; g != nil {
		return g.Sched()
	}
	return 0, 0, 0
}

// Current returns the calling task. On a goroutine that is no task the result
// has no meaning.
func Current() *Task {
	word := arch.Current()
	return *(**Task)(unsafe.Pointer(&word))
}

// setCurrent makes t the CPU's Current. Rq.curr keeps it alive.
func setCurrent(t *Task) { arch.SetCurrent(uintptr(unsafe.Pointer(t))) }

func thisCPU() int { return arch.CPU() }

// onTaskThread reports whether the caller is rq's running task rather than a
// background goroutine. rq is this CPU's.
func onTaskThread(rq *Rq) bool { return rq.curr.g == runtime.TaskSelf() }

// counter is the clock by which CPU time is counted.
func counter() int64 { return int64(arch.Counter()) }

func ktime() int64 { return arch.Ktime() }

// eventWord is not 0 as long as this CPU has events to handle.
func eventWord() *atomic.Uint32 { return arch.EventWord() }

func takeEvents() arch.Event { return arch.TakeEvents() }

func sendReschedule(cpu int) { arch.SendIPI(cpu, arch.EventReschedule) }

func sendCall(cpu int) { arch.SendIPI(cpu, arch.EventCallFunction) }

// setDeadline asks for EventTimer on this CPU at an absolute Ktime.
func setDeadline(ns int64) { rt.SetDeadline(ns) }

// timerTick tells the lowest layer that EventTimer was taken.
func timerTick() { rt.TimerTick() }

// idleWait waits for an event while background threads have the CPU.
func idleWait() {
	runtime.TaskIdle()
	rt.Idle()
	safePoint() // nothing else in the idle loop need be one
}

// safePoint lets the Go runtime stop the caller if it wants to. It does nothing
// while preemption is disabled.
func safePoint() { runtime.TaskSafePoint() }

func backgroundRunnable() bool { return rt.BackgroundRunnable() }

// lendToBackground gives the CPU away for up to ns nanoseconds.
func lendToBackground(ns int64) {
	runtime.TaskIdle()
	rt.YieldToBackground(ns)
}

func preemptDisable() { runtime.PreemptDisable() }

func preemptEnable() { runtime.PreemptEnable() }

// atomicContext reports whether the caller must not sleep.
func atomicContext() bool { return runtime.PreemptDisabled() }
