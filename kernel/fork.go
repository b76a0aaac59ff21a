package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

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

// UserModeThread is KernelThread for a thread that is to become a program: fn
// calls KernelExecve, and when it then returns, the program runs.
func UserModeThread(fn func(arg any) int, arg any, flags uint64) (pid int, err error) {
	return KernelClone(&KernelCloneArgs{
		Flags:      (flags | CLONE_VM | CLONE_UNTRACED) &^ CSIGNAL,
		ExitSignal: int(flags & CSIGNAL),
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
// CLONE_VFORK it returns when the task has ended or become another program, or
// when the caller is killed.
func KernelClone(args *KernelCloneArgs) (pid int, err error) {
	switch {
	case args.Flags&CLONE_IDLE_THREAD != 0:
		return 0, syscall.EINVAL
	case args.Flags&CLONE_PIDFD != 0 && args.Flags&CLONE_PARENT_SETTID != 0 && args.Pidfd == args.ParentTid:
		// clone(2) has one argument for both.
		return 0, syscall.EINVAL
	}
	if args.Flags&CLONE_THREAD == 0 {
		args.Flags |= CLONE_GLOBAL_THREAD
	}
	args.traceEvent = args.forkEvent()
	p, err := CopyProcess(args)
	if err == syscall.ENOMEM && reclaim() {
		p, err = CopyProcess(args)
	}
	if err != nil {
		return 0, err
	}
	pid = p.Pid // p may be gone as soon as it runs
	if args.Flags&CLONE_THREAD == 0 {
		p.cpuLimitChanged()
	}
	if args.Flags&CLONE_PARENT_SETTID != 0 {
		_ = uaccess.Put(args.ParentTid, int32(pid)) // ignored by Linux, too
	}
	event := args.traceEvent
	var vfork *sched.Completion
	if args.Flags&CLONE_VFORK != 0 {
		vfork = &p.vfork
		p.vforkDone = vfork
	}
	if args.Flags&CLONE_GLOBAL_THREAD != 0 {
		tellMonitor(procFork, p)
	}
	sched.WakeUpNewTask(&p.Task)
	cur := Current()
	if event != 0 {
		cur.ptraceEvent(event, uintptr(pid))
	}
	if vfork != nil && waitForVfork(p, vfork) && cur.ptraceEventEnabled(PTRACE_EVENT_VFORK_DONE) {
		cur.ptraceEvent(PTRACE_EVENT_VFORK_DONE, uintptr(pid))
	}
	return pid, nil
}

// forkEvent returns the event that making a task is to the caller's tracer, or 0
// if that does not want to know.
func (args *KernelCloneArgs) forkEvent() int {
	event := PTRACE_EVENT_FORK
	switch {
	case args.Flags&CLONE_UNTRACED != 0:
		return 0
	case args.Flags&CLONE_VFORK != 0:
		event = PTRACE_EVENT_VFORK
	case args.ExitSignal != sigchld:
		event = PTRACE_EVENT_CLONE
	}
	if !Current().ptraceEventEnabled(event) {
		return 0
	}
	return event
}

// waitForVfork sleeps until the child p lets go of its parent's memory. It reports
// false if the caller is killed before that.
func waitForVfork(p *Task, vfork *sched.Completion) bool {
	if vfork.WaitKillable() == nil {
		return true
	}
	p.allocLock.Lock()
	p.vforkDone = nil
	p.allocLock.Unlock()
	return false
}

// CopyProcess makes a task as args say, in the steps of Linux's copy_process,
// but does not start it. The caller must: there is no way back.
func CopyProcess(args *KernelCloneArgs) (*Task, error) {
	cur := Current()
	if err := checkCloneFlags(cur, args); err != nil {
		return nil, err
	}
	if cur.restartFork() {
		return nil, errno.ERESTARTNOINTR
	}
	p := dupTask(cur, args)
	for i := range copySteps {
		if err := copySteps[i].do(p, cur, args); err != nil {
			undoCopy(p, args, i)
			return nil, err
		}
	}
	if args.Idle {
		return p, nil
	}
	if err := publish(p, cur, args); err != nil {
		undoCopy(p, args, len(copySteps))
		return nil, err
	}
	installPidfd(p, cur, args)
	sched.SetEntry(&p.Task, p.retFromFork)
	return p, nil
}

// restartFork reports whether the caller has a signal to take before it forks.
func (t *Task) restartFork() bool {
	return t.TestFlag(sched.TIFSigPending|sched.TIFNotifySignal) && !t.IsIdle()
}

// copyStep gives the new task p one of the things that it has, and can take it
// back.
type copyStep struct {
	do   func(p, cur *Task, args *KernelCloneArgs) error
	undo func(p *Task, args *KernelCloneArgs) // nil if there is nothing to undo
}

// copySteps are the steps of CopyProcess between dupTask and publish. Idle tasks
// get their share from initIdle.
var copySteps = []copyStep{
	{copyCreds, undoCreds},
	{checkMaxThreads, nil},
	{copySched, nil},
	{copyFiles, undoFiles},
	{copyFS, undoFS},
	{copySighand, undoSighand},
	{copySignal, nil},
	{copyMM, undoMM},
	{copyNamespaces, nil},
	{copyThread, nil},
	{copyPid, undoPid},
	{copyPidfd, undoPidfd},
}

// undoCopy takes the first n steps back, last step first.
func undoCopy(p *Task, args *KernelCloneArgs, n int) {
	for n--; n >= 0; n-- {
		if undo := copySteps[n].undo; undo != nil {
			undo(p, args)
		}
	}
}

// dupTask makes a task that takes after cur; Linux's dup_task_struct and what
// else cannot fail.
func dupTask(cur *Task, args *KernelCloneArgs) *Task {
	p := &Task{
		StartTime: arch.Ktime(),
		fn:        args.Fn,
		fnArg:     args.FnArg,
	}
	p.flags.Store(cur.flags.Load()&^(PF_IDLE|PF_KTHREAD|PF_NO_SETAFFINITY|PF_SUPERPRIV|PF_EXITING) | PF_FORKNOEXEC)
	if args.Kthread {
		p.flags.Or(PF_KTHREAD)
	}
	p.forkExec(&cur.taskExec)
	p.forkSignal(cur, args.Flags)
	p.forkRseq(cur, args.Flags)
	p.forkIO(cur, args.Flags)
	if args.Flags&CLONE_CHILD_SETTID != 0 {
		p.setChildTid = args.ChildTid
	}
	if args.Flags&CLONE_CHILD_CLEARTID != 0 {
		p.clearChildTid = args.ChildTid
	}
	return p
}

// copyCreds gives p the caller's credentials and counts it among the tasks of
// its user. EAGAIN means that the user has as many as RLIMIT_NPROC allows.
func copyCreds(p, cur *Task, args *KernelCloneArgs) error {
	c := cur.Cred()
	p.cred.Store(c)
	if args.Idle {
		return nil
	}
	if c.UID != 0 && uint64(cur.account.tasks.Load()) >= cur.rlimit(RLIMIT_NPROC) &&
		!c.Capable(cred.CAP_SYS_RESOURCE) && !c.Capable(cred.CAP_SYS_ADMIN) {
		return syscall.EAGAIN
	}
	cur.flags.And(^PF_NPROC_EXCEEDED)
	p.flags.And(^PF_NPROC_EXCEEDED)
	if cur.account != nil {
		p.account = cur.account.share()
	} else {
		p.account = chargeUser(c.UID) // the boot task is not counted
	}
	return nil
}

func undoCreds(p *Task, _ *KernelCloneArgs) {
	if p.account != nil {
		p.account.uncharge()
	}
}

// checkMaxThreads refuses, with EAGAIN, more tasks than the machine can bear.
func checkMaxThreads(_, _ *Task, args *KernelCloneArgs) error {
	if !args.Idle && NrTasks() >= MaxThreads() {
		return syscall.EAGAIN
	}
	return nil
}

// copySched gives p scheduling attributes and a name.
func copySched(p, cur *Task, args *KernelCloneArgs) error {
	if args.Idle {
		return nil
	}
	parent := &cur.Task
	if cur.IsIdle() {
		parent = nil // its affinity is to be nobody else's
	}
	sched.Fork(&p.Task, parent)
	if args.Name != "" {
		p.SetName(args.Name)
	} else {
		p.CopyName(&cur.Task)
	}
	return nil
}

// copyPid gives p its PID. An idle task has none.
func copyPid(p, cur *Task, args *KernelCloneArgs) error {
	if args.Idle {
		return nil
	}
	nr, err := allocPid(args.SetTid)
	if err != nil {
		return err
	}
	p.firstPid.nr = nr
	p.setPid(PIDTYPE_PID, &p.firstPid)
	p.Pid, p.Tgid, p.groupLeader = nr, nr, p
	if args.Flags&CLONE_THREAD != 0 {
		p.Tgid, p.groupLeader = cur.Tgid, cur.groupLeader
	}
	return nil
}

func undoPid(p *Task, args *KernelCloneArgs) {
	if p.pid != nil {
		pids.release(p.Pid)
	}
}

// allocPid takes a PID: the next one, or the one that clone3's set_tid asks for.
func allocPid(setTid []int) (int, error) {
	switch {
	case len(setTid) == 0:
		return pids.alloc()
	case len(setTid) > 1, setTid[0] < 1, setTid[0] >= PidMax:
		return 0, syscall.EINVAL
	case setTid[0] != 1 && FindPid(1) == nil:
		return 0, syscall.EINVAL
	case !Capable(cred.CAP_CHECKPOINT_RESTORE) && !Capable(cred.CAP_SYS_ADMIN):
		return 0, syscall.EPERM
	}
	return setTid[0], pids.take(setTid[0])
}

// publish makes p visible to others: to its parent, in the lists, by its PID. It
// fails if the caller has been signalled meanwhile: what is sent to the caller's
// process group has to reach p as well, or the caller before the fork.
func publish(p, cur *Task, args *KernelCloneArgs) error {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	adoptNew(p, cur, args)
	cur.sighand.siglock.Lock()
	defer cur.sighand.siglock.Unlock()
	switch {
	case cur.restartFork():
		return errno.ERESTARTNOINTR
	case args.Flags&CLONE_THREAD != 0:
		cur.signal.live.Add(1)
		cur.signal.quickThreads++
		cur.signal.addThread(p)
		joinGroupStop(p)
	default:
		p.signal.addThread(p)
		p.setPid(PIDTYPE_TGID, p.pid)
		p.setPid(PIDTYPE_PGID, taskPgrp(cur))
		p.setPid(PIDTYPE_SID, taskSession(cur))
		if p.Pid == 1 {
			p.signal.flags |= SIGNAL_UNKILLABLE
		}
		p.signal.tty.Store(cur.signal.tty.Load())
		linkProcess(p)
		attachPid(p, PIDTYPE_TGID)
		attachPid(p, PIDTYPE_PGID)
		attachPid(p, PIDTYPE_SID)
	}
	attachPid(p, PIDTYPE_PID)
	p.forkSeccomp(cur)
	ptraceInitTask(p, cur, args.Flags&CLONE_PTRACE != 0 || args.traceEvent != 0)
	nrThreads.Add(1)
	totalForks++
	return nil
}

// adoptNew says who p's parent is and what it gets at p's end.
//
// Preconditions: tasklistLock held.
func adoptNew(p, cur *Task, args *KernelCloneArgs) {
	switch {
	case args.Flags&CLONE_THREAD != 0:
		p.realParent, p.parentExecID = cur.realParent, cur.parentExecID
		p.exitSignal = -1
	case args.Flags&CLONE_PARENT != 0:
		p.realParent, p.parentExecID = cur.realParent, cur.parentExecID
		p.exitSignal = cur.groupLeader.exitSignal
	default:
		p.realParent, p.parentExecID = cur, cur.selfExecID
		p.exitSignal = args.ExitSignal
	}
	p.parent = p.realParent
	if args.Flags&CLONE_THREAD == 0 {
		sig := p.realParent.signal
		p.signal.hasChildSubreaper = sig.hasChildSubreaper || sig.isChildSubreaper
	}
}
