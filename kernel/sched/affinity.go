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
	cpu := selectTaskRq(t, false)
	if to := t.execTo; to != 0 {
		t.execTo = 0
		if t.CPUsAllowed().Has(int(to - 1)) {
			cpu = int(to - 1)
		}
	}
	rq := &runqueues[cpu]
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

// mustMove reports whether the running task is to leave its CPU.
func (t *Task) mustMove(cpu int) bool { return !t.CPUsAllowed().Has(cpu) || t.execTo != 0 }

// Exec is called in execve(2), when the caller's memory is of little use to the
// CPU's cache: if others wait for the CPU it moves the caller to the one with the
// least to do. Linux's sched_exec.
func Exec() {
	t := Current()
	rq := t.runq.Load()
	if rq.running.Load() <= 1 || t.realTime() {
		return
	}
	t.piLock.Lock()
	cpu := selectTaskRq(t, true)
	t.piLock.Unlock()
	if cpu == rq.cpu || NrRunning(cpu)+1 >= NrRunning(rq.cpu) {
		return
	}
	t.execTo = int32(cpu) + 1
	schedule(modePreempt)
	t.execTo = 0
}
