package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/sched"
)

// Whose priority setpriority(2) changes.
const (
	prioProcess = 0
	prioPgrp    = 1
	prioUser    = 2
)

// eachTask calls f for every task that which and who of setpriority(2) mean; 0
// stands for the caller's. f is called with tasklistLock held.
func eachTask(t *Task, which, who int, f func(p *Task)) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	switch which {
	case prioProcess:
		if who != 0 {
			t = findTask(who, PIDTYPE_PID)
		}
		if t != nil {
			f(t)
		}
	case prioPgrp:
		pgrp := taskPgrp(t)
		if who != 0 {
			pgrp = findPid(who)
		}
		if pgrp == nil {
			return
		}
		for p := pgrp.tasks[PIDTYPE_PGID]; p != nil; p = p.pidLinks[PIDTYPE_PGID].next {
			p.signal.eachThread(f)
		}
	case prioUser:
		uid := t.Cred().UID
		if who != 0 {
			uid = uint32(who)
		}
		for p := processes.first; p != nil; p = p.all.next {
			p.signal.eachThread(func(u *Task) {
				if u.Cred().UID == uid {
					f(u)
				}
			})
		}
	}
}

// eachThread calls f for every thread.
//
// Preconditions: tasklistLock held.
func (s *SignalStruct) eachThread(f func(*Task)) {
	for t := s.firstThread; t != nil; t = t.threads.next {
		f(t)
	}
}

// sysSetpriority is setpriority(2).
func sysSetpriority(t *Task, a *SyscallArgs) (uintptr, error) {
	which, who, nice := int(int32(a[0])), int(int32(a[1])), int(int32(a[2]))
	if which < prioProcess || which > prioUser {
		return 0, syscall.EINVAL
	}
	nice = min(max(nice, sched.MinNice), sched.MaxNice)
	err := error(syscall.ESRCH)
	eachTask(t, which, who, func(p *Task) {
		switch e := setNice(t, p, nice); {
		case e != nil:
			err = e
		case err == syscall.ESRCH:
			err = nil
		}
	})
	return 0, err
}

// setNice changes p's nice value on behalf of t. EPERM: not t's to change.
// EACCES: not so low.
func setNice(t, p *Task, nice int) error {
	c, owner := t.Cred(), p.Cred()
	switch {
	case owner.UID != c.EUID && owner.EUID != c.EUID && !Capable(cred.CAP_SYS_NICE):
		return syscall.EPERM
	case nice < p.Nice() && !niceAllowed(p, nice) && !Capable(cred.CAP_SYS_NICE):
		return syscall.EACCES
	}
	p.SetNice(nice)
	return nil
}

// sysGetpriority is getpriority(2). The result is 20 - nice, so that no success
// looks like an error.
func sysGetpriority(t *Task, a *SyscallArgs) (uintptr, error) {
	which, who := int(int32(a[0])), int(int32(a[1]))
	if which < prioProcess || which > prioUser {
		return 0, syscall.EINVAL
	}
	best := 0
	eachTask(t, which, who, func(p *Task) { best = max(best, 20-p.Nice()) })
	if best == 0 {
		return 0, syscall.ESRCH
	}
	return uintptr(best), nil
}
