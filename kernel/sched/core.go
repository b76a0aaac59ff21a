package sched

import "onsen/arch"

// Ways to enter schedule.
type mode uint8

const (
	modeBlock   mode = iota // sleep if the task's state says so
	modePreempt             // stay runnable whatever the state
	modeYield               // give up the rest of the request
)

// Schedule gives the CPU to the task that should run next. If the caller has
// set its state to sleep it returns after a wake-up, otherwise when it is its
// turn again. A pending signal keeps the caller from sleeping in a state that
// signals interrupt.
//
// Preconditions: no spin lock is held.
func Schedule() { schedule(modeBlock) }

// Yield lets other runnable tasks of the CPU run first.
func Yield() { schedule(modeYield) }

// CondResched is called in long loops of kernel code: it handles the events
// that are pending and lets another task run if it should. It does not put the
// caller to sleep, whatever its state. It reports whether others ran.
func CondResched() bool {
	t := Current()
	if t.runq.Load().events.Load() != 0 {
		HandleEvents()
	}
	if !t.TestFlag(TIFNeedResched) {
		return false
	}
	schedule(modePreempt)
	return true
}

// MaySleep reports whether the calling task may sleep: it holds no spin lock
// and has not disabled preemption.
func MaySleep() bool { return !thisRq().atomic() }

// NeedResched reports whether the running task should call Schedule soon.
func NeedResched() bool { return Current().flags.Load()&TIFNeedResched != 0 }

// schedule lets the next task run. It returns when the caller runs again,
// perhaps on another CPU; a dead caller does not return.
func schedule(m mode) {
	prev := Current()
	rq := prev.runq.Load()
	if rq.atomic() {
		panic("sched: scheduling while atomic")
	}
	if rq.events.Load() != 0 {
		HandleEvents()
	}
	rq.lock.LockTask(rq.cpu)
	rq.updateCurr(prev)
	if prev.flags.Load()&TIFNeedResched != 0 {
		prev.flags.And(^TIFNeedResched)
	}
	if m == modeYield {
		rq.yield(prev)
	} else if s := prev.state.Load(); s != 0 && m != modePreempt {
		rq.sleep(prev, State(s))
	}
	next := rq.pickNext(prev)
	if prev.realTime() && !next.realTime() {
		rq.invitePush()
	}
	if !rq.tick.armed.Load() && (next.User != nil || rq.hasWaiting() || next != rq.idle && backgroundRunnable()) {
		rq.armTick()
	}
	if next == prev {
		rq.lock.UnlockTask()
		return
	}
	next.execStart = rq.clock
	next.onCPU.Store(1)
	rq.curr, rq.prev = next, prev
	rq.switches++
	setCurrent(next)
	if prev.User != nil || next.User != nil {
		if prev.SeqCPU|next.SeqCPU != 0 {
			noteSwitch(prev, next, rq.cpu)
		}
		arch.SwitchUser(prev.User, next.User)
	}
	if next.MM != nil {
		arch.SwitchMM(next.MM)
	}
	if rq.farewell == farewellDead {
		exitGoroutine(prev, next)
	}
	switchGoroutine(prev, next) // the lock goes with the CPU, to next
	if rq = prev.runq.Load(); rq.farewell == farewellNone {
		rq.letGo()
		return
	}
	finishTaskSwitch(rq)
}

// noteSwitch has the programs with restartable sequences told of a switch that
// matters to them.
func noteSwitch(prev, next *Task, cpu int) {
	if prev.SeqCPU != 0 && prev.Disturbed {
		prev.flags.Or(TIFNotifyResume)
	}
	if next.SeqCPU != 0 && next.SeqCPU != int32(cpu)+1 {
		next.flags.Or(TIFNotifyResume)
	}
}

// sleep takes the running task off the queue, unless a signal ends the sleep
// before it begins.
//
// Preconditions: lock held.
func (rq *Rq) sleep(t *Task, s State) {
	if signalPendingState(t, s) {
		t.state.Store(uint32(TaskRunning))
		return
	}
	t.nvcsw++
	rq.deactivate(t, offRq)
	if s == TaskDead {
		rq.farewell = farewellDead
	}
}

// pickNext chooses the task to run after prev. prev, if it stays runnable and
// is not chosen, is put where it waits.
//
// Preconditions: lock held.
func (rq *Rq) pickNext(prev *Task) *Task {
	if rq.rt.waiting.root != nil || prev.realTime() {
		if next := rq.pickRealTime(prev); next != nil {
			return next
		}
	}
	n := rq.fair.waiting.root
	if prev.onRq.Load() == queued { // and fair, or pickRealTime had chosen
		switch {
		case prev.mustMove(rq.cpu):
			rq.deactivate(prev, migrating)
			rq.farewell = farewellMove
		case n == nil || prev.key < n.key:
			return prev
		default:
			prev.nivcsw++
			rq.fair.waiting.replaceRoot(&prev.node)
			return taskOf(n)
		}
	}
	if n == nil {
		idleCPUs.Or(uint64(MaskOf(rq.cpu)))
		return rq.idle
	}
	rq.fair.waiting.pop()
	return taskOf(n)
}

// ScheduleTail is the first thing a new task does: it finishes the switch that
// started it.
func ScheduleTail() { finishTaskSwitch(Current().runq.Load()) }

// finishTaskSwitch lets go of the task that ran before the caller on this CPU,
// whose run queue rq is.
//
// Preconditions: rq.lock held; released on return.
func finishTaskSwitch(rq *Rq) {
	prev, why := rq.prev, rq.farewell
	rq.farewell = farewellNone
	rq.letGo()
	switch why {
	case farewellDead:
		prev.g = nil
	case farewellMove:
		finishMigration(prev)
	}
}

// letGo is finishTaskSwitch for a task that simply waits, which most do.
func (rq *Rq) letGo() {
	rq.prev.onCPU.Store(0) // from here on, another CPU may run prev
	rq.lock.UnlockTask()
}

// Exit ends the calling task. It does not return.
func Exit() {
	SetSpecialState(TaskDead)
	Schedule()
	panic("sched: a dead task runs")
}
