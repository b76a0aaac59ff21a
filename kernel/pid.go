package kernel

import (
	"math/bits"
	"syscall"

	"onsen/kernel/spin"
)

const (
	// PidMax is one more than the highest PID.
	PidMax = 32768
	// reservedPids are not used again once PIDs have wrapped around.
	reservedPids = 300
	// pidSlots is the size of the PID table.
	pidSlots = 1024
)

// pids says which PIDs are taken. PID 0 is every idle task's and never given
// out.
var pids = pidMap{used: [PidMax / 64]uint64{1}}

// pidTable finds tasks by PID: slot PID mod pidSlots is a list linked by
// Task.pidNext. tasklistLock.
var pidTable [pidSlots]*Task

// pidMap gives out PIDs.
type pidMap struct {
	lock spin.Lock
	used [PidMax / 64]uint64 // lock
	last int                 // given out last. lock
}

// alloc returns the next free PID after the one given out last. EAGAIN means
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

// free returns the lowest free PID in [from, to), or 0.
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

// release gives a PID back.
func (m *pidMap) release(pid int) {
	m.lock.Lock()
	m.used[pid/64] &^= 1 << (pid % 64)
	m.lock.Unlock()
}

// FindTaskByPid returns the task with a PID, or nil. Idle tasks have none of
// their own.
func FindTaskByPid(pid int) *Task {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return findPid(pid)
}

// findPid is FindTaskByPid.
//
// Preconditions: tasklistLock held.
func findPid(pid int) *Task {
	t := pidTable[uint(pid)%pidSlots]
	for t != nil && t.Pid != pid {
		t = t.pidNext
	}
	return t
}

// attachPid enters t into the table.
//
// Preconditions: tasklistLock held.
func attachPid(t *Task) {
	slot := &pidTable[t.Pid%pidSlots]
	t.pidNext = *slot
	*slot = t
}

// detachPid takes t out of the table.
//
// Preconditions: tasklistLock held.
func detachPid(t *Task) {
	at := &pidTable[t.Pid%pidSlots]
	for *at != t {
		at = &(*at).pidNext
	}
	*at, t.pidNext = t.pidNext, nil
}
