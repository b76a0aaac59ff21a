package kernel

import (
	"syscall"

	"onsen/kernel/signal"
)

var pidfdSyscalls = []Syscall{
	{"pidfd_open", sysPidfdOpen},
	{"pidfd_send_signal", sysPidfdSendSignal},
	{"pidfd_getfd", sysPidfdGetfd},
}

// sysPidfdOpen is pidfd_open(2).
func sysPidfdOpen(t *Task, a *SyscallArgs) (uintptr, error) {
	const nonblock = syscall.O_NONBLOCK // PIDFD_NONBLOCK
	pid, flags := int(int32(a[0])), uint32(a[1])
	if flags&^nonblock != 0 || pid <= 0 {
		return 0, syscall.EINVAL
	}
	p := FindPid(pid)
	switch {
	case p == nil:
		return 0, syscall.ESRCH
	case p.Task(PIDTYPE_TGID) == nil:
		return 0, syscall.EINVAL // a thread
	}
	fd, err := t.files.Add(newPidfd(p, flags), t.rlimit(RLIMIT_NOFILE), true)
	return uintptr(fd), err
}

// sysPidfdSendSignal is pidfd_send_signal(2), which takes an open /proc/PID, too.
func sysPidfdSendSignal(t *Task, a *SyscallArgs) (uintptr, error) {
	sig := int(int32(a[1]))
	if uint32(a[3]) != 0 {
		return 0, syscall.EINVAL
	}
	p, err := t.pidOfFdOrProc(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	info := signal.User(sig, t.Tgid, t.Cred().UID)
	if a[2] != 0 {
		if info, err = userInfo(a[2], signal.KeepSigno); err != nil {
			return 0, err
		}
		if int(info.Signo) != sig {
			return 0, syscall.EINVAL
		}
		if err := info.CheckQueued(); err != nil && p != t.pid {
			return 0, err
		}
	}
	return 0, killPid(sig, &info, p)
}

// killPid sends a signal to a process, if the caller may. ESRCH, EPERM.
func killPid(sig int, info *signal.Info, p *Pid) error {
	stockSignalEntries()
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	target := p.tasks[PIDTYPE_PID]
	if target == nil {
		return syscall.ESRCH
	}
	return killTask(sig, info, target, PIDTYPE_TGID)
}

// sysPidfdGetfd is pidfd_getfd(2).
func sysPidfdGetfd(t *Task, a *SyscallArgs) (uintptr, error) {
	if uint32(a[2]) != 0 {
		return 0, syscall.EINVAL
	}
	p, _, err := t.pidOfFd(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	target := p.Task(PIDTYPE_PID)
	switch {
	case target == nil:
		return 0, syscall.ESRCH
	case ptraceMayAccess(t, target, accessAttachReal) != nil:
		return 0, syscall.EPERM
	}
	target.allocLock.Lock()
	files := target.files
	if files == nil {
		target.allocLock.Unlock()
		return 0, syscall.EBADF
	}
	f := files.GetRaw(int(int32(a[1])))
	target.allocLock.Unlock()
	if f == nil {
		return 0, syscall.EBADF
	}
	fd, err := t.files.Add(f, t.rlimit(RLIMIT_NOFILE), true)
	return uintptr(fd), err
}
