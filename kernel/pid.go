package kernel

import (
	"math/bits"
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

const (
	// PidMax is one more than the highest PID.
	PidMax = 32768
	// reservedPids are not used again once PIDs have wrapped around.
	reservedPids = 300
	// pidSlots is the size of the PID table.
	pidSlots = 4096
)

// PidType is what a Pid is to a task that is attached to it.
type PidType uint8

const (
	PIDTYPE_PID  PidType = iota // the task's own
	PIDTYPE_TGID                // its process's; leaders only
	PIDTYPE_PGID                // its process group's; leaders only
	PIDTYPE_SID                 // its session's; leaders only
	pidTypes
)

// Pid is an id that tasks have as their own, their process's, process group's or
// session's; Linux's struct pid. The number is taken as long as a task has it as
// any of these. Who keeps a pointer keeps its meaning: another task that gets
// the number later has another Pid.
type Pid struct {
	nr int // constant
	// tasks are the first ones of the lists of tasks that have this id, linked
	// by Task.pidLinks. tasklistLock.
	tasks [pidTypes]*Task
	// next links the slot of pidTable. tasklistLock.
	next *Pid
	// wait is where a poll of a pidfd waits for the process's end.
	wait sched.WaitQueue
}

// Nr returns the number. That of nil is 0.
func (p *Pid) Nr() int {
	if p == nil {
		return 0
	}
	return p.nr
}

// pidLink is a task's place in one of the lists of a Pid. tasklistLock.
type pidLink struct{ next, prev *Task }

// idlePid is number 0: that of the idle tasks, and the process group and session
// of whoever has left neither, which is init until it calls setsid(2), its first
// children, and kernel threads. Nobody finds it by its number, and because the boot
// CPU's idle task always has it, it is never released. Linux's init_struct_pid.
var idlePid = Pid{tasks: [pidTypes]*Task{PIDTYPE_PID: &bootIdle}}

// pids says which PIDs are taken. PID 0 is every idle task's and never given
// out.
var pids = pidMap{used: [PidMax / 64]uint64{1}}

// pidTable finds Pids: slot number mod pidSlots is a list linked by Pid.next.
// tasklistLock.
var pidTable [pidSlots]*Pid

// pidMap gives out numbers.
type pidMap struct {
	lock spin.Lock
	used [PidMax / 64]uint64 // lock
	last int                 // given out last. lock
}

// alloc returns the next free number after the one given out last. EAGAIN means
// that there is none.
func (m *pidMap) alloc() (int, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	pid := m.free(m.last+1, PidMax)
	if pid == 0 {
		pid = m.free(reservedPids, m.last+1)
	}
	if pid == 0 {
		return 0, syscall.EAGAIN
	}
	m.used[pid/64] |= 1 << (pid % 64)
	m.last = pid
	return pid, nil
}

// take takes a chosen number in [1, PidMax). EEXIST means that it is taken.
func (m *pidMap) take(pid int) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.used[pid/64]>>(pid%64)&1 != 0 {
		return syscall.EEXIST
	}
	m.used[pid/64] |= 1 << (pid % 64)
	return nil
}

// free returns the lowest free number in [from, to), or 0.
//
// Preconditions: lock held.
func (m *pidMap) free(from, to int) int {
	for pid := from; pid < to; {
		open := ^m.used[pid/64] >> (pid % 64)
		if open == 0 {
			pid = (pid/64 + 1) * 64
			continue
		}
		pid += bits.TrailingZeros64(open)
		if pid < to {
			return pid
		}
	}
	return 0
}

// next returns the lowest taken number that is at least from, or 0.
func (m *pidMap) next(from int) int {
	m.lock.Lock()
	defer m.lock.Unlock()
	for pid := max(from, 1); pid < PidMax; {
		taken := m.used[pid/64] >> (pid % 64)
		if taken != 0 {
			return pid + bits.TrailingZeros64(taken)
		}
		pid = (pid/64 + 1) * 64
	}
	return 0
}

// release gives a number back.
func (m *pidMap) release(pid int) {
	m.lock.Lock()
	m.used[pid/64] &^= 1 << (pid % 64)
	m.lock.Unlock()
}

// findPid returns the Pid with a number, or nil.
//
// Preconditions: tasklistLock held.
func findPid(nr int) *Pid {
	p := pidTable[uint(nr)%pidSlots]
	for p != nil && p.nr != nr {
		p = p.next
	}
	return p
}

// findTask returns the task to which the number is what typ says, or nil.
//
// Preconditions: tasklistLock held.
func findTask(nr int, typ PidType) *Task {
	if p := findPid(nr); p != nil {
		return p.tasks[typ]
	}
	return nil
}

// FindPid returns the Pid with a number, or nil.
func FindPid(nr int) *Pid {
	lockTasklist()
	p := findPid(nr)
	unlockTasklist()
	return p
}

