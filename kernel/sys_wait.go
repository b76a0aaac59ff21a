package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/uaccess"
)

var waitSyscalls = []Syscall{
	{"wait4", sysWait4},
	{"waitid", sysWaitid},
}

// sysWait4 is wait4(2).
func sysWait4(_ *Task, a *SyscallArgs) (uintptr, error) {
	const known = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL
	w := waitOpts{flags: uint(uint32(a[2])), wantUsage: a[3] != 0}
	if w.flags&^known != 0 {
		return 0, syscall.EINVAL
	}
	if err := w.choose(int(int32(a[0]))); err != nil {
		return 0, err
	}
	w.flags |= WEXITED
	if err := w.wait(); err != nil || w.child == nil {
		return 0, err
	}
	if a[1] != 0 {
		if err := uaccess.Put(a[1], int32(w.stat)); err != nil {
			return 0, err
		}
	}
	if a[3] != 0 {
		if err := uaccess.Put(a[3], w.usage.rusage()); err != nil {
			return 0, err
		}
	}
	return uintptr(w.nr), nil
}

// choose sets whom to wait for from the first argument of wait4.
func (w *waitOpts) choose(pid int) error {
	switch {
	case pid == math.MinInt32:
		return syscall.ESRCH // has no opposite
	case pid == -1:
		w.typ = pidTypeAny
	case pid < 0:
		w.typ, w.pid = PIDTYPE_PGID, FindPid(-pid)
	case pid == 0:
		w.typ, w.pid = PIDTYPE_PGID, currentPgrp()
	default:
		w.typ, w.pid = PIDTYPE_PID, FindPid(pid)
	}
	return nil
}

// currentPgrp returns the caller's process group.
func currentPgrp() *Pid {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return taskPgrp(Current())
}

// The idtypes of waitid(2).
const (
	P_ALL   = 0
	P_PID   = 1
	P_PGID  = 2
	P_PIDFD = 3
)

// sysWaitid is waitid(2), with the usage as fifth argument that only the system
// call has.
func sysWaitid(t *Task, a *SyscallArgs) (uintptr, error) {
	const (
		events = WEXITED | WSTOPPED | WCONTINUED
		known  = events | WNOHANG | WNOWAIT | __WNOTHREAD | __WCLONE | __WALL
	)
	w := waitOpts{flags: uint(uint32(a[3])), wantUsage: a[4] != 0}
	if w.flags&^known != 0 || w.flags&events == 0 {
		return w.tell(a[2], a[4], syscall.EINVAL)
	}
	nonblock, err := w.chooseID(t, int(int32(a[0])), int(int32(a[1])))
	if err != nil {
		return w.tell(a[2], a[4], err)
	}
	nonblock = nonblock && w.flags&WNOHANG == 0
	if nonblock {
		w.flags |= WNOHANG
	}
	err = w.wait()
	if err == nil && w.child == nil && nonblock {
		err = syscall.EAGAIN
	}
	return w.tell(a[2], a[4], err)
}

// chooseID sets whom to wait for from the first arguments of waitid. nonblock
// says that it is a pidfd with O_NONBLOCK.
func (w *waitOpts) chooseID(t *Task, idType, id int) (nonblock bool, err error) {
	switch {
	case idType == P_ALL:
		w.typ = pidTypeAny
	case idType == P_PID && id > 0:
		w.typ, w.pid = PIDTYPE_PID, FindPid(id)
	case idType == P_PGID && id > 0:
		w.typ, w.pid = PIDTYPE_PGID, FindPid(id)
	case idType == P_PGID && id == 0:
		w.typ, w.pid = PIDTYPE_PGID, currentPgrp()
	case idType == P_PIDFD && id >= 0:
		w.typ = PIDTYPE_PID
		w.pid, nonblock, err = t.pidOfFd(id)
	default:
		err = syscall.EINVAL
	}
	return nonblock, err
}

// tell writes the answer of waitid: also after an error, as Linux does. Only the
// fields of siginfo_t that mean something are written.
func (w *waitOpts) tell(info, rusage uintptr, err error) (uintptr, error) {
	signo := int32(0)
	if w.child != nil {
		signo = sigchld
		if rusage != 0 {
			if err := uaccess.Put(rusage, w.usage.rusage()); err != nil {
				return 0, err
			}
		}
	}
	if info == 0 {
		return 0, err
	}
	head := [3]int32{signo, 0, int32(w.code)}
	rest := [3]int32{int32(w.nr), int32(w.uid), int32(w.status)}
	if err := uaccess.Put(info, head); err != nil {
		return 0, err
	}
	if err := uaccess.Put(info+16, rest); err != nil {
		return 0, err
	}
	return 0, err
}
