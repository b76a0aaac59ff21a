package futex

import (
	"sync/atomic"

	"onsen/kernel/sched"
)

// BitsetMatchAny is the bitset of those who do not use bitsets.
const BitsetMatchAny = 0xffff_ffff

// Waiter is one place in a bucket. It must not be copied while it is queued.
type Waiter struct {
	key    Key
	bitset uint32
	task   *sched.Task
	// bucket is where the waiter is, and nil if it is nowhere: since it was
	// woken. Written with the bucket locked.
	bucket     atomic.Pointer[bucket]
	next, prev *Waiter // bucket.lock
}

// add puts w at the end of b.
//
// Preconditions: b locked.
func (b *bucket) add(w *Waiter) {
	w.prev, w.next = b.last, nil
	if b.last != nil {
		b.last.next = w
	} else {
		b.first = w
	}
	b.last = w
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

// wake takes w out of b and wakes its task.
//
// Preconditions: b locked, w in b.
func (b *bucket) wake(w *Waiter) {
	b.remove(w)
	t := w.task
	w.bucket.Store(nil) // from here on w is its task's again
	sched.TryToWakeUp(t, sched.TaskNormal)
}

// move puts w of b at the end of to, under another key.
//
// Preconditions: both locked.
func (b *bucket) move(w *Waiter, to *bucket, k Key) {
	b.remove(w)
	to.count.Add(1)
	w.key = k
	to.add(w)
}

// leave takes w out of the bucket that it is in. It reports false if it has been
// woken.
func (w *Waiter) leave() bool {
	for {
		b := w.bucket.Load()
		if b == nil {
			return false
		}
		b.take()
		if w.bucket.Load() == b {
			b.remove(w)
			w.bucket.Store(nil)
			b.release()
			return true
		}
		b.release() // moved or woken meanwhile
	}
}
