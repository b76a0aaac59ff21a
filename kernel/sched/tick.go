package sched

import "sync/atomic"

// The tick ends the turn of a task that others wait behind, balances the
// queues, lets the Go runtime's own threads run on a CPU that is never idle, and
// samples whether programs are in user mode or in the kernel. There is none while
// a CPU is idle or has one kernel thread and nobody waits: it is a timer that arms
// itself again only as long as it is wanted.

const (
	// tickPeriod is the time between two ticks, in ns.
	tickPeriod = 4_000_000
	// lendTime is how long background threads get at a tick, in ns.
	lendTime = 1_000_000
	// balanceTicks is the number of ticks between two looks at other queues.
	balanceTicks = 4
)

type tickState struct {
	timer Timer
	armed atomic.Bool // written by the CPU itself
	count uint        // owned by the CPU
	// user and system count the ticks that found user mode and the kernel; those
	// that found the CPU idle are not counted. Rq.lock.
	user, system uint64
	lend         bool // background threads wait for a turn. Owned by the CPU
}

// schedulerTick is the timer's function.
func schedulerTick(*Timer) {
	rq := thisRq()
	rq.tick.armed.Store(false)
	rq.lock.Lock()
	busy := rq.curr != rq.idle
	rq.updateCurr(rq.curr)
	if busy {
		rq.sample(rq.curr)
	}
	rq.lock.Unlock()
	if !busy {
		return
	}
	rq.tick.lend = backgroundRunnable()
	if rq.tick.count++; rq.tick.count%balanceTicks == 0 {
		rq.balance()
	}
}

// sample counts a tick for the running task. It is handled by that task itself, at
// the first safe point after the interrupt.
//
// Preconditions: lock held.
func (rq *Rq) sample(curr *Task) {
	if curr.Interrupted {
		curr.userTicks++
		rq.tick.user++
	} else {
		curr.systemTicks++
		rq.tick.system++
	}
}

// tickIfWanted arms this CPU's tick if somebody waits for the CPU or a program
// runs on it. The caller is a task on it.
func (rq *Rq) tickIfWanted() {
	if rq.tick.armed.Load() {
		return
	}
	running := rq.running.Load()
	if running >= 2 || running == 1 && (Current().User != nil || backgroundRunnable()) {
		rq.armTick()
	}
}

// armTick arms this CPU's tick. The caller is a task on it.
func (rq *Rq) armTick() {
	rq.tick.armed.Store(true)
	rq.timers.start(&rq.tick.timer, ktime()+tickPeriod)
}

// wantTick is called after a task was queued that does not preempt the running
// one. One that does is the business of schedule.
//
// Preconditions: lock held.
func (rq *Rq) wantTick() {
	switch {
	case rq.tick.armed.Load():
	case rq.cpu == thisCPU() && onTaskThread(rq):
		rq.armTick()
	default:
		sendReschedule(rq.cpu)
	}
}

// lendIfDue gives background threads their turn after a tick found them
// waiting.
func (rq *Rq) lendIfDue() {
	if rq.tick.lend {
		rq.tick.lend = false
		lendToBackground(lendTime)
	}
}
