package sched

import "onsen/kernel/spin"

// TryToWakeUp makes t runnable if its state is in mask. It reports whether it
// was. Any code may call it, tasks or not, also with spin locks held that come
// before Task.piLock.
func TryToWakeUp(t *Task, mask State) bool {
	t.piLock.Lock()
	if State(t.state.Load())&mask == 0 {
		t.piLock.Unlock()
		return false
	}
	if t.onRq.Load() != offRq && wakeQueued(t) {
		t.piLock.Unlock()
		return true
	}
	t.state.Store(uint32(TaskWaking))
	if t.onCPU.Load() == 0 || !leaveToOldCPU(t) {
		finishWake(t)
	}
	t.piLock.Unlock()
	return true
}

// finishWake puts a task on the run queue of a CPU that suits it.
//
// Preconditions: t.piLock held, t is in TaskWaking.
func finishWake(t *Task) {
	for t.onCPU.Load() != 0 {
		spin.Relax() // it is about to finish leaving its old CPU
	}
	rq := &runqueues[selectTaskRq(t, false)]
	rq.lock.LockTask(thisCPU()) // piLock has masked interrupts
	rq.updateCurr(rq.curr)
	t.place(rq.clock)
	rq.start(t)
	rq.lock.UnlockTask()
}

// leaveToOldCPU lets the CPU that t is just leaving finish the wake-up, as
// Linux's ttwu_queue_wakelist does. To wait for it would be a matter of
// nanoseconds, unless the CPU is virtual and its host has other things to do.
// It reports false if that CPU is the caller's.
//
// Preconditions: t.piLock held, t is in TaskWaking.
func leaveToOldCPU(t *Task) bool {
	rq := &runqueues[t.CPU()]
	if rq.cpu == thisCPU() {
		return false
	}
	for {
		first := rq.wakeList.Load()
		t.wakeNext = first
		if rq.wakeList.CompareAndSwap(first, t) {
			if first == nil {
				sendReschedule(rq.cpu)
			}
			return true
		}
	}
}

// finishWakes does what leaveToOldCPU has left to this CPU.
func (rq *Rq) finishWakes() {
	for t := rq.wakeList.Swap(nil); t != nil; {
		next := t.wakeNext
		t.wakeNext = nil
		t.piLock.Lock()
		finishWake(t)
		t.piLock.Unlock()
		t = next
	}
}

// WakeUpProcess wakes t from any sleep that an ordinary wake-up ends.
func WakeUpProcess(t *Task) bool { return TryToWakeUp(t, TaskNormal) }

// wakeQueued wakes a task that has not left its run queue: it is about to sleep
// or was preempted before it could. It reports whether that was still so.
//
// Preconditions: t.piLock held.
func wakeQueued(t *Task) bool {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	if t.onRq.Load() != queued {
		return false
	}
	t.state.Store(uint32(TaskRunning))
	return true
}

// WakeUpNewTask makes a task runnable for the first time.
func WakeUpNewTask(t *Task) {
	t.piLock.Lock()
	rq := &runqueues[selectTaskRq(t, true)]
	rq.lock.Lock()
	rq.updateCurr(rq.curr)
	t.vruntime, t.execStart = 0, rq.clock
	t.request()
	rq.start(t)
	rq.lock.Unlock()
	t.piLock.Unlock()
}

// start queues a task that becomes runnable.
//
// Preconditions: lock and t.piLock held, updateCurr called, t's virtual times
// relative.
func (rq *Rq) start(t *Task) {
	if t.runq.Load() != rq {
		t.runq.Store(rq)
	}
	rq.activate(t)
	t.state.Store(uint32(TaskRunning))
	if rq.preempts(t) {
		rq.resched()
	} else {
		rq.wantTick()
	}
}

// resched asks the CPU to call Schedule soon.
//
// Preconditions: lock held.
func (rq *Rq) resched() {
	if rq.curr.flags.Or(TIFNeedResched)&TIFNeedResched == 0 {
		rq.kick()
	}
}

// kick makes the CPU look at its events and flags, unless it is the caller's
// own and will do so anyway.
//
// Preconditions: lock held.
func (rq *Rq) kick() {
	if rq.cpu != thisCPU() || !onTaskThread(rq) {
		sendReschedule(rq.cpu)
	}
}

// selectTaskRq chooses the CPU on which t becomes runnable: where it ran last
// if that is idle, else an idle one, else for a new task the one with the
// shortest queue, else where it ran last.
//
// Preconditions: t.piLock held.
func selectTaskRq(t *Task, fork bool) int {
	allowed := usable(t.CPUsAllowed())
	last := t.CPU()
	if allowed == MaskOf(last) {
		return last
	}
	if idle := allowed & CPUMask(idleCPUs.Load()); idle != 0 {
		if idle.Has(last) {
			return last
		}
		return idle.After(last)
	}
	if t.realTime() {
		return leastUrgent(allowed, last, t.prio)
	}
	if !fork && allowed.Has(last) {
		return last
	}
	return shortestQueue(allowed, last)
}

// usable returns the CPUs that a task with affinity m may be placed on. If all
// of them are gone it is every active one, as in Linux's select_fallback_rq.
func usable(m CPUMask) CPUMask {
	m &= Active()
	if m == 0 {
		m = Active()
	}
	if open := m &^ CPUMask(isolated.Load()); open != 0 {
		return open
	}
	return m
}

// shortestQueue returns the CPU of m with the fewest runnable tasks; among
// equals it prefers the given one, then those after it.
func shortestQueue(m CPUMask, prefer int) int {
	best := m.After(prefer)
	if m.Has(prefer) {
		best = prefer
	}
	for cpu, left := best, m.Count(); left > 0; left-- {
		if NrRunning(cpu) < NrRunning(best) {
			best = cpu
		}
		cpu = m.After(cpu)
	}
	return best
}
