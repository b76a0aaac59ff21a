package kernel

// taskFamily is the task's place in its process, process group and session.
type taskFamily struct {
	// groupLeader is the first thread of the process. tasklistLock.
	groupLeader *Task
	// threads links the threads of the process. tasklistLock and siglock.
	threads struct{ next, prev *Task }
}
