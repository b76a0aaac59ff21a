package kernel

import (
	"runtime"

	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// sigkill, sigsegv and the like are the signals that this package sends itself.
const (
	sighup  = 1
	sigkill = 9
	sigsegv = 11
	sigchld = 17
	sigcont = 18
)

// sigIgn is SIG_IGN.
const sigIgn = 1

// Oops is told of a panic in a task's Go code, before the task dies: the panic's
// value and the program counters of its stack, innermost first. Set at start-up.
var Oops = func(t *Task, v any, pcs []uintptr) {
	printk.Err("Oops: %v: task %s (pid %d), %d frames", v, t.Name(), t.Pid, len(pcs))
}

// die stops the machine for a reason. Set at start-up.
var die = func(why string) { panic(why) }

// retFromFork is where a new task begins. It does not return.
func (t *Task) retFromFork() {
	sched.ScheduleTail()
	t.live()
}

// live is the life of a task: what it does in the kernel first, and then its
// program. If its Go code panics, there is an oops and the task dies; if it
// leaves by runtime.Goexit, the task just ends. A panic with a spin lock held
// never gets here: the Go runtime ends it all. It does not return.
func (t *Task) live() {
	defer func() {
		if v := recover(); v != nil {
			pcs := make([]uintptr, 64)
			Oops(t, v, pcs[:runtime.Callers(2, pcs)])
			DoExit(sigsegv)
		}
		if t.flags.Load()&PF_EXITING == 0 {
			DoExit(0)
		}
	}()
	if t.setChildTid != 0 {
		_ = uaccess.Put(t.setChildTid, int32(t.Pid)) // ignored by Linux, too
	}
	if t.fn != nil {
		// A function that has not made the task a program is all there is.
		if result := t.fn(t.fnArg); t.mm == nil {
			DoExit(result & 0xff << 8)
		}
	}
	t.userLoop()
}

// DoExit ends the calling task with a status as wait(2) tells it. It does not
// return. The steps are in the order of Linux's do_exit.
func DoExit(code int) {
	t := Current()
	if t.IsIdle() {
		die("Attempted to kill the idle task!")
	}
	t.beginExit(code)
	t.ptraceEvent(PTRACE_EVENT_EXIT, uintptr(code))
	exitSignals(t)
	groupDead := t.signal.live.Add(-1) == 0
	if groupDead && t.Tgid == 1 {
		t.panicOfInit(code)
	}
	t.exitCode = code
	if groupDead {
		exitProcessTimers(t)
		tellMonitorOfExit(t)
	}
	exitMM(t)
	exitFiles(t)
	exitFS(t)
	if groupDead {
		disassociateTTY(t)
	}
	if t.kthread != nil {
		t.kthread.parked.CompleteAll()
		t.kthread.exited.CompleteAll()
	}
	exitNotify(t, groupDead)
	sched.Exit()
}

// beginExit is the first step of a task's end.
func (t *Task) beginExit(code int) {
	t.lockSignals()
	t.synchronizeGroupExit(code)
	t.coredumpTaskExit()
	t.unlockSignals()
}

// synchronizeGroupExit makes the status of the thread of a process that is the
// last to begin its end that of the process, unless there is one already: from
// here on signals do not matter to it. (Until Linux 5.18 the status was the
// leader's.)
//
// Preconditions: siglock held.
func (t *Task) synchronizeGroupExit(code int) {
	s := t.signal
	if s.quickThreads--; s.quickThreads == 0 && s.flags&SIGNAL_GROUP_EXIT == 0 {
		s.flags = SIGNAL_GROUP_EXIT
		s.groupExitCode = code
		s.groupStopCount = 0
	}
}

// disassociateTTY takes the terminal from the session of which the process that
// ends is the leader: those in the foreground are sent SIGHUP and SIGCONT. Set by
// the owner of terminals.
var disassociateTTY = func(t *Task) {}

// panicOfInit ends the machine when the first process has ended.
func (t *Task) panicOfInit(code int) {
	t.sighand.siglock.Lock()
	if t.signal.flags&SIGNAL_GROUP_EXIT != 0 {
		code = t.signal.groupExitCode
	}
	t.sighand.siglock.Unlock()
	die("Attempted to kill init! exitcode=" + hex32(code))
}

// DoGroupExit ends the calling task's process with a status as wait(2) tells it,
// unless another thread has done so already: then that one's counts. It does not
// return.
func DoGroupExit(code int) {
	t := Current()
	t.sighand.siglock.Lock()
	sig := t.signal
	switch {
	case sig.flags&SIGNAL_GROUP_EXIT != 0:
		code = sig.groupExitCode
	case sig.groupExecTask != nil:
		code = 0 // another thread is in execve
	default:
		sig.groupExitCode = code
		sig.flags = SIGNAL_GROUP_EXIT
		zapOtherThreads(t)
	}
	t.sighand.siglock.Unlock()
	DoExit(code)
}

// zapOtherThreads has all threads of t's process but t killed, and returns how
// many that are.
//
// Preconditions: siglock held.
func zapOtherThreads(t *Task) (count int) {
	t.signal.cancelGroupStop()
	for u := t.signal.firstThread; u != nil; u = u.threads.next {
		if u == t {
			continue
		}
		count++
		if u.exitState == 0 {
			killThread(u)
		}
	}
	return count
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

// exitMM lets go of the task's memory.
func exitMM(t *Task) {
	mmRelease(t)
	if t.mm != nil {
		if t.signal.live.Load() == 0 {
			keepPeak(t)
		}
		useMM(t, nil)
	}
}

// mmRelease is called by a task that is about to leave its memory, in exit and in
// execve: it wakes who waits for that by futexes or in vfork(2). Linux's
// mm_release.
func mmRelease(t *Task) {
	if t.mm != nil {
		exitFutexes(t)
		clearChildTid(t)
	}
	t.allocLock.Lock()
	vfork := t.vforkDone
	t.vforkDone = nil
	t.allocLock.Unlock()
	if vfork != nil {
		vfork.Complete()
	}
}

// exitFiles lets go of the open files.
func exitFiles(t *Task) {
	t.allocLock.Lock()
	files := t.files
	t.files = nil
	t.allocLock.Unlock()
	if files != nil {
		files.Put()
	}
}

// exitFS lets go of the root and the working directory.
func exitFS(t *Task) {
	t.allocLock.Lock()
	fs := t.fs
	t.fs = nil
	t.allocLock.Unlock()
	if fs != nil {
		fs.Put()
	}
}
