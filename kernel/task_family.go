package kernel

import "onsen/kernel/sched"

// taskFamily is the task's place in its process, process group and session.
type taskFamily struct {
	// pid is the task's own id, nil in an idle task. It changes when execve(2)
	// makes a thread the leader. tasklistLock, or the task itself.
	pid *Pid
	// pidLinks are the places in the lists of the Pids. tasklistLock.
	pidLinks [pidTypes]pidLink

	// groupLeader is the leader of the process: the thread whose PID is the
	// process's. tasklistLock, or the task itself.
	groupLeader *Task
	// threads links the threads of the process. Written with tasklistLock and
	// siglock.
	threads struct{ next, prev *Task }

	// realParent made the process, or adopted it; parent is told of its end.
	// The two differ under ptrace only. tasklistLock.
	realParent, parent *Task
	// children are the processes whose realParent this thread is, oldest first,
	// linked by sibling. tasklistLock.
	children struct{ first, last *Task }
	// sibling links the children of one parent. tasklistLock.
	sibling struct{ next, prev *Task }
	// all links every process's leader. tasklistLock.
	all struct{ next, prev *Task }
	// dead links the tasks that somebody is about to release. Owned by them.
	dead *Task

	exitState  exitState // tasklistLock
	exitSignal int       // sent to the parent at exit; -1 in threads. tasklistLock
	exitCode   int       // as wait(2) tells it. Set by the task in DoExit
	// parentExecID is the parent's selfExecID at the fork: a parent that has
	// become another program gets no signal but SIGCHLD. tasklistLock.
	parentExecID, selfExecID uint32

	// firstPid is the storage for pid; execve(2) may have swapped that for
	// another task's.
	firstPid Pid

	// vforkDone is completed when the task does not need its parent to wait any
	// longer; it is vfork, or nil. allocLock.
	vforkDone *sched.Completion
	vfork     sched.Completion
	// setChildTid is where the new task stores its PID; 0 for nowhere.
	// Constant.
	setChildTid uintptr

	// account counts the task among its user's. Owned by the task, until it is
	// released.
	account *userCounts
}
