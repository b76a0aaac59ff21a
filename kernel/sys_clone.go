package kernel

import (
	"syscall"

	"onsen/arch"
)

// cloneSyscalls are the system calls that make tasks, and those that end them.
var cloneSyscalls = []Syscall{
	{"fork", sysFork},
	{"vfork", sysVfork},
	{"clone", sysClone},
	{"clone3", sysClone3},
	{"unshare", sysUnshare},
	{"setns", sysSetns},
	{"set_tid_address", sysSetTidAddress},
	{"exit", sysExit},
	{"exit_group", sysExitGroup},
}

func sysFork(*Task, *SyscallArgs) (uintptr, error) {
	return clone(&KernelCloneArgs{ExitSignal: sigchld})
}

func sysVfork(*Task, *SyscallArgs) (uintptr, error) {
	return clone(&KernelCloneArgs{Flags: CLONE_VFORK | CLONE_VM, ExitSignal: sigchld})
}

func sysClone(_ *Task, a *SyscallArgs) (uintptr, error) {
	flags, stack, ptid, ctid, tls := arch.CloneArgs((*[6]uintptr)(a))
	low := uint64(uint32(flags)) // what is above only clone3 has
	return clone(&KernelCloneArgs{
		Flags:      low &^ CSIGNAL,
		Pidfd:      ptid,
		ChildTid:   ctid,
		ParentTid:  ptid,
		ExitSignal: int(low & CSIGNAL),
		Stack:      stack,
		Tls:        tls,
	})
}

func sysClone3(_ *Task, a *SyscallArgs) (uintptr, error) {
	args, err := readCloneArgs(a[0], a[1])
	if err != nil {
		return 0, err
	}
	return clone(args)
}

// clone is KernelClone with the result of a system call.
func clone(args *KernelCloneArgs) (uintptr, error) {
	pid, err := KernelClone(args)
	return uintptr(pid), err
}

// sysUnshare is unshare(2).
func sysUnshare(t *Task, a *SyscallArgs) (uintptr, error) {
	const known = CLONE_THREAD | CLONE_FS | CLONE_NEWNS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES | CLONE_SYSVSEM |
		CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWTIME
	flags := uint64(a[0])
	if err := checkUnshare(t, flags, known); err != nil {
		return 0, err
	}
	args := &KernelCloneArgs{Flags: flags}
	if err := copyNamespaces(nil, t, args); err != nil {
		return 0, err
	}
	return 0, unshareFiles(t, flags)
}

// checkUnshare reports EINVAL for what cannot be unshared.
func checkUnshare(t *Task, flags, known uint64) error {
	// What is said of processes says it of their parts, too; unshare(2).
	if flags&CLONE_VM != 0 {
		flags |= CLONE_SIGHAND
	}
	if flags&CLONE_SIGHAND != 0 {
		flags |= CLONE_THREAD
	}
	switch {
	case flags&^known != 0,
		flags&(CLONE_THREAD|CLONE_SIGHAND|CLONE_VM) != 0 && !t.alone(),
		flags&(CLONE_SIGHAND|CLONE_VM) != 0 && t.sighand.users.Load() > 1,
		flags&CLONE_VM != 0 && t.mm.Users() > 1:
		return syscall.EINVAL
	}
	return nil
}

// alone reports whether the calling task is the only thread of its process.
func (t *Task) alone() bool {
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	return threadGroupEmpty(t)
}

// unshareFiles gives the calling task a file table, and a root and working
// directory, of its own.
func unshareFiles(t *Task, flags uint64) error {
	if flags&CLONE_FILES != 0 {
		if err := t.ownFiles(); err != nil {
			return err
		}
	}
	if flags&CLONE_FS == 0 || t.fs.Users() == 1 {
		return nil
	}
	old, own := t.fs, t.fs.Copy()
	t.allocLock.Lock()
	t.fs = own
	t.allocLock.Unlock()
	old.Put()
	return nil
}

// ownFiles gives the calling task a table of open files that it does not share;
// Linux's unshare_files. ENOMEM.
func (t *Task) ownFiles() error {
	if t.files.Users() == 1 {
		return nil
	}
	old := t.files
	own, err := old.Dup(allFiles)
	if err != nil {
		return err
	}
	t.allocLock.Lock()
	t.files = own
	t.allocLock.Unlock()
	old.Put()
	return nil
}

// sysSetns is setns(2): there are no namespaces.
func sysSetns(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	f.Done()
	return 0, syscall.EINVAL
}

func sysSetTidAddress(t *Task, a *SyscallArgs) (uintptr, error) {
	t.clearChildTid = a[0]
	return uintptr(t.Pid), nil
}

func sysExit(_ *Task, a *SyscallArgs) (uintptr, error) {
	DoExit(int(a[0]) & 0xff << 8)
	return 0, nil
}

func sysExitGroup(_ *Task, a *SyscallArgs) (uintptr, error) {
	DoGroupExit(int(a[0]) & 0xff << 8)
	return 0, nil
}
