package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// checkKillPermission tells whether the caller may send a signal to t: EINVAL for
// a number that is no signal, EPERM. What the kernel sends, info says, is always
// allowed. Linux's check_kill_permission.
//
// Preconditions: tasklistLock held, or t is a thread of the caller's process.
func checkKillPermission(sig int, info *signal.Info, t *Task) error {
	if sig < 0 || sig > signal.Max {
		return syscall.EINVAL
	}
	cur := Current()
	if info.Code > 0 || sameProcess(cur, t) || mayKill(cur.Cred(), t.Cred()) || Capable(cred.CAP_KILL) {
		return nil
	}
	if sig == signal.SIGCONT && taskSession(cur) == taskSession(t) {
		return nil // a shell continues jobs that have changed their user
	}
	return syscall.EPERM
}

// mayKill reports whether the user IDs allow to send a signal; kill(2).
func mayKill(c, target *cred.Cred) bool {
	return c.EUID == target.SUID || c.EUID == target.UID || c.UID == target.SUID || c.UID == target.UID
}

// killTask sends a signal to t, or with PIDTYPE_TGID to its process, if the
// caller may. Signal 0 only asks.
//
// Preconditions: tasklistLock held, or t is a thread of the caller's process.
func killTask(sig int, info *signal.Info, t *Task, typ PidType) error {
	if err := checkKillPermission(sig, info, t); err != nil || sig == 0 {
		return err
	}
	return sendUnderTasklist(sig, info, t, typ)
}

// signalSelf is killTask for the caller, who may.
func (t *Task) signalSelf(sig int, info *signal.Info, typ PidType) error {
	if uint(sig) > signal.Max {
		return syscall.EINVAL
	}
	if sig == 0 {
		return nil
	}
	t.lockSignals()
	var err error
	if !t.sendDirect(sig, info) {
		err = sendSignalLocked(sig, info, t, typ)
	}
	t.unlockSignals()
	return err
}

// sysKill: kill(pid_t pid, int sig).
func sysKill(t *Task, a *SyscallArgs) (uintptr, error) {
	pid, sig := int(int32(a[0])), int(int32(a[1]))
	info := signal.User(sig, t.Tgid, t.Cred().UID)
	return 0, kill(t, pid, sig, &info)
}

// kill sends a signal to a process, a process group, or all processes, as pid
// says; kill(2).
func kill(t *Task, pid, sig int, info *signal.Info) error {
	stockSignalEntries()
	if pid == t.Pid {
		return t.signalSelf(sig, info, PIDTYPE_TGID) // without a search
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	switch {
	case pid > 0:
		p := findTask(pid, PIDTYPE_PID)
		if p == nil {
			return syscall.ESRCH
		}
		return killTask(sig, info, p, PIDTYPE_TGID)
	case pid == math.MinInt32:
		return syscall.ESRCH
	case pid == -1:
		return killAll(t, sig, info)
	case pid == 0:
		return killGroup(sig, info, taskPgrp(t))
	}
	return killGroup(sig, info, findPid(-pid))
}

// killGroup sends a signal to every process of a group that the caller may send
// it to.
//
// Preconditions: tasklistLock held.
func killGroup(sig int, info *signal.Info, pgrp *Pid) error {
	if pgrp == nil {
		return syscall.ESRCH
	}
	sent, err := false, error(syscall.ESRCH)
	for p := pgrp.tasks[PIDTYPE_PGID]; p != nil; p = p.pidLinks[PIDTYPE_PGID].next {
		err = killTask(sig, info, p, PIDTYPE_TGID)
		sent = sent || err == nil
	}
	if sent {
		return nil
	}
	return err
}

// killAll sends a signal to every process but init and the caller's own. It fails
// only if there is no other, or for another reason than that it is not allowed.
//
// Preconditions: tasklistLock held.
func killAll(t *Task, sig int, info *signal.Info) error {
	others := false
	var result error
	for p := processes.first; p != nil; p = p.all.next {
		if p.Tgid <= 1 || sameProcess(p, t) {
			continue
		}
		others = true
		if err := killTask(sig, info, p, PIDTYPE_TGID); err != syscall.EPERM {
			result = err
		}
	}
	if !others {
		return syscall.ESRCH
	}
	return result
}

// sysTgkill: tgkill(pid_t tgid, pid_t tid, int sig).
func sysTgkill(t *Task, a *SyscallArgs) (uintptr, error) {
	tgid, tid, sig := int(int32(a[0])), int(int32(a[1])), int(int32(a[2]))
	if tgid <= 0 || tid <= 0 {
		return 0, syscall.EINVAL
	}
	info := signal.Tkill(sig, t.Tgid, t.Cred().UID)
	return 0, killThreadOf(t, tgid, tid, sig, &info)
}

// sysTkill: tkill(pid_t tid, int sig).
func sysTkill(t *Task, a *SyscallArgs) (uintptr, error) {
	tid, sig := int(int32(a[0])), int(int32(a[1]))
	if tid <= 0 {
		return 0, syscall.EINVAL
	}
	info := signal.Tkill(sig, t.Tgid, t.Cred().UID)
	return 0, killThreadOf(t, 0, tid, sig, &info)
}

// killThreadOf sends a signal to the thread tid of the process tgid, or of any if
// that is 0. ESRCH if there is none.
func killThreadOf(t *Task, tgid, tid, sig int, info *signal.Info) error {
	stockSignalEntries()
	if tid == t.Pid {
		if tgid != 0 && tgid != t.Tgid {
			return syscall.ESRCH
		}
		return t.signalSelf(sig, info, PIDTYPE_PID)
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	p := findTask(tid, PIDTYPE_PID)
	if p == nil || tgid != 0 && p.Tgid != tgid {
		return syscall.ESRCH
	}
	return killTask(sig, info, p, PIDTYPE_PID)
}

// sysRtSigqueueinfo: rt_sigqueueinfo(pid_t tgid, int sig, siginfo_t *info).
func sysRtSigqueueinfo(t *Task, a *SyscallArgs) (uintptr, error) {
	pid, sig := int(int32(a[0])), int(int32(a[1]))
	info, err := userInfo(a[2], sig)
	if err != nil {
		return 0, err
	}
	if err := checkQueued(t, &info, pid); err != nil {
		return 0, err
	}
	if pid <= 0 {
		return 0, syscall.ESRCH // there are no groups here
	}
	return 0, kill(t, pid, sig, &info)
}

// sysRtTgsigqueueinfo: rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig,
// siginfo_t *info).
func sysRtTgsigqueueinfo(t *Task, a *SyscallArgs) (uintptr, error) {
	tgid, tid, sig := int(int32(a[0])), int(int32(a[1])), int(int32(a[2]))
	info, err := userInfo(a[3], sig)
	if err != nil {
		return 0, err
	}
	if tgid <= 0 || tid <= 0 {
		return 0, syscall.EINVAL
	}
	if err := checkQueued(t, &info, tid); err != nil {
		return 0, err
	}
	return 0, killThreadOf(t, tgid, tid, sig, &info)
}

// userInfo reads a siginfo of a program, for a signal or signal.KeepSigno: EFAULT,
// E2BIG.
func userInfo(addr uintptr, sig int) (signal.Info, error) {
	return signal.Read(sig, func(b []byte, at uintptr) error {
		_, err := uaccess.CopyFromUser(b, addr+at)
		return err
	})
}

// checkQueued returns EPERM if what t wants to send to pid pretends to be the
// kernel or kill(2), unless t tells itself.
func checkQueued(t *Task, info *signal.Info, pid int) error {
	if pid == t.Pid {
		return nil
	}
	return info.CheckQueued()
}
