package sched

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// Rq is the run queue of one CPU.
type Rq struct {
	lock spin.Lock

	cpu int // constant
	// events is not 0 as long as the CPU has events to handle. The pointer is
	// constant once the CPU is active.
	events *atomic.Uint32

	// curr is the task that runs here; prev the one that ran before it. Both
	// change under lock, and the CPU itself may read them without.
	curr, prev *Task
	// idle is the CPU's idle task; constant once the CPU is active.
	idle *Task

	// farewell says that prev does not simply wait. lock.
	farewell farewell

	rt   rtRq   // lock
	fair fairRq // lock

	// clock is the counter as of the last updateCurr. lock.
	clock int64
	// running counts the runnable tasks, curr included, the idle task not.
	// Written under lock.
	running atomic.Int32
	// switches counts the context switches. lock.
	switches uint64

	// inHandler says that the CPU's task runs a device's handler; see IsolateHandler.
	// Owned by the CPU.
	inHandler bool

	// wakeList holds tasks that ran here last and whose wake-up this CPU is to
	// finish.
	wakeList atomic.Pointer[Task]

	timers timerBase // has its own lock
	tick   tickState // owned by the CPU
}

// farewell is what to do for a task that has left the CPU.
type farewell uint8

const (
	farewellNone farewell = iota
	farewellDead          // it has ended
	farewellMove          // it goes on on another CPU
)

var (
	runqueues [maxCPUs]Rq

	// active is the CPUMask of the CPUs that run tasks.
	active atomic.Uint64
	// idleCPUs is the CPUMask of the active CPUs that have nothing to run. A
	// bit is set and cleared under the lock of its Rq: set when the CPU turns
	// to its idle task, cleared by whoever gives it a task.
	idleCPUs atomic.Uint64
	// isolated is the CPUMask of CPUs that get only tasks which may run
	// nowhere else.
	isolated atomic.Uint64
)

func init() {
	for cpu := range runqueues {
		rq := &runqueues[cpu]
		rq.cpu = cpu
		rq.timers.init(cpu)
		rq.tick.timer.fn = schedulerTick
	}
}

// CPU returns the CPU that the calling task runs on. The result is good until
// the caller sleeps.
func CPU() int { return thisCPU() }

// thisRq returns the run queue of this CPU. The result is good until the caller
// sleeps.
func thisRq() *Rq { return &runqueues[thisCPU()] }

// Active returns the CPUs that run tasks.
func Active() CPUMask { return CPUMask(active.Load()) }

// Isolate keeps tasks off the CPUs in m unless their affinity leaves them
// nowhere else to run.
func Isolate(m CPUMask) { isolated.Store(uint64(m)) }

// NrRunning returns how many tasks are runnable on cpu, its idle task not
// counted.
func NrRunning(cpu int) int { return int(runqueues[cpu].running.Load()) }

// Switches returns how many context switches cpu has made.
func Switches(cpu int) uint64 {
	rq := &runqueues[cpu]
	rq.lock.Lock()
	defer rq.lock.Unlock()
	return rq.switches
}

// taskRqLock locks the run queue that t belongs to and returns it.
func taskRqLock(t *Task) *Rq {
	for {
		rq := t.runq.Load()
		rq.lock.Lock()
		if t.runq.Load() == rq && t.onRq.Load() != migrating {
			return rq
		}
		rq.lock.Unlock()
		spin.Relax()
	}
}

// lockTwo locks two different run queues.
func lockTwo(a, b *Rq) {
	if a.cpu > b.cpu {
		a, b = b, a
	}
	a.lock.Lock()
	b.lock.Lock()
}

// unlockTwo undoes lockTwo.
func unlockTwo(a, b *Rq) {
	if a.cpu > b.cpu {
		a, b = b, a
	}
	b.lock.Unlock()
	a.lock.Unlock()
}

// activate puts t on the queue.
//
// Preconditions: lock held; t.piLock held, or t is otherwise kept from being
// woken and moved.
func (rq *Rq) activate(t *Task) {
	t.onRq.Store(queued)
	rq.enqueue(t)
	if rq.running.Add(1) == 1 {
		idleCPUs.And(^uint64(MaskOf(rq.cpu)))
	}
}

// deactivate takes the running task off the queue.
//
// Preconditions: lock held, t is curr and accounted for.
func (rq *Rq) deactivate(t *Task, onRq uint32) {
	if !t.realTime() {
		rq.fair.leave(t)
	}
	rq.running.Add(-1)
	t.onRq.Store(onRq)
}

// detach takes a waiting task off the queue.
//
// Preconditions: lock held, t is queued here and not curr.
func (rq *Rq) detach(t *Task) {
	rq.dequeue(t)
	rq.running.Add(-1)
	t.onRq.Store(migrating)
}

// RunningOn returns the task that cpu runs, or nil if the CPU is not active.
// The answer may be out of date at once; it takes no lock, so that a kernel that
// panics can ask.
func RunningOn(cpu int) *Task { return runqueues[cpu].curr }

// enqueue puts a task that does not run into the queue of its class.
//
// Preconditions: lock held.
func (rq *Rq) enqueue(t *Task) {
	if t.realTime() {
		rq.rt.enqueue(t, rq.cpu)
	} else {
		rq.fair.enqueue(t)
	}
}

// dequeue undoes enqueue.
//
// Preconditions: lock held.
func (rq *Rq) dequeue(t *Task) {
	if t.realTime() {
		rq.rt.dequeue(t, rq.cpu)
	} else {
		rq.fair.dequeue(t)
	}
}

// hasWaiting reports whether a task waits for the CPU.
//
// Preconditions: lock held.
func (rq *Rq) hasWaiting() bool { return rq.fair.waiting.root != nil || rq.rt.waiting.root != nil }
