package sched

import (
	"syscall"

	"onsen/kernel/spin"
)

// SetCPUsAllowed restricts t to the CPUs of m. A task that is queued elsewhere
// moves at once; one that runs elsewhere is asked to, and moves when it next
// enters the scheduler. EINVAL means that none of the CPUs is active.
func SetCPUsAllowed(t *Task, m CPUMask) error {
	t.piLock.Lock()
	defer t.piLock.Unlock()
	if m&Active() == 0 {
		return syscall.EINVAL
	}
	t.cpusAllowed.Store(uint64(m))
	rq := taskRqLock(t)
	switch {
	case m.Has(rq.cpu) || t.onRq.Load() != queued:
		rq.lock.Unlock()
	case rq.curr == t:
		rq.resched()
		rq.lock.Unlock()
	default:
		rq.detach(t)
		rq.lock.Unlock()
		finishMigration(t)
	}
	return nil
}

// finishMigration queues a task that has been taken off its run queue on a CPU
// where it may run. In between nobody else touches the task: taskRqLock waits.
func finishMigration(t *Task) {
	rq := &runqueues[selectTaskRq(t, false)]
	rq.lock.Lock()
	rq.updateCurr(rq.curr)
	t.runq.Store(rq)
	rq.activate(t)
	if rq.preempts(t) {
		rq.resched()
	} else {
		rq.wantTick()
	}
	rq.lock.Unlock()
}

// WaitTaskInactive waits until t sleeps in one of the states of mask and has
// left its CPU. It reports false if t is in none of them.
func WaitTaskInactive(t *Task, mask State) bool {
	for {
		if t.State()&mask == 0 {
			return false
		}
		if t.onRq.Load() == offRq && t.onCPU.Load() == 0 {
			return true
		}
		CondResched()
		spin.Relax()
	}
}
