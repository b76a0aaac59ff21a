// Package errno has the errors that exist only inside the kernel: what a
// blocking system call returns when a signal ends it (include/linux/errno.h).
// Package kernel's signal code turns each into a restart or into EINTR before
// a program could see it. All other errors are package syscall's.
package errno

import "syscall"

const (
	// ERESTARTSYS restarts the call unless a handler without SA_RESTART runs.
	ERESTARTSYS = syscall.Errno(512)
	// ERESTARTNOINTR restarts the call, always.
	ERESTARTNOINTR = syscall.Errno(513)
	// ERESTARTNOHAND restarts the call unless a handler runs.
	ERESTARTNOHAND = syscall.Errno(514)
	// ENOIOCTLCMD says that a driver does not know an ioctl; it becomes ENOTTY.
	ENOIOCTLCMD = syscall.Errno(515)
	// ERESTART_RESTARTBLOCK goes on through restart_syscall(2) and the task's
	// restart block unless a handler runs.
	ERESTART_RESTARTBLOCK = syscall.Errno(516)
)
