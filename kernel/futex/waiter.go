package futex

import (
	"sync/atomic"

	"onsen/kernel/sched"
)

// BitsetMatchAny is the bitset of those who do not use bitsets.
const BitsetMatchAny = 0xffff_ffff

// Waiter is one place in a bucket. It must not be copied while it is queued.
type Waiter struct {
	key Key
	// bitset is what wakes the waiter. It is 0 if and only if pi is not nil.
	bitset uint32
	// prio is sched.QueuePrio of the task.
	prio int32
	task *sched.Task
	// pi is for who waits for a futex that passes on priority, or will.
	pi *piWait
	// bucket is where the waiter is, and nil if it is nowhere: since it was
	// woken. Written with the bucket locked.
	bucket     atomic.Pointer[bucket]
	next, prev *Waiter // bucket.lock
}

// init makes w, whose key is set and which is in no bucket, a waiter of task t.
func (w *Waiter) init(t *sched.Task, bitset uint32) {
	w.bitset, w.prio = bitset, t.QueuePrio()
	if w.task != t {
		w.task = t
	}
}

// add puts w behind those in b that are at least as urgent, so that they are woken
// in the order of their real-time priorities.
//
// Preconditions: b locked.
func (b *bucket) add(w *Waiter) {
	prev := b.last
	for prev != nil && prev.prio > w.prio {
		prev = prev.prev
	}
	next := b.first
	if prev != nil {
		next = prev.next
		prev.next = w
	} else {
		b.first = w
	}
	if next != nil {
		next.prev = w
	} else {
		b.last = w
	}
	w.prev, w.next = prev, next
	w.bucket.Store(b)
}

// remove takes w out of b. w.bucket is left to the caller.
//
// Preconditions: b locked, w in b.
func (b *bucket) remove(w *Waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		b.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		b.last = w.prev
	}
	w.next, w.prev = nil, nil
	b.count.Add(-1)
}

// drop takes w out of b for good: it is its task's again.
//
// Preconditions: b locked, w in b.
func (b *bucket) drop(w *Waiter) {
	b.remove(w)
	w.bucket.Store(nil)
}

// wake takes w out of b and wakes its task.
//
// Preconditions: b locked, w in b.
func (b *bucket) wake(w *Waiter) {
	t := w.task
	b.drop(w)
	sched.TryToWakeUp(t, sched.TaskNormal)
}

// move adds w of b to another bucket, or the same, under another key.
//
// Preconditions: both locked.
func (b *bucket) move(w *Waiter, to *bucket, k Key) {
	b.remove(w)
	to.count.Add(1)
	w.key = k
	to.add(w)
}

// lockBucket locks the bucket that w is in and returns it. It returns nil if w has
// been woken.
func (w *Waiter) lockBucket() *bucket {
	for {
		b := w.bucket.Load()
		if b == nil {
			return nil
		}
		b.take()
		if w.bucket.Load() == b {
			return b
		}
		b.release() // moved or woken meanwhile
	}
}

// leave takes w out of the bucket that it is in. It reports false if it has been
// woken.
func (w *Waiter) leave() bool { return w.bucket.Load() != nil && w.leaveBucket() }

// leaveBucket is leave for who has not seen that it was woken.
func (w *Waiter) leaveBucket() bool {
	b := w.lockBucket()
	if b == nil {
		return false
	}
	b.drop(w)
	b.release()
	return true
}
