package kernel

import (
	"errors"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/sched"
)

// ioprioSyscalls are the system calls of this file.
var ioprioSyscalls = []Syscall{
	{"ioprio_set", sysIoprioSet},
	{"ioprio_get", sysIoprioGet},
}

// Whose I/O priority ioprio_set(2) changes.
const (
	ioprioProcess = 1
	ioprioPgrp    = 2
	ioprioUser    = 3
)

// Classes of I/O priorities, which stand above a level.
const (
	ioprioClassShift = 13
	ioprioNone       = 0
	ioprioRT         = 1
	ioprioBE         = 2
	ioprioIdle       = 3

	// ioprioLevel is the level; above it stand hints to disks, which are kept.
	ioprioLevel = 7
)

// errAgain says that there were more tasks than before.
var errAgain = errors.New("kernel: more tasks")

// ioContext is an I/O priority, which tasks share after CLONE_IO; Linux's
// io_context. There are no disks whose queues would look at it.
type ioContext struct{ prio atomic.Int32 }

func ioprioClass(prio int32) int32 { return prio >> ioprioClassShift }

// forkIO gives the new task t the caller's I/O priority, or a share in it.
func (t *Task) forkIO(cur *Task, flags uint64) {
	c := cur.io.Load()
	switch {
	case c == nil:
	case flags&CLONE_IO != 0:
		t.io.Store(c)
	case ioprioClass(c.prio.Load()) != ioprioNone:
		own := new(ioContext)
		own.prio.Store(c.prio.Load())
		t.io.Store(own)
	}
}

// eachIoprioTask calls f, with tasklistLock held, for the tasks that which and who
// mean. 0 is the caller or its group, but a user like any other.
func eachIoprioTask(t *Task, which, who int, f func(p *Task)) {
	if which != ioprioUser || who != 0 {
		eachTask(t, which-ioprioProcess+prioProcess, who, f)
		return
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	for p := processes.first; p != nil; p = p.all.next {
		p.signal.eachThread(func(u *Task) {
			if u.Cred().UID == 0 {
				f(u)
			}
		})
	}
}

// checkIoprio says whether the caller may have such a priority: EINVAL, EPERM.
func checkIoprio(prio int32) error {
	switch ioprioClass(prio) {
	case ioprioNone:
		if prio&ioprioLevel != 0 {
			return syscall.EINVAL
		}
	case ioprioRT:
		if !Capable(cred.CAP_SYS_ADMIN) && !Capable(cred.CAP_SYS_NICE) {
			return syscall.EPERM
		}
	case ioprioBE, ioprioIdle:
	default:
		return syscall.EINVAL
	}
	return nil
}

// sysIoprioSet is ioprio_set(2).
func sysIoprioSet(t *Task, a *SyscallArgs) (uintptr, error) {
	which, who, prio := int(int32(a[0])), int(int32(a[1])), int32(a[2])
	if err := checkIoprio(prio); err != nil {
		return 0, err
	}
	if which < ioprioProcess || which > ioprioUser {
		return 0, syscall.EINVAL
	}
	for {
		without := 0
		eachIoprioTask(t, which, who, func(p *Task) {
			if p.io.Load() == nil {
				without++
			}
		})
		// Nothing can be allocated under the lock, and there may be more by then.
		if err := setIoprio(t, which, who, prio, make([]ioContext, without)); err != errAgain {
			return 0, err
		}
	}
}

// setIoprio sets the priorities, up to the first task for which that fails: ESRCH,
// EPERM, and errAgain if there are not enough spare contexts.
func setIoprio(t *Task, which, who int, prio int32, spare []ioContext) error {
	c, privileged := t.Cred(), Capable(cred.CAP_SYS_NICE)
	found, err := false, error(nil)
	eachIoprioTask(t, which, who, func(p *Task) {
		found = true
		owner := p.Cred()
		switch {
		case err != nil:
			return
		case owner.UID != c.EUID && owner.UID != c.UID && !privileged:
			err = syscall.EPERM
			return
		case p.io.Load() == nil && len(spare) == 0:
			err = errAgain
			return
		case p.io.Load() == nil:
			p.io.Store(&spare[0])
			spare = spare[1:]
		}
		p.io.Load().prio.Store(prio)
	})
	if !found {
		return syscall.ESRCH
	}
	return err
}

// sysIoprioGet is ioprio_get(2): of one task what was set, of several the best one
// that counts.
func sysIoprioGet(t *Task, a *SyscallArgs) (uintptr, error) {
	which, who := int(int32(a[0])), int(int32(a[1]))
	if which < ioprioProcess || which > ioprioUser {
		return 0, syscall.EINVAL
	}
	best := int32(-1)
	eachIoprioTask(t, which, who, func(p *Task) {
		prio := int32(0)
		if c := p.io.Load(); c != nil {
			prio = c.prio.Load()
		}
		if which != ioprioProcess && ioprioClass(prio) == ioprioNone {
			prio = p.ioprioByNice()
		}
		if best < 0 || prio < best {
			best = prio
		}
	})
	if best < 0 {
		return 0, syscall.ESRCH
	}
	return uintptr(best), nil
}

// ioprioByNice is the priority of a task that has not been given one.
func (t *Task) ioprioByNice() int32 {
	_, _, policy := t.Priorities()
	class := int32(ioprioBE)
	switch p := sched.Policy(policy); {
	case p == sched.PolicyIdle:
		class = ioprioIdle
	case p.RealTime():
		class = ioprioRT
	}
	return class<<ioprioClassShift | int32(t.Nice()+20)/5
}
