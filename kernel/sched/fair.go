package sched

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"onsen/arch"
)

// The fair class shares a CPU among its tasks in proportion to their weights.
//
// Every task asks for its CPU time in requests of baseSlice. The request's
// virtual deadline is the virtual time at which a CPU shared ideally would have
// served it: vruntime at its start + baseSlice scaled by the weight. The task
// with the earliest deadline runs. A task that has been served gets a new
// deadline; one that was preempted keeps the old one and is soon back.
//
// vtime follows the vruntime of the tasks on the queue. A task that sleeps
// takes along how far it was ahead or behind; sleeping brings it forward, by
// one request at most, so that what sleeps a lot runs soon after a wake-up but
// cannot save up CPU time.

// CPU time is counted in ticks of the CPUs' counter: reading that is cheaper
// than finding out how many ns it is.

// baseSlice is the CPU time of one request, in ns, at nice 0.
const baseSlice = 3_000_000

// sliceCounts is baseSlice as counts. It is set when a CPU turns idle for the
// first time, by when the counter's frequency is known.
var sliceCounts atomic.Int64

func init() { setSlice() }

func setSlice() { sliceCounts.Store(int64(arch.CounterHz() / 1000 * (baseSlice / 1e6))) }

// toNs returns how many ns a number of counts is.
func toNs(counts int64) int64 {
	hi, lo := bits.Mul64(uint64(counts), 1e9)
	ns, _ := bits.Div64(hi, lo, arch.CounterHz())
	return int64(ns)
}

// fairRq is the fair part of an Rq, protected by its lock.
type fairRq struct {
	waiting heap  // all but the running task
	vtime   int64 // never falls
}

// taskOf returns the task whose place in a queue n is.
func taskOf(n *node) *Task { return (*Task)(unsafe.Pointer(n)) }

// scaled turns CPU time into virtual time.
func (t *Task) scaled(counts int64) int64 {
	if t.weight == nice0Weight {
		return counts
	}
	return counts * nice0Weight / t.weight
}

// request starts a new request. t is not in a queue.
func (t *Task) request() { t.key = t.vruntime + t.scaled(sliceCounts.Load()) }

// enqueue adds a task whose vruntime is relative, as leave and dequeue left it.
func (f *fairRq) enqueue(t *Task) {
	t.vruntime += f.vtime
	t.key += f.vtime
	f.waiting.insert(&t.node)
}

// leave makes the running task's virtual times relative.
func (f *fairRq) leave(t *Task) {
	t.vruntime -= f.vtime
	t.key -= f.vtime
}

// dequeue removes a waiting task and makes its virtual times relative.
func (f *fairRq) dequeue(t *Task) {
	f.waiting.remove(&t.node)
	f.leave(t)
}

// place gives a task that slept until now its first request.
//
// Preconditions: t is off the queue; its virtual times are relative.
func (t *Task) place(now int64) {
	lag := t.vruntime - (now - t.execStart)
	t.vruntime = max(lag, -t.scaled(sliceCounts.Load()))
	t.request()
}

// updateCurr accounts for the time since the last call. curr is rq.curr.
//
// Preconditions: lock held.
func (rq *Rq) updateCurr(curr *Task) {
	now := counter()
	rq.clock = now
	delta := now - curr.execStart
	curr.execStart = now
	curr.sumExec += delta
	if curr == rq.idle {
		return
	}
	if curr.realTime() {
		rq.updateRealTime(curr, delta)
		return
	}
	curr.vruntime += curr.scaled(delta)
	v := curr.vruntime
	if n := rq.fair.waiting.root; n != nil {
		v = min(v, taskOf(n).vruntime)
	}
	if v > rq.fair.vtime {
		rq.fair.vtime = v
	}
	if curr.vruntime >= curr.key {
		curr.request()
		if rq.fair.waiting.root != nil {
			rq.resched()
		}
	}
}

// yield gives up the rest of the running task's request.
//
// Preconditions: lock held, updateCurr called.
func (rq *Rq) yield(curr *Task) {
	switch {
	case curr.realTime():
		curr.key = rq.rt.last(curr)
	case curr != rq.idle:
		curr.vruntime = curr.key
		curr.request()
	}
}

// preempts reports whether t, just queued, should run before the running task.
//
// Preconditions: lock held, updateCurr called.
func (rq *Rq) preempts(t *Task) bool {
	curr := rq.curr
	switch {
	case curr == rq.idle:
		return true
	case t.prio < MaxRTPrio || curr.prio < MaxRTPrio:
		return t.prio < curr.prio
	case (curr.policy == PolicyIdle) != (t.policy == PolicyIdle):
		return curr.policy == PolicyIdle
	case t.policy != PolicyNormal:
		return false
	}
	return t.key < curr.key
}
