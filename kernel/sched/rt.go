package sched

import (
	"sync/atomic"

	"onsen/arch"
)

// The real-time class runs strictly before the fair one: the task with the
// highest priority, and among equals the one that has waited longest. A
// PolicyFIFO task runs until it sleeps or yields, or something more urgent comes;
// a PolicyRR task also gives way to its equals when its slice is over. There is no
// limit to the share of the CPU that they get.
//
// The keys of the queue are made of the priority and a number: a task that queues
// up gets the next one. One that is preempted keeps its own, and so its place at
// the head of its equals.
//
// A task that becomes runnable goes where the least urgent task runs. One that
// waits although another CPU has turned to something less urgent is pushed there
// by its own CPU, which is told to.

// rrSlice is how long a PolicyRR task runs before its turn is over, in ns.
const rrSlice = 100_000_000

// rtPrioShift is where the priority stands in a key.
const rtPrioShift = 48

// rtOverload is the CPUMask of the CPUs where real-time tasks wait. A bit changes
// under the lock of its Rq.
var rtOverload atomic.Uint64

// rtRq is the real-time part of an Rq, protected by its lock.
type rtRq struct {
	waiting heap  // all but the running task
	tail    int64 // the last number given out at the end of the queue
	head    int64 // and, falling, at its beginning
}

// realTime reports whether the task is of the real-time class.
func (t *Task) realTime() bool { return t.prio < MaxRTPrio }

// last returns a key behind all equals of t.
func (r *rtRq) last(t *Task) int64 {
	r.tail++
	return (int64(t.prio)<<1|1)<<rtPrioShift + r.tail
}

// first returns a key before all equals of t.
func (r *rtRq) first(t *Task) int64 {
	r.head--
	return (int64(t.prio)<<1|1)<<rtPrioShift + r.head
}

// enqueue adds a task behind its equals.
func (r *rtRq) enqueue(t *Task, cpu int) {
	t.key, t.slice = r.last(t), 0
	r.insert(t, cpu)
}

// insert adds a task under its key.
func (r *rtRq) insert(t *Task, cpu int) {
	if r.waiting.root == nil {
		rtOverload.Or(uint64(MaskOf(cpu)))
	}
	r.waiting.insert(&t.node)
}

// dequeue removes a waiting task.
func (r *rtRq) dequeue(t *Task, cpu int) {
	r.waiting.remove(&t.node)
	r.removed(cpu)
}

// pop removes and returns the most urgent task.
func (r *rtRq) pop(cpu int) *Task {
	t := taskOf(r.waiting.pop())
	r.removed(cpu)
	return t
}

func (r *rtRq) removed(cpu int) {
	if r.waiting.root == nil {
		rtOverload.And(^uint64(MaskOf(cpu)))
	}
}

// pickRealTime is pickNext for when a real-time task waits or has run. nil says
// that it is the fair class's turn; prev is taken care of unless it is fair.
//
// Preconditions: lock held.
func (rq *Rq) pickRealTime(prev *Task) *Task {
	n := rq.rt.waiting.root
	if prev.onRq.Load() != queued {
		if n == nil {
			return nil
		}
		return rq.rt.pop(rq.cpu)
	}
	switch {
	case prev.realTime() && prev.mustMove(rq.cpu):
		rq.deactivate(prev, migrating)
		rq.farewell = farewellMove
		if n == nil {
			return nil
		}
		return rq.rt.pop(rq.cpu)
	case prev.realTime() && (n == nil || prev.key < n.key):
		return prev
	case !prev.realTime() && prev.mustMove(rq.cpu):
		rq.deactivate(prev, migrating)
		rq.farewell = farewellMove
		return rq.rt.pop(rq.cpu)
	}
	next := rq.rt.pop(rq.cpu)
	prev.nivcsw++
	if prev.realTime() {
		rq.rt.insert(prev, rq.cpu)
	} else {
		rq.fair.waiting.insert(&prev.node)
	}
	return next
}

// updateRealTime accounts for CPU time of the running task.
//
// Preconditions: lock held.
func (rq *Rq) updateRealTime(curr *Task, delta int64) {
	if curr.policy != PolicyRR {
		return
	}
	curr.slice += delta
	if curr.slice < int64(arch.CounterHz()/1000*(rrSlice/1e6)) {
		return
	}
	curr.slice = 0
	if n := rq.rt.waiting.root; n != nil && taskOf(n).prio == curr.prio {
		curr.key = rq.rt.last(curr)
		rq.resched()
	}
}

// leastUrgent returns the CPU of m that runs the least urgent task, provided that
// it is less urgent than prio; among equals, and if there is none, prefer if that
// is in m. It looks without locks.
func leastUrgent(m CPUMask, prefer int, prio int32) int {
	best, worst := m.After(prefer), prio
	if m.Has(prefer) {
		best = prefer
		worst = max(worst, runqueues[prefer].curr.prio)
	}
	for left := m; left != 0; left &= left - 1 {
		cpu := left.First()
		if p := runqueues[cpu].curr.prio; p > worst {
			best, worst = cpu, p
		}
	}
	return best
}

// invitePush asks the CPUs on which real-time tasks wait to push one here, where
// something less urgent is about to run.
//
// Preconditions: lock held.
func (rq *Rq) invitePush() {
	for m := CPUMask(rtOverload.Load()) &^ MaskOf(rq.cpu); m != 0; m &= m - 1 {
		sendReschedule(m.First())
	}
}

// pushRealTime moves a waiting real-time task to a CPU that runs something less
// urgent, unless one is about to run here: it would be pushed from CPU to CPU and
// never get to run.
func (rq *Rq) pushRealTime() {
	rq.lock.Lock()
	if n := rq.rt.waiting.root; n == nil || taskOf(n).prio < rq.curr.prio {
		rq.lock.Unlock()
		return
	}
	var found *Task
	rq.rt.waiting.walk(searchLimit, func(n *node) bool {
		t := taskOf(n)
		m := usable(t.CPUsAllowed()) &^ MaskOf(rq.cpu)
		if m != 0 && runqueues[leastUrgent(m, rq.cpu, t.prio)].curr.prio > t.prio {
			found = t
		}
		return found == nil
	})
	if found == nil {
		rq.lock.Unlock()
		return
	}
	rq.detach(found)
	rq.lock.Unlock()
	finishMigration(found)
}
