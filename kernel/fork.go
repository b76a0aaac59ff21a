package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/sched"
)

// errRestartNoIntr is the ERESTARTNOINTR of Linux: the system call is begun
// again after the signal, always.
const errRestartNoIntr = syscall.Errno(513)

// KernelThread starts a kernel thread that runs fn(arg) and ends with its
// result. It returns the thread's PID. flags are CLONE_FS, CLONE_FILES and the
// like and, in CSIGNAL, the exit signal. The thread has the caller's name and
// is its child; most kernel threads are better made by KthreadCreate.
func KernelThread(fn func(arg any) int, arg any, flags uint64) (pid int, err error) {
	return KernelClone(&KernelCloneArgs{
		Flags:      (flags | CLONE_VM | CLONE_UNTRACED) &^ CSIGNAL,
		ExitSignal: int(flags & CSIGNAL),
		Kthread:    true,
		Fn:         fn,
		FnArg:      arg,
	})
}

// ForkIdle makes the idle task of a CPU that is about to be started. It is not
// scheduled: the goroutine that calls CPUStartup on that CPU becomes it.
func ForkIdle(cpu int) (*Task, error) {
	p, err := CopyProcess(&KernelCloneArgs{
		Flags:   CLONE_VM | CLONE_IDLE_THREAD,
		Kthread: true,
		Idle:    true,
	})
	if err != nil {
		return nil, err
	}
	initIdle(p, cpu)
	return p, nil
}

// KernelClone makes a task and starts it. It returns the new task's PID. With
// CLONE_VFORK it returns when the task has exited.
func KernelClone(args *KernelCloneArgs) (pid int, err error) {
	if args.Flags&CLONE_IDLE_THREAD != 0 {
		return 0, syscall.EINVAL
	}
	p, err := CopyProcess(args)
	if err != nil {
		return 0, err
	}
	var vfork *sched.Completion
	if args.Flags&CLONE_VFORK != 0 {
		vfork = new(sched.Completion)
		p.vforkDone = vfork
	}
	pid = p.Pid // p may be gone as soon as it runs
	sched.WakeUpNewTask(&p.Task)
	if vfork != nil {
		_ = vfork.WaitKillable()
	}
	return pid, nil
}

// CopyProcess makes a task as args say, in the steps of Linux's copy_process,
// but does not start it. The caller must: there is no way back.
func CopyProcess(args *KernelCloneArgs) (*Task, error) {
	var undo undoStack
	defer undo.run()

	if err := checkCloneFlags(args.Flags); err != nil {
		return nil, err
	}
	if err := checkSupported(args); err != nil {
		return nil, err
	}
	cur := Current()
	if sched.SignalPending(&cur.Task) {
		return nil, errRestartNoIntr
	}
	p := dupTask(cur, args)
	if err := copyPid(p, args, &undo); err != nil {
		return nil, err
	}
	copyThread(p, cur, args)
	publish(p, cur, args)
	undo.release()
	return p, nil
}

// checkCloneFlags makes the checks with which Linux's copy_process begins, in
// its order.
func checkCloneFlags(flags uint64) error {
	has := func(f uint64) bool { return flags&f == f }
	switch {
	case has(CLONE_NEWNS | CLONE_FS),
		has(CLONE_NEWUSER | CLONE_FS),
		has(CLONE_THREAD) && !has(CLONE_SIGHAND),
		has(CLONE_SIGHAND) && !has(CLONE_VM),
		has(CLONE_THREAD) && flags&(CLONE_NEWUSER|CLONE_NEWPID) != 0,
		has(CLONE_PIDFD) && has(CLONE_DETACHED):
		return syscall.EINVAL
	}
	return nil
}

// supportedFlags is what the kernel threads that there are so far can ask for.
// What they share with their maker they share with all kernel threads anyway.
const supportedFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_UNTRACED |
	CLONE_VFORK | CLONE_GLOBAL_THREAD | CLONE_IDLE_THREAD

// checkSupported refuses what does not exist yet: programs, and whatever only
// programs need.
func checkSupported(args *KernelCloneArgs) error {
	idle := args.Flags&CLONE_IDLE_THREAD != 0
	switch {
	case idle != args.Idle:
		return syscall.EINVAL
	case !args.Kthread || args.Fn == nil && !idle:
		return syscall.ENOSYS
	case args.Flags&^supportedFlags != 0, args.SetTid != nil:
		return syscall.EINVAL
	}
	return nil
}

// dupTask makes a task that takes after cur.
func dupTask(cur *Task, args *KernelCloneArgs) *Task {
	p := &Task{
		StartTime:  arch.Ktime(),
		exitSignal: args.ExitSignal,
		fn:         args.Fn,
		fnArg:      args.FnArg,
	}
	p.flags.Store(cur.flags.Load()&^(PF_IDLE|PF_NO_SETAFFINITY) | PF_FORKNOEXEC)
	if args.Kthread {
		p.flags.Or(PF_KTHREAD)
	}
	return p
}

// copyPid gives p its PID. An idle task's is 0.
func copyPid(p *Task, args *KernelCloneArgs, undo *undoStack) error {
	if args.Flags&CLONE_IDLE_THREAD != 0 {
		return nil
	}
	pid, err := pids.alloc()
	if err != nil {
		return err
	}
	undo.add(func() { pids.release(pid) })
	p.Pid, p.Tgid = pid, pid
	return nil
}

// copyThread gives p a place to run: a goroutine that begins in retFromFork.
// It comes last because a goroutine cannot be undone.
func copyThread(p, cur *Task, args *KernelCloneArgs) {
	if args.Idle {
		return // it has one already; see initIdle
	}
	name := args.Name
	if name == "" {
		name = cur.Name()
	}
	parent := &cur.Task
	if cur.IsIdle() {
		parent = nil // its affinity is to be nobody else's
	}
	sched.InitTask(&p.Task, name, parent, p.retFromFork)
}

// publish makes p visible to others.
func publish(p, cur *Task, args *KernelCloneArgs) {
	if args.Idle {
		return
	}
	tasklistLock.Lock()
	linkTask(p, cur)
	tasklistLock.Unlock()
}

// undoStack takes back the steps of something that fails half-way.
type undoStack struct{ steps []func() }

// add notes how to take back what was just done.
func (u *undoStack) add(f func()) { u.steps = append(u.steps, f) }

// release keeps what was done.
func (u *undoStack) release() { u.steps = nil }

// run takes everything back, last step first.
func (u *undoStack) run() {
	for i := len(u.steps) - 1; i >= 0; i-- {
		u.steps[i]()
	}
}
