package sched

import (
	"strconv"
	"sync/atomic"

	"onsen/kernel/spin"
)

// Work is a function to be called once by a kernel thread, soon. Queueing it
// again before the call has begun changes nothing; after that it is called once
// more, but never twice at the same time. It must not be copied.
type Work struct {
	fn func(*Work) // constant

	// pool is where the work was queued last. Written under the lock of the
	// pool it leaves, which it leaves only while neither pending nor running.
	pool atomic.Pointer[workerPool]

	// The rest is protected by pool.lock.
	pending  bool   // to be called
	running  bool   // being called
	started  uint64 // number of calls begun
	finished uint64 // number of calls ended
	disabled int    // CancelSyncs under way

	next *Work // in workerPool.list
}

// workerPool is the kernel threads of one CPU that call works.
type workerPool struct {
	lock        spin.Lock
	first, last *Work // pending and not running, in order. lock
	workers     int   // lock
	idle        int   // workers that wait. lock
	named       int   // workers ever started. lock

	more WaitQueue // idle workers
	done WaitQueue // Flush and CancelSync
	cpu  int
}

const (
	// maxWorkers bounds the works of one CPU that can sleep at the same time.
	maxWorkers = 128
	// maxIdleWorkers is how many are kept.
	maxIdleWorkers = 3
)

var workerPools [maxCPUs]workerPool

func init() {
	for cpu := range workerPools {
		workerPools[cpu].cpu = cpu
	}
}

// spawnWorker starts a kernel thread that is bound to a CPU. Set at start-up.
var spawnWorker func(name string, cpu int, fn func()) error

// StartWorkers starts the first worker of cpu. spawn starts a kernel thread
// bound to a CPU; it may sleep. Works that are queued before wait.
func StartWorkers(cpu int, spawn func(name string, cpu int, fn func()) error) error {
	spawnWorker = spawn
	return workerPools[cpu].spawn()
}

// NewWork returns a work that calls fn.
func NewWork(fn func(*Work)) *Work { return &Work{fn: fn} }

// Init prepares a work that is part of something else. It is called once,
// before anything else.
func (w *Work) Init(fn func(*Work)) { w.fn = fn }

// Queue has the work called on this CPU. It reports false if it was queued
// already. Any code may call it.
func (w *Work) Queue() bool { return w.queueOn(&workerPools[thisCPU()]) }

// QueueOn is Queue for a certain CPU, which must be active.
func (w *Work) QueueOn(cpu int) bool { return w.queueOn(&workerPools[cpu]) }

func (w *Work) queueOn(want *workerPool) bool {
	w.pool.CompareAndSwap(nil, want)
	for {
		p := w.lockPool()
		switch {
		case w.pending || w.disabled != 0:
			p.lock.Unlock()
			return false
		case w.running:
			w.pending = true // its worker will see
			p.lock.Unlock()
			return true
		case p == want:
			w.pending = true
			p.push(w)
			p.lock.Unlock()
			p.more.Wake()
			return true
		}
		w.pool.Store(want)
		p.lock.Unlock()
	}
}

// lockPool locks the pool that w belongs to, or returns nil if it was never
// queued.
func (w *Work) lockPool() *workerPool {
	for {
		p := w.pool.Load()
		if p == nil {
			return nil
		}
		p.lock.Lock()
		if w.pool.Load() == p {
			return p
		}
		p.lock.Unlock()
	}
}

// Busy reports whether the work is queued or being called.
func (w *Work) Busy() bool {
	p := w.lockPool()
	if p == nil {
		return false
	}
	defer p.lock.Unlock()
	return w.pending || w.running
}

// Flush sleeps until the call that is queued, or else the one that is under
// way, has ended. It reports whether there was one.
func (w *Work) Flush() bool {
	p := w.lockPool()
	if p == nil {
		return false
	}
	target := w.started
	if w.pending {
		target++
	}
	was := w.pending || w.running
	p.lock.Unlock()
	if was {
		p.waitFinished(w, target)
	}
	return was
}

// Cancel takes the work back if it is queued, and reports whether it was. It may
// be running all the same.
func (w *Work) Cancel() bool {
	p := w.lockPool()
	if p == nil {
		return false
	}
	defer p.lock.Unlock()
	return p.take(w)
}

// CancelSync is Cancel, and sleeps until the work is not running. While it
// does so the work cannot be queued again.
func (w *Work) CancelSync() bool {
	p := w.lockPool()
	if p == nil {
		return false
	}
	was := p.take(w)
	w.disabled++
	target := w.started
	p.lock.Unlock()
	p.waitFinished(w, target)
	p = w.lockPool()
	w.disabled--
	p.lock.Unlock()
	return was
}

