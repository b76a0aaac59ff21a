package runtime

import (
	"internal/runtime/sys"
	"unsafe"
)

// This file is added to package runtime. It gives the kernel's scheduler
// goroutines that Go's own scheduler never picks: a task's goroutine is either
// parked here or running on the thread of its CPU, to which it is locked.
//
// The switch follows coroswitch in coro.go, without its pairing of exactly two
// goroutines: any running task may switch to any parked one.

// taskStack is the stack that a goroutine begins with when it reuses the memory
// of one that has ended: what most system calls get along with, so that a
// short-lived task need not move to a larger one again and again.
const taskStack = 8192

func init() {
	debug.adaptivestackstart = 0 // not what the garbage collector thinks best
	startingStackSize = taskStack
}

// TaskG is the goroutine of a task.
type TaskG struct{ g g }

// TaskNew creates a parked goroutine. fn runs when some task first switches to
// it; fn must not return but end with TaskExit.
func TaskNew(fn func()) *TaskG {
	pc := sys.GetCallerPC()
	gp := getg()
	var ng *g
	systemstack(func() {
		fv := *(**funcval)(unsafe.Pointer(&fn))
		ng = newproc1(fv, gp, pc, true, waitReasonCoroutine)
		ng.labels = nil
	})
	return (*TaskG)(unsafe.Pointer(ng))
}

// TaskSelf returns the calling goroutine.
//
//go:nosplit
func TaskSelf() *TaskG { return (*TaskG)(unsafe.Pointer(getg())) }

// TaskSwitch parks the caller and runs to on the same thread. If the caller is
// locked to the thread, to becomes so instead. to must be parked by TaskNew or
// TaskSwitch, and nobody else may be switching to it.
func TaskSwitch(to *TaskG) {
	getg().schedlink.set((*g)(unsafe.Pointer(to)))
	mcall(taskswitch_m)
}

// TaskExit ends the calling goroutine and runs to, as TaskSwitch does.
func TaskExit(to *TaskG) {
	getg().schedlink.set((*g)(unsafe.Pointer(to)))
	mcall(taskexit_m)
}

// Sched returns the registers with which a parked task will go on, for stack
// dumps. They mean nothing while the task runs.
func (t *TaskG) Sched() (pc, sp, fp uintptr) {
	return t.g.sched.pc, t.g.sched.sp, t.g.sched.bp
}

// PreemptDisable keeps the caller on its thread, and its thread running, until
// the matching PreemptEnable. The two nest.
//
//go:nosplit
func PreemptDisable() { getg().m.locks++ }

// PreemptEnable undoes one PreemptDisable.
//
//go:nosplit
func PreemptEnable() { releasem(getg().m) }

// PreemptDisabled reports whether a PreemptDisable is in force.
//
//go:nosplit
func PreemptDisabled() bool { return getg().m.locks != 0 }

// TaskIdle is called before a CPU goes idle, and now and then while it is busy.
// It lets other Ps have the goroutines that tasks have started or made ready
// here, since this thread never runs them, and wakes the scavenger if that has
// something to do, as sysmon would.
func TaskIdle() {
	if mp := acquirem(); !runqempty(mp.p.ptr()) {
		q := runqdrain(mp.p.ptr())
		lock(&sched.lock)
		globrunqputbatch(&q)
		unlock(&sched.lock)
		wakep()
		releasem(mp)
	} else {
		releasem(mp)
	}
	if scavenger.sysmonWake.Load() != 0 {
		scavenger.wake()
	}
}

// TaskSafePoint lets the runtime stop the caller if it wants to, for instance
// to scan its stack. A loop that calls nothing but nosplit functions needs it.
//
//go:noinline
func TaskSafePoint() {
	// The check is the prologue's, which only a function that calls another
	// is sure to have.
	taskNothing()
}

//go:noinline
func taskNothing() {}

//go:nosplit
func taskswitch_m(gp *g) {
	next := taketarget(gp)
	mp := gp.m
	gp.lockedm = 0
	gp.waitreason = waitReasonCoroutine
	if !gp.atomicstatus.CompareAndSwap(_Grunning, _Gwaiting) {
		// The garbage collector is scanning the stack: let casgstatus wait for it.
		casgstatus(gp, _Grunning, _Gwaiting)
	}
	setMNoWB(&gp.m, nil)
	taskrun(mp, next)
}

func taskexit_m(gp *g) {
	next := taketarget(gp)
	mp := gp.m
	locked := mp.lockedg
	gp.lockedm = 0 // or gdestroy would end the thread as well
	gdestroy(gp)
	mp.lockedg = locked
	taskrun(mp, next)
}

func taketarget(gp *g) *g {
	next := gp.schedlink.ptr()
	gp.schedlink = 0
	return next
}

// taskrun makes next the running goroutine of mp, locked to it if the one before
// was: mp.lockedg still says so. It does not return.
//
//go:nosplit
func taskrun(mp *m, next *g) {
	setGNoWB(&mp.curg, next)
	setMNoWB(&next.m, mp)
	if !next.atomicstatus.CompareAndSwap(_Gwaiting, _Grunning) {
		casgstatus(next, _Gwaiting, _Grunnable)
		casgstatus(next, _Grunnable, _Grunning)
	}
	if mp.lockedg != 0 {
		mp.lockedg.set(next)
		next.lockedm.set(mp)
	}
	gogo(&next.sched)
}
