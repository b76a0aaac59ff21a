package kernel

import (
	"bytes"
	"fmt"
	"syscall"

	"onsen/kernel/sched"
)

// showSyscall shows /proc/PID/syscall: the system call in which a task sleeps, its
// arguments, stack pointer and program counter; a negative number and only these two
// if it sleeps in none, "running" if it does not sleep. A zombie has no registers.
// EPERM for who may not trace it.
func showSyscall(t *Task, w *bytes.Buffer) error {
	if ptraceMayAccess(Current(), t, accessAttachFS) != nil {
		return syscall.EPERM
	}
	var call syscallState
	var sp, pc uintptr
	asleep := t.whileAsleep(func() {
		switch {
		case t.ended():
			call.word = noSyscallNr
		case !t.IsKthread():
			call, sp, pc = t.callShown(), t.user.Regs().SP(), t.user.Regs().PC()
		}
	})
	switch a := &call.args; {
	case !asleep:
		w.WriteString("running\n")
	case call.nr() < 0:
		fmt.Fprintf(w, "%d %#x %#x\n", call.nr(), sp, pc)
	default:
		fmt.Fprintf(w, "%d %#x %#x %#x %#x %#x %#x %#x %#x\n", call.nr(), a[0], a[1], a[2], a[3], a[4], a[5], sp, pc)
	}
	return nil
}

// callShown returns the system call that t, which sleeps, is in: in a stop for its
// tracer, as that has left it.
func (t *Task) callShown() syscallState {
	if t.State()&sched.TaskTraced == 0 {
		return t.call
	}
	call := syscallState{word: t.user.TracedWord()}
	t.user.Regs().SyscallArgs((*[6]uintptr)(&call.args))
	call.args[0] = t.user.Regs().RestartArg(t.call.args[0])
	return call
}

// whileAsleep calls look while t, unless it is the caller, sleeps. It reports false
// if t does not, or has not done so all the time.
func (t *Task) whileAsleep(look func()) bool {
	if t == Current() {
		look()
		return true
	}
	for t.State() != sched.TaskRunning && t.Running() {
		sched.CondResched() // it is about to leave its CPU
	}
	sleeps := func() bool { return t.State() != sched.TaskRunning && !t.Running() }
	v, i := t.Switches()
	if !sleeps() {
		return false
	}
	look()
	v2, i2 := t.Switches()
	return sleeps() && v == v2 && i == i2
}

// ended reports whether t is a zombie, or less.
func (t *Task) ended() bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return t.exitState != 0
}
