package kernel

import (
	"syscall"

	"onsen/kernel/cred"
)

var sessionSyscalls = []Syscall{
	{"getpid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Tgid), nil }},
	{"gettid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Pid), nil }},
	{"getppid", sysGetppid},
	{"getpgrp", func(t *Task, _ *SyscallArgs) (uintptr, error) { return idOf(t, 0, PIDTYPE_PGID) }},
	{"getpgid", func(t *Task, a *SyscallArgs) (uintptr, error) { return idOf(t, int(int32(a[0])), PIDTYPE_PGID) }},
	{"getsid", func(t *Task, a *SyscallArgs) (uintptr, error) { return idOf(t, int(int32(a[0])), PIDTYPE_SID) }},
	{"setpgid", sysSetpgid},
	{"setsid", sysSetsid},
	{"vhangup", sysVhangup},
}

func sysGetppid(t *Task, _ *SyscallArgs) (uintptr, error) {
	// Without the lock: it may be the parent of a moment ago, as it may be
	// with the lock by the time the program has the result.
	return uintptr(t.realParent.Tgid), nil
}

// idOf returns the process group or session of the task with a PID, of the
// caller's process for 0. ESRCH.
func idOf(t *Task, pid int, typ PidType) (uintptr, error) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if pid != 0 {
		if t = findTask(pid, PIDTYPE_PID); t == nil {
			return 0, syscall.ESRCH
		}
	}
	return uintptr(t.pidOf(typ).Nr()), nil
}

// sysSetpgid is setpgid(2).
func sysSetpgid(t *Task, a *SyscallArgs) (uintptr, error) {
	pid, pgid := int(int32(a[0])), int(int32(a[1]))
	if pid == 0 {
		pid = t.Tgid
	}
	if pgid == 0 {
		pgid = pid
	}
	if pgid < 0 {
		return 0, syscall.EINVAL
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	p := findTask(pid, PIDTYPE_PID)
	if err := maySetPgrp(t, p); err != nil {
		return 0, err
	}
	pgrp := p.pid
	if pgid != pid {
		if pgrp = findPid(pgid); !pgrp.groupIn(taskSession(t)) {
			return 0, syscall.EPERM
		}
	}
	if taskPgrp(p) != pgrp {
		changePid(p, PIDTYPE_PGID, pgrp)
	}
	return 0, nil
}

// maySetPgrp reports whether t may change the process group of p.
//
// Preconditions: tasklistLock held.
func maySetPgrp(t, p *Task) error {
	switch {
	case p == nil:
		return syscall.ESRCH
	case !isLeader(p):
		return syscall.EINVAL
	case sameProcess(p.realParent, t):
		if taskSession(p) != taskSession(t) {
			return syscall.EPERM
		}
		if p.flags.Load()&PF_FORKNOEXEC == 0 {
			return syscall.EACCES
		}
	case p != t.groupLeader:
		return syscall.ESRCH
	}
	if p.signal.isSessionLeader {
		return syscall.EPERM
	}
	return nil
}

// groupIn reports whether there is a process group p and it is in a session.
//
// Preconditions: tasklistLock held.
func (p *Pid) groupIn(session *Pid) bool {
	if p == nil {
		return false
	}
	member := p.tasks[PIDTYPE_PGID]
	return member != nil && taskSession(member) == session
}

// sysSetsid is setsid(2).
func sysSetsid(t *Task, _ *SyscallArgs) (uintptr, error) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	leader := t.groupLeader
	if leader.signal.isSessionLeader || leader.pid.tasks[PIDTYPE_PGID] != nil {
		return 0, syscall.EPERM
	}
	leader.signal.isSessionLeader = true
	if taskSession(leader) != leader.pid {
		changePid(leader, PIDTYPE_SID, leader.pid)
	}
	if taskPgrp(leader) != leader.pid {
		changePid(leader, PIDTYPE_PGID, leader.pid)
	}
	procClearTTY(leader)
	return uintptr(leader.Pid), nil
}

// sysVhangup is vhangup(2): EPERM. Without a terminal there is nothing to do.
func sysVhangup(t *Task, _ *SyscallArgs) (uintptr, error) {
	if !Capable(cred.CAP_SYS_TTY_CONFIG) {
		return 0, syscall.EPERM
	}
	if terminal := t.signal.tty.Load(); terminal != nil {
		terminal.Hangup()
	}
	return 0, nil
}
