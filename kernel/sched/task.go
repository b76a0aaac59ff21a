package sched

import (
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/spin"
)

// State is a task's state word, or a set of states to wake. The values are
// Linux's (include/linux/sched.h).
type State uint32

const (
	// TaskRunning tasks run or are on a run queue.
	TaskRunning State = 0
	// TaskInterruptible tasks sleep until woken or signalled.
	TaskInterruptible State = 0x01
	// TaskUninterruptible tasks sleep until woken.
	TaskUninterruptible State = 0x02
	// TaskStopped tasks were stopped by a signal.
	TaskStopped State = 0x04
	// TaskTraced tasks were stopped by their tracer.
	TaskTraced State = 0x08
	// TaskParked kernel threads wait in KthreadParkme.
	TaskParked State = 0x40
	// TaskDead tasks never run again.
	TaskDead State = 0x80
	// TaskWakekill joined to a state lets fatal signals end the sleep.
	TaskWakekill State = 0x100
	// TaskWaking tasks are between sleep and run queue.
	TaskWaking State = 0x200
	// TaskNoload joined to TaskUninterruptible keeps a sleeper out of the load.
	TaskNoload State = 0x400
	// TaskNew tasks have not been woken for the first time.
	TaskNew State = 0x800

	// TaskKillable sleeps end with a wake-up or a fatal signal.
	TaskKillable = TaskWakekill | TaskUninterruptible
	// TaskIdle sleeps are those of a kernel thread that has nothing to do.
	TaskIdle = TaskUninterruptible | TaskNoload
	// TaskNormal is what an ordinary wake-up wakes.
	TaskNormal = TaskInterruptible | TaskUninterruptible
)

// Thread flags: work that others leave for a task. Any CPU may set them, so
// they are atomic and apart from what only the task writes.
const (
	// TIFNotifyResume asks for task work before the return to user mode.
	TIFNotifyResume uint32 = 1 << 1
	// TIFSigPending says that a signal may be waiting.
	TIFSigPending uint32 = 1 << 2
	// TIFNeedResched asks the running task to call Schedule soon.
	TIFNeedResched uint32 = 1 << 3
	// TIFSinglestep says that the program executes one instruction at a time.
	TIFSinglestep uint32 = 1 << 4
	// TIFSyscallTrace says that a tracer wants to know of system calls.
	TIFSyscallTrace uint32 = 1 << 5
	// TIFSyscallEmu says that a tracer does the program's system calls.
	TIFSyscallEmu uint32 = 1 << 6
	// TIFSeccomp says that system calls are to be checked before they are made.
	TIFSeccomp uint32 = 1 << 7
	// TIFNotifySignal ends interruptible sleeps without a signal.
	TIFNotifySignal uint32 = 1 << 17
)

// Values of Task.onRq.
const (
	offRq     = 0 // sleeps, is new or dead
	queued    = 1 // runs, or waits in a run queue
	migrating = 2 // leaves one run queue for another
)

