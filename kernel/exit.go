package kernel

import (
	"runtime"

	"onsen/kernel/printk"
	"onsen/kernel/sched"
)

// sigsegv is the signal that a task that oopsed dies of.
const sigsegv = 11

// Oops is told of a panic in a task's Go code, before the task dies: the panic's
// value and the program counters of its stack, innermost first. Set at start-up.
var Oops = func(t *Task, v any, pcs []uintptr) {
	printk.Err("Oops: %v: task %s (pid %d), %d frames", v, t.Name(), t.Pid, len(pcs))
}

// die stops the machine for a reason. Set at start-up.
var die = func(why string) { panic(why) }

// retFromFork is where a new task begins.
func (t *Task) retFromFork() {
	sched.ScheduleTail()
	DoExit(t.runThread() & 0xff << 8)
}

// runThread runs a kernel thread's function. If that panics, there is an oops
// and the thread dies; if it leaves by runtime.Goexit, the thread just ends.
// A panic with a spin lock held never gets here: the Go runtime ends it all.
func (t *Task) runThread() (result int) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			pcs := make([]uintptr, 64)
			Oops(t, v, pcs[:runtime.Callers(2, pcs)])
			DoExit(sigsegv)
		}
		DoExit(0)
	}()
	result = t.fn(t.fnArg)
	returned = true
	return result
}

// DoExit ends the calling task with a status as wait(2) tells it. It does not
// return.
func DoExit(code int) {
	t := Current()
	switch {
	case t.IsIdle():
		die("Attempted to kill the idle task!")
	case t.Pid == 1:
		die("Attempted to kill init! exitcode=" + hex32(code))
	}
	t.flags.Or(PF_EXITING)
	t.exitCode = code
	if t.vforkDone != nil {
		t.vforkDone.Complete()
	}
	if t.kthread != nil {
		t.kthread.parked.CompleteAll()
		t.kthread.exited.CompleteAll()
	}
	exitNotify(t)
	sched.Exit()
}

// hex32 formats a status as Linux's panic message has it.
func hex32(code int) string {
	const digits = "0123456789abcdef"
	b := []byte("0x00000000")
	for i := len(b) - 1; i > 1; i-- {
		b[i] = digits[code&15]
		code >>= 4
	}
	return string(b)
}

// exitNotify hands t's children on and lets its parent know of its end. The
// parents that there are so far are kernel threads, which ignore SIGCHLD, so
// that t leaves nothing behind.
func exitNotify(t *Task) {
	tasklistLock.Lock()
	reaper := findPid(1)
	if reaper == nil {
		reaper = t.realParent
	}
	for c := t.children; c != nil; c = t.children {
		leaveParent(c)
		setParent(c, reaper)
	}
	t.exitState = exitDead
	unlinkTask(t)
	tasklistLock.Unlock()
	pids.release(t.Pid)
}
