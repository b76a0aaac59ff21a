package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/uaccess"
)

// rlimitSyscalls are the system calls of this file.
var rlimitSyscalls = []Syscall{
	{"getrlimit", sysGetrlimit},
	{"setrlimit", sysSetrlimit},
	{"prlimit64", sysPrlimit64},
}

// nrOpenMax is the most that RLIMIT_NOFILE can be set to; /proc/sys/fs/nr_open.
const nrOpenMax = 1 << 20

// changeRlimit returns a process's limit and, if to is not nil, sets it. EINVAL:
// there is no such resource, or the soft limit is above the hard one. EPERM: the
// hard limit would rise without CAP_SYS_RESOURCE of the caller, or above what
// files there may ever be. Linux's do_prlimit.
func changeRlimit(t *Task, resource uintptr, to *Rlimit) (old Rlimit, err error) {
	if resource >= rlimNlimits {
		return old, syscall.EINVAL
	}
	l := &t.signal.processLimits
	if to == nil {
		return l.rlimit(int(resource)), nil
	}
	if to.Cur > to.Max {
		return old, syscall.EINVAL
	}
	if resource == RLIMIT_NOFILE && to.Max > nrOpenMax {
		return old, syscall.EPERM
	}
	may := Capable(cred.CAP_SYS_RESOURCE)
	l.rlimLock.Lock()
	old = l.rlimit(int(resource))
	if to.Max > old.Max && !may {
		l.rlimLock.Unlock()
		return old, syscall.EPERM
	}
	l.setRlimit(int(resource), *to)
	l.rlimLock.Unlock()
	if resource == RLIMIT_CPU {
		t.cpuLimitChanged()
	}
	return old, nil
}

// sysGetrlimit is getrlimit(2).
func sysGetrlimit(t *Task, a *SyscallArgs) (uintptr, error) {
	v, err := changeRlimit(t, a[0]&0xffffffff, nil)
	if err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[1], v)
}

// sysSetrlimit is setrlimit(2).
func sysSetrlimit(t *Task, a *SyscallArgs) (uintptr, error) {
	to, err := uaccess.Get[Rlimit](a[1])
	if err != nil {
		return 0, err
	}
	_, err = changeRlimit(t, a[0]&0xffffffff, &to)
	return 0, err
}

// sysPrlimit64 is prlimit(2).
func sysPrlimit64(t *Task, a *SyscallArgs) (uintptr, error) {
	pid, resource, newAddr, oldAddr := int(int32(a[0])), a[1]&0xffffffff, a[2], a[3]
	var to *Rlimit
	if newAddr != 0 {
		v, err := uaccess.Get[Rlimit](newAddr)
		if err != nil {
			return 0, err
		}
		to = &v
	}
	p := t
	if pid != 0 {
		if p = FindTaskByPid(pid); p == nil {
			return 0, syscall.ESRCH
		}
	}
	if !mayPrlimit(t, p) {
		return 0, syscall.EPERM
	}
	old, err := changeRlimit(p, resource, to)
	if err != nil || oldAddr == 0 {
		return 0, err
	}
	return 0, uaccess.Put(oldAddr, old)
}

// mayPrlimit reports whether t may look at and change p's limits: "its real,
// effective, and saved user IDs must match the real user ID of the caller, and
// the group IDs likewise" - prlimit(2).
func mayPrlimit(t, p *Task) bool {
	if t.signal == p.signal {
		return true
	}
	c, o := t.Cred(), p.Cred()
	same := c.UID == o.EUID && c.UID == o.SUID && c.UID == o.UID &&
		c.GID == o.EGID && c.GID == o.SGID && c.GID == o.GID
	return same || Capable(cred.CAP_SYS_RESOURCE)
}