// Task is the scheduler's part of a task. It is made ready by InitTask or
// InitIdle and must not be copied.
type Task struct {
	// node is the place in the fair queue; its key is the virtual deadline.
	// First field. Protected by the lock of the task's Rq.
	node

	// state is a State. The task itself sets it to sleep; wakers set it back,
	// holding piLock.
	state atomic.Uint32
	// flags are TIF bits.
	flags atomic.Uint32
	// onRq is offRq, queued or migrating; an idle task is always offRq. Written
	// under the lock of runq.
	onRq atomic.Uint32
	// onCPU is 1 from before the task runs until its context is saved. Set
	// under Rq.lock, cleared by finishTaskSwitch.
	onCPU atomic.Uint32
	// runq is the run queue of the CPU where the task runs, waits or ran last.
	// Written under piLock while the task is off every queue, else under the
	// lock of the Rq it leaves.
	runq atomic.Pointer[Rq]
	// cpusAllowed is a CPUMask, never empty. Written under piLock.
	cpusAllowed atomic.Uint64

	// piLock serialises wake-ups and changes of affinity.
	piLock spin.Lock

	// wakeNext links Rq.wakeList. Owned by whoever has the list.
	wakeNext *Task

	// vruntime is the CPU time received, in counts, scaled by weight. While the
	// task is off the queue it is relative to Rq.vtime. Rq.lock.
	vruntime int64
	// execStart is when the time on the CPU was last accounted for, and while
	// the task sleeps, since when. Rq.lock.
	execStart int64
	// sumExec is the CPU time received, in counts. Rq.lock.
	sumExec int64
	// userTicks and systemTicks count the ticks that found the task in user mode
	// and in the kernel. Rq.lock.
	userTicks, systemTicks uint64
	// Interrupted says that an interrupt takes the task out of user mode right
	// now. Owned by the task.
	Interrupted bool
	// Disturbed says that it was not a system call by which the task has left user
	// mode: it may be anywhere in its program. Owned by the task.
	Disturbed bool
	// SeqCPU is one more than the CPU where the program of a task with restartable
	// sequences believes to be, 0 in a task without. TIFNotifyResume is set when it
	// gets another CPU, or loses its CPU while Disturbed. Owned by the task.
	SeqCPU int32
	// weight is the share of the CPU, nice0Weight for nice 0. Rq.lock.
	weight int64

	// nvcsw and nivcsw count the switches away from the task that it wanted
	// and did not want. Owned by the task.
	nvcsw, nivcsw uint64

	// slice is the CPU time that a PolicyRR task has received in its turn, in
	// counts. Rq.lock.
	slice int64
	// execTo is one more than the CPU to which the running task wants to move,
	// or 0. Owned by the task.
	execTo int32

	policy     Policy // Rq.lock
	staticPrio int32  // 100..139, from nice. Rq.lock
	prio       int32  // effective; below MaxRTPrio is real time. Rq.lock
	rtPriority int32  // 1..99 with a real-time policy, else 0. Rq.lock

	resetOnFork bool // children get default scheduling. Rq.lock
	idle        bool // an idle task. Constant

	// User is what the processor keeps for the task's program, and MM the address
	// space in which the task runs. A task without a program has a nil User; one
	// with a nil MM, a kernel thread, runs in whichever is there. Owned by the
	// task; what it changes it makes known to the processor itself.
	User *arch.UserContext
	MM   *arch.MMContext

	// g is the goroutine. Set before the task first runs, then constant.
	g goroutine

	// wait is the storage for one place in a wait queue; see WaitQueue.
	// Exclusive to the task, but for the links.
	wait WaitEntry
	// lockWait is the place in the queue of a Mutex or RWSem. The task can
	// wait for one at a time.
	lockWait lockWaiter
	// rtTask is about the locks that pass on priority.
	rtTask
	// timer ends ScheduleTimeout. Exclusive to the task.
	timer Timer

	name atomic.Pointer[string]
}

// InitTask makes t, which is all zero, a task named name that will run fn when
// it is first switched to; see Fork and SetEntry.
func InitTask(t *Task, name string, parent *Task, fn func()) {
	Fork(t, parent)
	t.SetName(name)
	SetEntry(t, fn)
}

// Fork makes t, which is all zero, a task without a name and with nothing to run
// yet. The scheduling attributes are those that the caller's task parent passes
// on, or the default ones if it is nil.
func Fork(t, parent *Task) {
	t.state.Store(uint32(TaskNew))
	t.timer.task = t
	t.schedFork(parent)
}

// SetEntry says what t, from Fork, will run when it is first switched to. fn must
// begin with ScheduleTail and end with Exit. WakeUpNewTask starts the task; one
// that has an entry must be started, because its goroutine cannot be taken back.
func SetEntry(t *Task, fn func()) { t.g = newGoroutine(fn) }

// schedFork copies the scheduling attributes of parent, whose owner is the
// caller, or sets the default ones.
func (t *Task) schedFork(parent *Task) {
	t.policy, t.staticPrio = PolicyNormal, niceToPrio(0)
	t.cpusAllowed.Store(uint64(AllCPUs))
	t.runq.Store(&runqueues[0])
	if parent != nil {
		t.cpusAllowed.Store(parent.cpusAllowed.Load())
		t.runq.Store(parent.runq.Load())
		t.inherit(parent)
	}
	t.setPrio()
}

