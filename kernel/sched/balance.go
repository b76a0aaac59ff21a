package sched

// A CPU that has nothing to run pulls a waiting task from the longest queue. A
// busy CPU, at its tick, tells an idle one that there is something to pull, or
// pulls from a queue that is longer than its own.

// searchLimit bounds how many waiting tasks are looked at to find a movable one.
const searchLimit = 32

// pull moves one task from the longest queue to this CPU's, provided that it
// has at least two more tasks than this CPU, and reports whether it did.
func (rq *Rq) pull() bool {
	src := rq.busiest()
	if src == nil {
		return false
	}
	lockTwo(rq, src)
	t := src.movable(rq)
	if t != nil {
		src.updateCurr(src.curr)
		rq.updateCurr(rq.curr)
		src.detach(t)
		t.runq.Store(rq)
		rq.activate(t)
		if rq.preempts(t) {
			rq.resched()
		}
	}
	unlockTwo(rq, src)
	return t != nil
}

// busiest returns the longest queue worth pulling from, or nil. It looks
// without locks.
func (rq *Rq) busiest() *Rq {
	if CPUMask(isolated.Load()).Has(rq.cpu) {
		return nil
	}
	var src *Rq
	most := rq.running.Load() + 1
	for m := Active() &^ MaskOf(rq.cpu); m != 0; m &= m - 1 {
		other := &runqueues[m.First()]
		if n := other.running.Load(); n > most {
			src, most = other, n
		}
	}
	return src
}

// movable returns a task that waits on rq and may move to dst, or nil.
//
// Preconditions: both locks held.
func (rq *Rq) movable(dst *Rq) *Task {
	if rq.running.Load() < dst.running.Load()+2 {
		return nil
	}
	var found *Task
	rq.rt.waiting.walk(searchLimit, func(n *node) bool {
		t := taskOf(n)
		if t.CPUsAllowed().Has(dst.cpu) {
			found = t
		}
		return found == nil
	})
	if found != nil {
		return found
	}
	rq.fair.waiting.walk(searchLimit, func(n *node) bool {
		t := taskOf(n)
		if t.CPUsAllowed().Has(dst.cpu) {
			found = t
		}
		return found == nil
	})
	return found
}

// balance spreads work from or to this busy CPU.
func (rq *Rq) balance() {
	if rq.running.Load() >= 2 {
		if idle := CPUMask(idleCPUs.Load()) &^ CPUMask(isolated.Load()); idle != 0 {
			sendReschedule(idle.After(rq.cpu))
			return
		}
	}
	rq.pull()
}