// FindTaskByPid returns the task, also a thread, with a PID, or nil. Idle tasks
// have none of their own.
func FindTaskByPid(pid int) *Task {
	lockTasklist()
	t := findTask(pid, PIDTYPE_PID)
	unlockTasklist()
	return t
}

// FindProcess returns the leader of the process with a PID, or nil.
func FindProcess(tgid int) *Task {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return findTask(tgid, PIDTYPE_TGID)
}

// NextProcess returns the leader of the process with the lowest PID that is at
// least from, or nil.
func NextProcess(from int) *Task {
	for nr := pids.next(from); nr != 0; nr = pids.next(nr + 1) {
		if t := FindProcess(nr); t != nil {
			return t
		}
	}
	return nil
}

// Task returns the first task to which p is what typ says, or nil.
func (p *Pid) Task(typ PidType) *Task {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return p.tasks[typ]
}

// pidOf returns what typ says of t. Except for the task's own it can change.
//
// Preconditions: tasklistLock held, or typ is PIDTYPE_PID or _TGID and t the
// caller.
func (t *Task) pidOf(typ PidType) *Pid {
	if typ == PIDTYPE_PID {
		return t.pid
	}
	return t.signal.pids[typ]
}

// taskPgrp and taskSession return the process group and the session of t.
//
// Preconditions: tasklistLock held.
func taskPgrp(t *Task) *Pid    { return t.signal.pids[PIDTYPE_PGID] }
func taskSession(t *Task) *Pid { return t.signal.pids[PIDTYPE_SID] }

// setPid notes a Pid in t without attaching it. Linux's init_task_pid.
func (t *Task) setPid(typ PidType, p *Pid) {
	if typ == PIDTYPE_PID {
		t.pid = p
	} else {
		t.signal.pids[typ] = p
	}
}

// attachPid adds t to the tasks of the Pid that it has for typ.
//
// Preconditions: tasklistLock held.
func attachPid(t *Task, typ PidType) {
	p := t.pidOf(typ)
	if p.unused() {
		slot := &pidTable[p.nr%pidSlots]
		p.next, *slot = *slot, p
	}
	first := p.tasks[typ]
	t.pidLinks[typ] = pidLink{next: first}
	if first != nil {
		first.pidLinks[typ].prev = t
	}
	p.tasks[typ] = t
}

// detachPid takes t from the tasks of its Pid of a type. When that was the last
// one of any type, the number is free.
//
// Preconditions: tasklistLock held.
func detachPid(t *Task, typ PidType) { changePid(t, typ, nil) }

// changePid is detachPid and attachPid to another Pid.
//
// Preconditions: tasklistLock held.
func changePid(t *Task, typ PidType, to *Pid) {
	p := t.pidOf(typ)
	l := t.pidLinks[typ]
	if l.prev != nil {
		l.prev.pidLinks[typ].next = l.next
	} else {
		p.tasks[typ] = l.next
	}
	if l.next != nil {
		l.next.pidLinks[typ].prev = l.prev
	}
	t.pidLinks[typ] = pidLink{}
	t.setPid(typ, to)
	if to != nil {
		attachPid(t, typ)
	}
	if p.unused() {
		p.unhash()
	}
}

// transferPid makes to take the place of from among the tasks of a Pid. It is
// for execve(2), where a thread becomes the leader.
//
// Preconditions: tasklistLock held.
func transferPid(from, to *Task, typ PidType) {
	l := from.pidLinks[typ]
	from.pidLinks[typ], to.pidLinks[typ] = pidLink{}, l
	if l.prev != nil {
		l.prev.pidLinks[typ].next = to
	} else {
		to.pidOf(typ).tasks[typ] = to
	}
	if l.next != nil {
		l.next.pidLinks[typ].prev = to
	}
}

// exchangeTids swaps the own Pids of two tasks.
//
// Preconditions: tasklistLock held.
func exchangeTids(a, b *Task) {
	pa, pb := a.pid, b.pid
	pa.tasks[PIDTYPE_PID], pb.tasks[PIDTYPE_PID] = b, a
	a.pid, b.pid = pb, pa
	a.Pid, b.Pid = pb.nr, pa.nr
}

// unused reports whether no task has the id.
//
// Preconditions: tasklistLock held.
func (p *Pid) unused() bool {
	t := &p.tasks
	return t[PIDTYPE_PID] == nil && t[PIDTYPE_TGID] == nil && t[PIDTYPE_PGID] == nil && t[PIDTYPE_SID] == nil
}

// unhash makes the number of a Pid that no task has any more free.
//
// Preconditions: tasklistLock held.
func (p *Pid) unhash() {
	at := &pidTable[p.nr%pidSlots]
	for *at != p {
		at = &(*at).next
	}
	*at, p.next = p.next, nil
	pids.release(p.nr)
}