// inherit takes over the policy of parent. If that is to be reset on fork, only
// what is better than the default is; sched(7).
func (t *Task) inherit(parent *Task) {
	t.policy, t.staticPrio, t.rtPriority = parent.policy, parent.staticPrio, parent.rtPriority
	if !parent.resetOnFork {
		return
	}
	switch {
	case t.policy.RealTime():
		t.policy, t.rtPriority, t.staticPrio = PolicyNormal, 0, niceToPrio(0)
	default:
		t.staticPrio = max(t.staticPrio, niceToPrio(0))
	}
}

// Name returns the task's name, what Linux calls comm.
func (t *Task) Name() string { return *t.name.Load() }

// SetName changes the task's name, cut to 15 bytes.
func (t *Task) SetName(name string) {
	const most = 15 // TASK_COMM_LEN without the NUL
	if len(name) > most {
		name = name[:most]
	}
	t.name.Store(&name)
}

// CopyName gives t the name of from.
func (t *Task) CopyName(from *Task) { t.name.Store(from.name.Load()) }

// State returns the task's state; it may change at any time.
func (t *Task) State() State { return State(t.state.Load()) }

// CPU returns the CPU where the task runs, is queued, or ran last.
func (t *Task) CPU() int { return t.runq.Load().cpu }

// CPUsAllowed returns the CPUs on which the task may run.
func (t *Task) CPUsAllowed() CPUMask { return CPUMask(t.cpusAllowed.Load()) }

// Running reports whether the task is executing on some CPU.
func (t *Task) Running() bool { return t.onCPU.Load() != 0 }

// IsIdle reports whether the task is a CPU's idle task.
func (t *Task) IsIdle() bool { return t.idle }

// id is the address of the task, to compare.
func (t *Task) id() uintptr { return uintptr(unsafe.Pointer(t)) }

// SetFlag sets TIF bits and returns those that were set before.
func (t *Task) SetFlag(f uint32) uint32 { return t.flags.Or(f) & f }

// ClearFlag clears TIF bits.
func (t *Task) ClearFlag(f uint32) { t.flags.And(^f) }

// FlagWord returns the word in which the TIF bits are. Others than the methods
// here only look at it.
func (t *Task) FlagWord() *atomic.Uint32 { return &t.flags }

// TestFlag reports whether any of the TIF bits is set.
func (t *Task) TestFlag(f uint32) bool { return t.flags.Load()&f != 0 }

// CPUTime returns the CPU time that the task has received, in ns.
func (t *Task) CPUTime() int64 {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	if rq.curr == t {
		rq.updateCurr(t)
	}
	return toNs(t.sumExec)
}

// CPUSample is CPU time and what is known of where it went: the ticks that found
// user mode and the kernel.
type CPUSample struct {
	Time         int64 // ns
	User, System uint64
}

// Add adds what others have received.
func (s *CPUSample) Add(o CPUSample) {
	s.Time += o.Time
	s.User += o.User
	s.System += o.System
}

// CPUSample returns the CPU time that the task has received.
func (t *Task) CPUSample() CPUSample {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	if rq.curr == t {
		rq.updateCurr(t)
	}
	return CPUSample{toNs(t.sumExec), t.userTicks, t.systemTicks}
}

// Switches returns how often the task gave up the CPU by itself and how often
// it lost it.
func (t *Task) Switches() (voluntary, involuntary uint64) { return t.nvcsw, t.nivcsw }

// SetCurrentState sets the state of the calling task; what follows is not done before
// it is set: Linux's smp_store_mb in set_current_state. See the package comment
// for the order in which to use it.
func SetCurrentState(s State) { Current().state.Swap(uint32(s)) }

// SetSpecialState sets a state of the calling task that only its own waker ends,
// such as TaskDead or TaskParked. It waits for wake-ups that are under way: one
// that was meant for an earlier sleep must not undo it.
func SetSpecialState(s State) {
	t := Current()
	t.piLock.Lock()
	t.state.Swap(uint32(s))
	t.piLock.Unlock()
}

// maxCPUs is how many run queues there are.
const maxCPUs = spec.MaxCPUs