// waitFinished sleeps until target calls of w have ended. The last of them ends
// in p, after which w may move on.
func (p *workerPool) waitFinished(w *Work, target uint64) {
	p.done.Wait(func() bool {
		now := w.lockPool()
		defer now.lock.Unlock()
		return w.finished >= target
	})
}

// push adds w to the list.
//
// Preconditions: lock held.
func (p *workerPool) push(w *Work) {
	if p.last != nil {
		p.last.next = w
	} else {
		p.first = w
	}
	p.last = w
}

// take makes a pending w not pending and reports whether it was.
//
// Preconditions: lock held.
func (p *workerPool) take(w *Work) bool {
	if !w.pending {
		return false
	}
	w.pending = false
	if w.running {
		return true // it is not in the list
	}
	var prev *Work
	for at := p.first; at != w; at = at.next {
		prev = at
	}
	if prev != nil {
		prev.next = w.next
	} else {
		p.first = w.next
	}
	if p.last == w {
		p.last = prev
	}
	w.next = nil
	return true
}

// spawn starts another worker.
func (p *workerPool) spawn() error {
	p.lock.Lock()
	p.workers++
	name := "kworker/" + strconv.Itoa(p.cpu) + ":" + strconv.Itoa(p.named)
	p.named++
	p.lock.Unlock()
	err := spawnWorker(name, p.cpu, p.worker)
	if err != nil {
		p.lock.Lock()
		p.workers--
		p.lock.Unlock()
	}
	return err
}

// worker is what a worker thread does.
func (p *workerPool) worker() {
	for {
		w, last := p.next()
		if w == nil {
			return
		}
		if last {
			// The work may sleep: somebody must be left for the next one.
			_ = p.spawn()
		}
		w.fn(w)
		p.finish(w)
		CondResched()
	}
}

// next waits for a work and marks it running. last says that no idle worker is
// left. If there are enough idle workers without the caller it returns nil.
func (p *workerPool) next() (w *Work, last bool) {
	p.lock.Lock()
	if p.first == nil && p.idle >= maxIdleWorkers {
		p.workers--
		p.lock.Unlock()
		return nil, false
	}
	p.idle++
	p.lock.Unlock()
	_ = p.more.wait(TaskIdle, true, Forever, func() bool {
		w, last = p.pop()
		return w != nil
	})
	return w, last
}

// pop takes the first work of the list, if there is one, for a worker that has
// been idle.
func (p *workerPool) pop() (w *Work, last bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	w = p.first
	if w == nil {
		return nil, false
	}
	p.take(w)
	w.running = true
	w.started++
	p.idle--
	return w, p.idle == 0 && p.workers < maxWorkers
}

// finish notes the end of a call and lets those who wait for it know.
func (p *workerPool) finish(w *Work) {
	p.lock.Lock()
	w.running = false
	w.finished++
	again := w.pending
	if again {
		p.push(w)
	}
	p.lock.Unlock()
	if again {
		p.more.Wake()
	}
	p.done.WakeAll()
}

// DelayedWork is a Work that is queued when a time has passed.
type DelayedWork struct {
	Work
	timer Timer
}

// NewDelayedWork returns a delayed work that calls fn.
func NewDelayedWork(fn func(*Work)) *DelayedWork {
	d := new(DelayedWork)
	d.Work.Init(fn)
	d.timer.Init(func(*Timer) { d.Work.Queue() })
	return d
}

// QueueAfter queues the work in ns nanoseconds, or at once for 0. A time that
// was set before is void. It reports false if there was one.
func (d *DelayedWork) QueueAfter(ns int64) bool {
	if ns <= 0 {
		was := d.timer.Stop()
		return d.Work.Queue() && !was
	}
	return !d.timer.Start(ktime() + ns)
}

// Flush queues a work whose time has not come at once, and sleeps until it has
// been called.
func (d *DelayedWork) Flush() bool {
	if d.timer.StopSync() {
		d.Work.Queue()
	}
	return d.Work.Flush()
}

// Cancel takes the work back, whether it is queued or its time has not come.
func (d *DelayedWork) Cancel() bool {
	was := d.timer.Stop()
	return d.Work.Cancel() || was
}

// CancelSync is Cancel, and sleeps until the work is not running. A work that
// sets its own time again must be told to stop first.
func (d *DelayedWork) CancelSync() bool {
	was := d.timer.StopSync()
	return d.Work.CancelSync() || was
}
