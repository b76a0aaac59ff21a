package sched

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// Mutex is a lock for whose holder others sleep. A holder that lets go hands it
// to the task that has waited longest, but for one that asks at that very
// moment. Only tasks use it, never with a spin lock held. The zero value is
// free; it must not be copied.
type Mutex struct {
	// owner is the address of the holder, who is alive without this, or 0. It
	// changes from 0 by CompareAndSwap.
	owner atomic.Uintptr
	// contended is set while somebody waits. Written under lock.
	contended atomic.Bool
	lock      spin.Lock
	waiters   lockQueue // lock
}

// Lock takes the mutex.
func (m *Mutex) Lock() {
	if t := Current(); !m.owner.CompareAndSwap(0, t.id()) {
		_ = m.lockSlow(t, TaskUninterruptible)
	}
}

// LockInterruptible takes the mutex unless a signal comes first: ErrRestart.
func (m *Mutex) LockInterruptible() error {
	if t := Current(); !m.owner.CompareAndSwap(0, t.id()) {
		return m.lockSlow(t, TaskInterruptible)
	}
	return nil
}

// LockKillable takes the mutex unless a fatal signal comes first: ErrRestart.
func (m *Mutex) LockKillable() error {
	if t := Current(); !m.owner.CompareAndSwap(0, t.id()) {
		return m.lockSlow(t, TaskKillable)
	}
	return nil
}

// TryLock takes the mutex if it is free, and reports whether it did.
func (m *Mutex) TryLock() bool { return m.owner.CompareAndSwap(0, Current().id()) }

// Unlock gives the mutex to the task that has waited longest, or frees it.
func (m *Mutex) Unlock() {
	if m.owner.Load() != Current().id() {
		unlockedByOther()
	}
	m.owner.Swap(0) // and then look: see the package comment
	if m.contended.Load() {
		m.handOver()
	}
}

func unlockedByOther() { panic("sched: unlock of a mutex that the task does not hold") }

// Held reports whether the calling task holds the mutex.
func (m *Mutex) Held() bool { return m.owner.Load() == Current().id() }

// lockSlow waits for the mutex.
func (m *Mutex) lockSlow(t *Task, s State) error {
	if m.Held() {
		panic("sched: mutex locked twice by one task")
	}
	w := &t.lockWait
	w.task = t
	m.lock.Lock()
	defer m.lock.Unlock()
	m.waiters.push(w)
	m.contended.Swap(true) // and then look: see the package comment
	// The holder may have let go without seeing that somebody waits.
	m.grant()
	err := w.sleep(&m.lock, s)
	if err != nil {
		m.waiters.remove(w)
		m.contended.Store(m.waiters.first != nil)
	}
	return err
}

func (m *Mutex) handOver() {
	m.lock.Lock()
	m.grant()
	m.lock.Unlock()
}

// grant gives a free mutex to the first waiter.
//
// Preconditions: lock held.
func (m *Mutex) grant() {
	w := m.waiters.first
	if w == nil || !m.owner.CompareAndSwap(0, w.task.id()) {
		return
	}
	m.waiters.remove(w)
	m.contended.Store(m.waiters.first != nil)
	TryToWakeUp(w.task, TaskNormal)
}
