package kernel

import "syscall"

// checkCloneFlags makes the checks with which Linux's copy_process begins, in
// its order.
func checkCloneFlags(cur *Task, args *KernelCloneArgs) error {
	flags := args.Flags
	has := func(f uint64) bool { return flags&f == f }
	switch {
	case has(CLONE_NEWNS | CLONE_FS),
		has(CLONE_NEWUSER | CLONE_FS),
		has(CLONE_THREAD) && !has(CLONE_SIGHAND),
		has(CLONE_SIGHAND) && !has(CLONE_VM),
		// The parent of init's siblings would be the boot task, which reaps
		// nobody.
		has(CLONE_PARENT) && cur.signal.flags&SIGNAL_UNKILLABLE != 0,
		has(CLONE_THREAD) && flags&(CLONE_NEWUSER|CLONE_NEWPID) != 0,
		has(CLONE_PIDFD) && flags&(CLONE_DETACHED|CLONE_THREAD) != 0:
		return syscall.EINVAL
	// The rest are mistakes of the kernel's own.
	case has(CLONE_IDLE_THREAD) != args.Idle,
		args.Kthread && args.Fn == nil && !args.Idle:
		return syscall.EINVAL
	}
	return nil
}
