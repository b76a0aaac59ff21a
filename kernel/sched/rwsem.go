package sched

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// RWSem is a lock for many readers or one writer, for whom others sleep. It is
// granted in the order of asking, so that a writer waits for the readers before
// it only. Only tasks use it, never with a spin lock held. The zero value is
// free; it must not be copied.
type RWSem struct {
	// state is the number of readers, or rwWriter. rwContended is added while
	// somebody waits or is about to: then it changes under lock only, but for
	// readers and writers that leave.
	state atomic.Int64
	// writer is the address of the writer, who is alive without this, or 0.
	// Owned by the writer.
	writer  uintptr
	lock    spin.Lock
	waiters lockQueue // lock
}

const (
	rwWriter    = 1 << 40
	rwContended = 1 << 41
)

// RLock takes the lock for reading.
func (r *RWSem) RLock() {
	if !r.tryRead() {
		_ = r.take(false, TaskUninterruptible)
	}
}

// RLockKillable is RLock that a fatal signal ends with ErrRestart.
func (r *RWSem) RLockKillable() error {
	if r.tryRead() {
		return nil
	}
	return r.take(false, TaskKillable)
}

// Lock takes the lock for writing.
func (r *RWSem) Lock() {
	if !r.TryLock() {
		_ = r.take(true, TaskUninterruptible)
	}
}

// LockKillable is Lock that a fatal signal ends with ErrRestart.
func (r *RWSem) LockKillable() error {
	if r.TryLock() {
		return nil
	}
	return r.take(true, TaskKillable)
}

// tryRead takes a lock that nobody writes or waits for. It also fails when
// another reader comes or goes at the same moment.
func (r *RWSem) tryRead() bool {
	n := r.state.Load()
	return n < rwWriter && r.state.CompareAndSwap(n, n+1)
}

// TryRLock takes the lock for reading if it need not wait for it.
func (r *RWSem) TryRLock() bool {
	for r.state.Load() < rwWriter {
		if r.tryRead() {
			return true
		}
	}
	return false
}

// TryLock takes the lock for writing if it need not wait for it.
func (r *RWSem) TryLock() bool {
	if !r.state.CompareAndSwap(0, rwWriter) {
		return false
	}
	r.writer = Current().id()
	return true
}

// RUnlock ends reading.
func (r *RWSem) RUnlock() {
	n := r.state.Add(-1)
	if n < 0 || n&(rwWriter|rwWriter/2) != 0 {
		panic("sched: RUnlock without a reader")
	}
	if n == rwContended {
		r.handOver()
	}
}

// Unlock ends writing.
func (r *RWSem) Unlock() {
	if r.writer != Current().id() {
		panic("sched: unlock of a lock that the task does not hold")
	}
	r.writer = 0
	if r.state.Add(-rwWriter) != 0 {
		r.handOver()
	}
}

// Downgrade turns the caller from the writer into a reader.
func (r *RWSem) Downgrade() {
	if r.writer != Current().id() {
		panic("sched: unlock of a lock that the task does not hold")
	}
	r.writer = 0
	if r.state.Add(1-rwWriter) != 1 {
		r.handOver()
	}
}

func (r *RWSem) handOver() {
	r.lock.Lock()
	r.grant()
	r.lock.Unlock()
}

func (r *RWSem) take(write bool, s State) error {
	t := Current()
	r.lock.Lock()
	// From here on those who leave wait for lock, and see who waits.
	r.contend()
	if r.waiters.first == nil && r.admit(t, write) {
		r.calm()
		r.lock.Unlock()
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
	r.lock.Unlock()
	return err
}

// contend keeps those out who do not hold lock.
//
// Preconditions: lock held.
func (r *RWSem) contend() {
	if r.state.Load()&rwContended == 0 {
		r.state.Add(rwContended)
	}
}

// calm undoes contend if nobody waits.
//
// Preconditions: lock held.
func (r *RWSem) calm() {
	if r.waiters.first == nil && r.state.Load()&rwContended != 0 {
		r.state.Add(-rwContended)
	}
}

// admit lets t in if the lock's state allows it.
//
// Preconditions: lock held, contended.
func (r *RWSem) admit(t *Task, write bool) bool {
	n := r.state.Load() &^ rwContended // others can only leave
	switch {
	case n >= rwWriter, write && n != 0:
		return false
	case write:
		r.state.Add(rwWriter)
		r.writer = t.id()
	default:
		r.state.Add(1)
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
	r.calm()
}
