package fs

import (
	"sync/atomic"
	"unsafe"

	"onsen/kernel/sched"
)

// PollEvents is a set of poll(2) events.
type PollEvents uint32

// The events of poll(2) and epoll_ctl(2); their numbers are the same.
const (
	PollIn     PollEvents = 0x0001
	PollPri    PollEvents = 0x0002
	PollOut    PollEvents = 0x0004
	PollErr    PollEvents = 0x0008
	PollHup    PollEvents = 0x0010
	PollNval   PollEvents = 0x0020
	PollRdNorm PollEvents = 0x0040
	PollRdBand PollEvents = 0x0080
	PollWrNorm PollEvents = 0x0100
	PollWrBand PollEvents = 0x0200
	PollMsg    PollEvents = 0x0400
	PollRdHup  PollEvents = 0x2000
)

// PollTable collects the wait queues on which the files of a poll announce
// their changes; Linux's poll_table.
type PollTable struct {
	// Queue is called for every queue. It adds an entry of the caller to it.
	Queue func(q *sched.WaitQueue)
}

// Wait notes a queue. A nil table notes nothing.
func (t *PollTable) Wait(q *sched.WaitQueue) {
	if t != nil && t.Queue != nil {
		t.Queue(q)
	}
}

// PollWaiter sleeps until one of many files announces a change; Linux's struct
// poll_wqueues. It belongs to the task that calls Init, which calls Free before
// it leaves.
type PollWaiter struct {
	// Table is passed to the Poll methods of the files, once each.
	Table PollTable

	task      *sched.Task
	triggered atomic.Bool // a change was announced since the last Wait
	first     pollChunk
	last      *pollChunk
}

// pollChunk has the entries of some queues.
type pollChunk struct {
	entries [16]pollEntry
	used    int
	next    *pollChunk
}

// pollEntry is one place in a queue.
type pollEntry struct {
	sched.WaitEntry // first field: see pollWake
	waiter          *PollWaiter
	queue           *sched.WaitQueue
}

// Init makes w ready for the calling task.
func (w *PollWaiter) Init() {
	w.task = sched.Current()
	w.last = &w.first
	w.Table.Queue = w.add
}

func (w *PollWaiter) add(q *sched.WaitQueue) {
	c := w.last
	if c.used == len(c.entries) {
		c.next = new(pollChunk)
		c = c.next
		w.last = c
	}
	e := &c.entries[c.used]
	c.used++
	e.Task, e.Func, e.waiter, e.queue = w.task, pollWake, w, q
	q.Add(&e.WaitEntry, false)
}

// pollWake is called by a queue's waker.
func pollWake(e *sched.WaitEntry) bool {
	w := (*pollEntry)(unsafe.Pointer(e)).waiter
	w.triggered.Store(true)
	return sched.TryToWakeUp(w.task, sched.TaskNormal)
}

// Wait sleeps until a change was announced since Init or the last Wait, a
// signal is pending, or ns nanoseconds have passed. It returns how many are
// left.
func (w *PollWaiter) Wait(ns int64) (left int64) {
	sched.SetCurrentState(sched.TaskInterruptible)
	left = ns
	if !w.triggered.Load() {
		left = sched.ScheduleTimeout(ns)
	}
	sched.SetCurrentState(sched.TaskRunning)
	// The files are asked after this, not before: Linux's smp_store_mb in
	// poll_schedule_timeout.
	w.triggered.Swap(false)
	return left
}

// Free leaves all queues.
func (w *PollWaiter) Free() {
	for c := &w.first; c != nil; c = c.next {
		for i := range c.entries[:c.used] {
			e := &c.entries[i]
			e.queue.Remove(&e.WaitEntry)
		}
	}
}

// Watches is a list of those who want to know when a file is closed for good.
// Package eventpoll keeps it.
type Watches struct {
	first atomic.Pointer[Watch]
}

// Watch is a place in a list of Watches.
type Watch struct {
	next, prev *Watch
	// Owner is who watches. Constant.
	Owner any
}

// ReleaseWatches is called in front of the Release of a watched file. Set by
// package eventpoll.
var ReleaseWatches func(f *File)

// Any reports whether there are watches.
func (l *Watches) Any() bool { return l.first.Load() != nil }

// First returns the first watch, or nil. Calls of the methods below are
// serialised by the caller.
func (l *Watches) First() *Watch { return l.first.Load() }

// Next returns the one after w.
func (w *Watch) Next() *Watch { return w.next }

// Add adds a watch.
func (l *Watches) Add(w *Watch) {
	w.prev, w.next = nil, l.first.Load()
	if w.next != nil {
		w.next.prev = w
	}
	l.first.Store(w)
}

// Remove takes a watch away.
func (l *Watches) Remove(w *Watch) {
	if w.next != nil {
		w.next.prev = w.prev
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first.Store(w.next)
	}
	w.next, w.prev = nil, nil
}
