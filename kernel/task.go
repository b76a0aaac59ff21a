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
	PF_POSTCOREDUMP   uint32 = 0x00000008 // too late to be in a core dump
	PF_FORKNOEXEC     uint32 = 0x00000040 // forked but did not exec
	PF_SUPERPRIV      uint32 = 0x00000100 // used a capability
	PF_DUMPCORE       uint32 = 0x00000200 // dumps core
	PF_SIGNALED       uint32 = 0x00000400 // killed by a signal
	PF_NPROC_EXCEEDED uint32 = 0x00001000 // set*uid exceeded RLIMIT_NPROC
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

	// Pid is the task's id and Tgid its process's. Constant once published,
	// but for a thread that becomes the leader in execve(2).
	Pid, Tgid int
	// StartTime is the Ktime of the fork. Constant.
	StartTime int64

	// flags are PF bits. Written by the task itself, or while it does not run.
	flags atomic.Uint32

	// call is the system call that the task is in.
	call syscallState
	// user is what the processor keeps for the task's program. Zero in a kernel
	// thread that has not become one. Owned by the task.
	user arch.UserContext
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

	// sighand and signal are shared by the threads of a process. signal is
	// constant; sighand is nil once the task has been released, and execve(2)
	// replaces a shared one. tasklistLock, or the task itself.
	sighand *SighandStruct
	signal  *SignalStruct

	taskFamily
	taskFiles
	taskExec
	taskSignal
	taskFutex
	taskPtrace
	rseq    taskRseq
	seccomp taskSeccomp
	// io is the I/O priority, nil if none has been set. Never set back. Written by
	// anybody, under tasklistLock.
	io atomic.Pointer[ioContext]

	// cpuTimes divides the task's own CPU time. It has its own lock.
	cpuTimes cpuSplit

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
