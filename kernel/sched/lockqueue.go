package sched

import "onsen/kernel/spin"

// lockWaiter is a task's place in the queue of a lock. It is protected by the
// spin lock of the Mutex or RWSem.
type lockWaiter struct {
	task       *Task
	next, prev *lockWaiter
	queued     bool
	write      bool // RWSem: waits to write
}

// sleep waits in state s until somebody has removed w from its queue. A signal
// that s allows for ends it with ErrRestart and w still in the queue.
//
// Preconditions: guard, which protects the queue, held; still held on return.
func (w *lockWaiter) sleep(guard *spin.Lock, s State) error {
	for w.queued {
		if signalPendingState(w.task, s) {
			return ErrRestart
		}
		w.task.state.Store(uint32(s))
		guard.Unlock()
		Schedule()
		guard.Lock()
	}
	return nil
}

// lockQueue is the queue of a lock, first come, first served.
type lockQueue struct{ first, last *lockWaiter }

func (q *lockQueue) push(w *lockWaiter) {
	w.queued = true
	w.prev = q.last
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
}

func (q *lockQueue) remove(w *lockWaiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
}
