package sched

import "onsen/kernel/spin"

// RWSem is a lock for many readers or one writer, for whom others sleep. It is
// granted in the order of asking, so that a writer waits for the readers before
// it only. Only tasks use it, never with a spin lock held. The zero value is
// free; it must not be copied.
type RWSem struct {
	lock    spin.Lock
	readers int       // lock
	writer  *Task     // lock
	waiters lockQueue // lock
}

// RLock takes the lock for reading.
func (r *RWSem) RLock() { _ = r.take(false, TaskUninterruptible) }

// RLockKillable is RLock that a fatal signal ends with ErrRestart.
func (r *RWSem) RLockKillable() error { return r.take(false, TaskKillable) }

// Lock takes the lock for writing.
func (r *RWSem) Lock() { _ = r.take(true, TaskUninterruptible) }

// LockKillable is Lock that a fatal signal ends with ErrRestart.
func (r *RWSem) LockKillable() error { return r.take(true, TaskKillable) }

// TryRLock takes the lock for reading if it need not wait for it.
func (r *RWSem) TryRLock() bool { return r.tryTake(false) }

// TryLock takes the lock for writing if it need not wait for it.
func (r *RWSem) TryLock() bool { return r.tryTake(true) }

// RUnlock ends reading.
func (r *RWSem) RUnlock() {
	r.lock.Lock()
	if r.readers == 0 {
		panic("sched: RUnlock without a reader")
	}
	r.readers--
	r.grant()
	r.lock.Unlock()
}

// Unlock ends writing.
func (r *RWSem) Unlock() {
	r.lock.Lock()
	r.endWrite()
	r.grant()
	r.lock.Unlock()
}

// Downgrade turns the caller from the writer into a reader.
func (r *RWSem) Downgrade() {
	r.lock.Lock()
	r.endWrite()
	r.readers++
	r.grant()
	r.lock.Unlock()
}

func (r *RWSem) endWrite() {
	if r.writer != Current() {
		panic("sched: unlock of a lock that the task does not hold")
	}
	r.writer = nil
}

func (r *RWSem) tryTake(write bool) bool {
	t := Current()
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.waiters.first == nil && r.admit(t, write)
}

func (r *RWSem) take(write bool, s State) error {
	t := Current()
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.waiters.first == nil && r.admit(t, write) {
		return nil
	}
	w := &t.lockWait
	w.task, w.write = t, write
	r.waiters.push(w)
	err := w.sleep(&r.lock, s)
	if err != nil {
		r.waiters.remove(w)
		r.grant() // those behind a writer that gives up
	}
	return err
}

// admit lets t in if the lock's state allows it.
//
// Preconditions: lock held.
func (r *RWSem) admit(t *Task, write bool) bool {
	switch {
	case r.writer != nil, write && r.readers != 0:
		return false
	case write:
		r.writer = t
	default:
		r.readers++
	}
	return true
}

// grant lets in whoever comes next.
//
// Preconditions: lock held.
func (r *RWSem) grant() {
	for w := r.waiters.first; w != nil && r.admit(w.task, w.write); w = r.waiters.first {
		r.waiters.remove(w)
		TryToWakeUp(w.task, TaskNormal)
	}
}
