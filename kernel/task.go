package kernel

import (
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
	"onsen/kernel/vm"
)

// Flags of Task.flags; Linux's PF_*.
const (
	PF_IDLE           uint32 = 0x00000002 // an idle task
	PF_EXITING        uint32 = 0x00000004 // in DoExit
	PF_FORKNOEXEC     uint32 = 0x00000040 // forked but did not exec
	PF_KTHREAD        uint32 = 0x00200000 // a kernel thread
	PF_NO_SETAFFINITY uint32 = 0x04000000 // its affinity is not the user's
)

// exitState is how far a task is dead. The values are Linux's.
type exitState uint32

const (
	exitDead   exitState = 0x10 // off all lists
	exitZombie exitState = 0x20 // waits for its parent
)

// tasklistLock protects the list of all tasks, the PID table and the family of
// every task. It comes before every lock of package sched.
var tasklistLock spin.Lock

// Task is a task: a kernel thread, an idle task, or a thread of a program.
type Task struct {
	// Task is what the scheduler knows. First field: Current turns a pointer to
	// it into one to the whole.
	sched.Task

	// Pid is the task's id and Tgid its process's. Constant once published.
	Pid, Tgid int
	// StartTime is the Ktime of the fork. Constant.
	StartTime int64

	// flags are PF bits. Written by the task itself, or while it does not run.
	flags atomic.Uint32

	// realParent made the task, or adopted it; parent is told of its end. The
	// two differ under ptrace only. tasklistLock.
	realParent, parent *Task
	// children is the first of the tasks whose realParent this is. tasklistLock.
	children *Task
	// sibling links the children of one parent. tasklistLock.
	sibling struct{ next, prev *Task }
	// all links every task but the idle ones. tasklistLock.
	all struct{ next, prev *Task }
	// pidNext links the tasks of one slot of the PID table. tasklistLock.
	pidNext *Task

	exitState  exitState // tasklistLock
	exitSignal int       // sent to the parent at exit. tasklistLock
	exitCode   int       // as wait(2) tells it. Set by the task in DoExit

	// vforkDone is completed when the task does not need its parent to wait any
	// longer. Owned by the task once it runs.
	vforkDone *sched.Completion

	// user is what the processor keeps for the task's program. Zero in a kernel
	// thread that has not become one. Owned by the task.
	user arch.UserContext
	// call is the system call that the task is in.
	call syscallState
	// mm is the program's memory, nil in a kernel thread. Written by the task,
	// under allocLock.
	mm *vm.MM
	// files are the open files, and fs the root, the working directory and the
	// umask. Written by the task, under allocLock.
	files *fs.Files
	fs    *fs.FsStruct
	// allocLock protects the pointers above from those who look at another
	// task; Linux's alloc_lock, that of task_lock.
	allocLock spin.Lock

	// cred are the task's credentials. Immutable: a change replaces them.
	cred atomic.Pointer[cred.Cred]

	// sighand and signal are shared by the threads of a process.
	sighand *SighandStruct
	signal  *SignalStruct

	taskFamily
	taskExec
	taskSignal
	taskFutex

	kthread *Kthread // nil unless made by KthreadCreate. Constant

	fn    func(arg any) int // what a kernel thread runs. Constant
	fnArg any
}

// Current returns the calling task.
func Current() *Task { return taskOf(sched.Current()) }

// taskOf returns the task of which t is the scheduler's part.
func taskOf(t *sched.Task) *Task { return (*Task)(unsafe.Pointer(t)) }

// IsKthread reports whether the task is a kernel thread.
func (t *Task) IsKthread() bool { return t.flags.Load()&PF_KTHREAD != 0 }

// Parent returns the task that is told of t's end.
func (t *Task) Parent() *Task {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return t.parent
}

// allTasks is the head of the list of all tasks. tasklistLock.
var allTasks *Task

// Tasks returns all tasks except the idle ones, oldest first.
func Tasks() []*Task {
	// The list must not be extended under the lock.
	list := make([]*Task, 0, nrTasks()+16)
	tasklistLock.Lock()
	for t := allTasks; t != nil && len(list) < cap(list); t = t.all.next {
		list = append(list, t)
	}
	tasklistLock.Unlock()
	return list
}

// taskCount is the length of the list, and lastTask its end. tasklistLock.
var (
	taskCount int
	lastTask  *Task
)

func nrTasks() int {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return taskCount
}

// linkTask makes t known: to its parent, in the list, by its PID.
//
// Preconditions: tasklistLock held.
func linkTask(t, parent *Task) {
	setParent(t, parent)
	t.all.prev = lastTask
	if lastTask != nil {
		lastTask.all.next = t
	} else {
		allTasks = t
	}
	lastTask = t
	taskCount++
	attachPid(t)
}

// unlinkTask undoes linkTask.
//
// Preconditions: tasklistLock held.
func unlinkTask(t *Task) {
	detachPid(t)
	if t.all.prev != nil {
		t.all.prev.all.next = t.all.next
	} else {
		allTasks = t.all.next
	}
	if t.all.next != nil {
		t.all.next.all.prev = t.all.prev
	} else {
		lastTask = t.all.prev
	}
	t.all.next, t.all.prev = nil, nil
	taskCount--
	leaveParent(t)
}

// setParent makes t a child of parent.
//
// Preconditions: tasklistLock held, t has no parent.
func setParent(t, parent *Task) {
	t.realParent, t.parent = parent, parent
	t.sibling.next, t.sibling.prev = parent.children, nil
	if parent.children != nil {
		parent.children.sibling.prev = t
	}
	parent.children = t
}

// leaveParent takes t from its parent's children.
//
// Preconditions: tasklistLock held.
func leaveParent(t *Task) {
	if t.sibling.prev != nil {
		t.sibling.prev.sibling.next = t.sibling.next
	} else {
		t.realParent.children = t.sibling.next
	}
	if t.sibling.next != nil {
		t.sibling.next.sibling.prev = t.sibling.prev
	}
	t.sibling.next, t.sibling.prev = nil, nil
}
