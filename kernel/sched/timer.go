package sched

import (
	"math"
	"sync/atomic"
	"unsafe"

	"onsen/kernel/spin"
)

// Timer calls a function once, at or soon after a deadline. It must not be
// copied, and not be freed for reuse while started.
//
// The function runs on the task side of the CPU where the timer was started,
// with preemption disabled and no lock held. It must not sleep. It may start
// the timer again.
type Timer struct {
	// node is the place in the base's queue; its key is the deadline. First
	// field. base.lock.
	node

	// base is the timerBase the timer was started on last. Written under the
	// lock of the base it leaves.
	base atomic.Pointer[timerBase]
	// queued says that the timer is in base's queue. base.lock.
	queued bool

	fn   func(*Timer) // constant
	task *Task        // what to wake instead, if fn is nil. Constant
}

// timerBase holds the timers of one CPU.
type timerBase struct {
	lock    spin.Lock
	queue   heap   // lock
	running *Timer // whose function is being called. lock
	cpu     int    // constant
	armed   int64  // what the CPU's deadline is set to. lock
	// stale says that another CPU has put an earlier timer into the queue.
	stale atomic.Bool
}

func (b *timerBase) init(cpu int) {
	b.cpu = cpu
	b.armed = math.MaxInt64
}

// NewTimer returns a timer that calls fn.
func NewTimer(fn func(*Timer)) *Timer { return &Timer{fn: fn} }

// Init prepares a timer that is part of something else. It is called once,
// before anything else.
func (t *Timer) Init(fn func(*Timer)) { t.fn = fn }

// Start sets the timer to go off at deadline, an absolute Ktime in ns, on this
// CPU. If it was started before, the old deadline is void. It reports whether
// that one had not gone off yet.
func (t *Timer) Start(deadline int64) bool {
	return thisRq().timers.start(t, deadline)
}

// Stop keeps the timer from going off. It reports whether it would have. The
// function may still be running when Stop returns.
func (t *Timer) Stop() bool {
	b := t.lockBase()
	if b == nil {
		return false
	}
	was := b.cancel(t)
	b.lock.Unlock()
	return was
}

// StopSync is Stop, and waits until the function, if it was just running, has
// returned. It must not be called by the function, nor with a lock that the
// function takes.
func (t *Timer) StopSync() bool {
	for {
		b := t.lockBase()
		if b == nil {
			return false
		}
		was := b.cancel(t)
		running := b.running == t
		b.lock.Unlock()
		if !running {
			return was
		}
		spin.Relax()
	}
}

// Queued reports whether the timer is set and has not gone off.
func (t *Timer) Queued() bool {
	b := t.lockBase()
	if b == nil {
		return false
	}
	defer b.lock.Unlock()
	return t.queued
}

// Deadline returns when the timer goes off or went off last.
func (t *Timer) Deadline() int64 {
	b := t.lockBase()
	if b == nil {
		return 0
	}
	defer b.lock.Unlock()
	return t.key
}

// lockBase locks the base that t belongs to, or returns nil if t was never
// started.
func (t *Timer) lockBase() *timerBase {
	for {
		b := t.base.Load()
		if b == nil {
			return nil
		}
		b.lock.Lock()
		if t.base.Load() == b {
			return b
		}
		b.lock.Unlock()
	}
}

// start is Timer.Start for a chosen base.
func (b *timerBase) start(t *Timer, deadline int64) bool {
	was := false
	t.base.CompareAndSwap(nil, b)
	for {
		have := t.lockBase()
		if have.cancel(t) {
			was = true
		}
		// A timer stays where its function runs, so that StopSync can tell.
		if have == b || have.running == t {
			t.key = deadline
			have.queue.insert(&t.node)
			t.queued = true
			if have.queue.root == &t.node {
				have.program()
			}
			have.lock.Unlock()
			return was
		}
		t.base.Store(b)
		have.lock.Unlock()
	}
}

// cancel takes t out of the queue if it is there.
//
// Preconditions: lock held.
func (b *timerBase) cancel(t *Timer) bool {
	if !t.queued {
		return false
	}
	b.queue.remove(&t.node)
	t.queued = false
	return true
}

// program sets the CPU's deadline to that of the first timer. A deadline that
// is too early is left alone: expire will find nothing and correct it.
//
// Preconditions: lock held.
func (b *timerBase) program() {
	next := int64(math.MaxInt64)
	if b.queue.root != nil {
		next = b.queue.root.key
	}
	if next >= b.armed {
		return
	}
	if b.cpu != thisCPU() {
		b.stale.Store(true)
		sendReschedule(b.cpu)
		return
	}
	b.armed = next
	setDeadline(next)
}

// refresh sets the deadline after another CPU has asked for it.
func (b *timerBase) refresh() {
	b.stale.Store(false)
	b.lock.Lock()
	b.program()
	b.lock.Unlock()
}

// expire calls the functions of the timers that are due. The caller is on the
// base's CPU with preemption disabled.
func (b *timerBase) expire() {
	now := ktime()
	b.lock.Lock()
	for b.queue.root != nil && b.queue.root.key <= now {
		t := (*Timer)(unsafe.Pointer(b.queue.pop()))
		t.queued = false
		b.running = t
		b.lock.Unlock()
		if t.fn != nil {
			t.fn(t)
		} else {
			TryToWakeUp(t.task, TaskNormal)
		}
		b.lock.Lock()
		b.running = nil
	}
	b.armed = math.MaxInt64
	b.program()
	b.lock.Unlock()
}
