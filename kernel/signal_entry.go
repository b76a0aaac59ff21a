package kernel

import (
	"sync/atomic"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
)

// Signals are sent with spin locks held, where nothing can be allocated. A
// pending signal that has something to tell needs an entry: each queue has one of
// its own, and the rest come from a stock that senders fill up before they take
// any lock. When that is empty a standard signal loses its siginfo, as in a Linux
// short of memory, and a real-time signal is refused with EAGAIN.

const (
	// entryStock is how many entries a sender wants to find, and entryBatch how
	// many it adds if it does not.
	entryStock = 32
	entryBatch = 32
	// entryStockMax is how many are kept.
	entryStockMax = 512
)

var entries struct {
	lock spin.Lock
	pool signal.Pool // lock
	n    atomic.Int32
}

// stockSignalEntries is called, without locks, by whoever is going to send
// signals.
func stockSignalEntries() {
	if entries.n.Load() >= entryStock || !sched.MaySleep() {
		return
	}
	batch := make([]signal.Entry, entryBatch)
	entries.lock.Lock()
	for i := range batch {
		entries.pool.Put(&batch[i])
	}
	entries.n.Store(int32(entries.pool.Len()))
	entries.lock.Unlock()
}

// newSignalEntry returns an entry for queue, which belongs to t, or nil. It is
// counted for t's user; without override, only as far as RLIMIT_SIGPENDING
// allows.
//
// Preconditions: t's siglock held.
func newSignalEntry(t *Task, queue *signal.Pending, override bool) *signal.Entry {
	count := t.sigpendingCount()
	if count.Add(1) > int64(min(t.rlimit(RLIMIT_SIGPENDING), maxInt64)) && !override {
		count.Add(-1)
		return nil
	}
	e := queue.Spare()
	if e == nil {
		entries.lock.Lock()
		e = entries.pool.Take()
		entries.n.Store(int32(entries.pool.Len()))
		entries.lock.Unlock()
	}
	if e == nil {
		count.Add(-1)
		return nil
	}
	e.Charged = count
	return e
}

const maxInt64 = 1<<63 - 1

// freeSignalEntry takes back an entry that is in no queue. It may be nil.
func freeSignalEntry(e *signal.Entry) {
	if e == nil {
		return
	}
	if e.Charged != nil && e.Timer == nil {
		e.Charged.Add(-1)
		e.Charged = nil
	}
	if !e.Recyclable() {
		return
	}
	entries.lock.Lock()
	if entries.pool.Len() < entryStockMax {
		entries.pool.Put(e)
	}
	entries.n.Store(int32(entries.pool.Len()))
	entries.lock.Unlock()
}

// uncounted takes the place of a user's counter for tasks of no user.
var uncounted atomic.Int64

// sigpendingCount returns the counter of the signals queued for t's user.
func (t *Task) sigpendingCount() *atomic.Int64 {
	if u := t.account; u != nil {
		return &u.sigpending
	}
	return &uncounted
}
