package kernel

import (
	"onsen/kernel/futex"
	"onsen/kernel/sched"
)

// taskFutex is what the task leaves for others to wake on when it ends.
type taskFutex struct {
	// robustList is the address of its list of robust futexes; 0 for none.
	robustList uintptr
	// clearChildTid is where 0 is stored and one waiter woken when the task
	// leaves its mm; 0 for nowhere.
	clearChildTid uintptr

	// futexWaiter is the task's place when it waits for a futex. Exclusive to
	// the task, but for the links.
	futexWaiter futex.Waiter
	// futexOwner is what the task is to futexes that pass on priority.
	futexOwner futex.Owner
}

func init() { futex.Tasks = futexTasks{} }

// futexTasks is futex.Tasks.
type futexTasks struct{}

func (futexTasks) TID(t *sched.Task) uint32 { return uint32(taskOf(t).Pid) }

func (futexTasks) Find(tid uint32) (t *sched.Task, kernel bool) {
	p := FindTaskByPid(int(tid))
	if p == nil {
		return nil, false
	}
	return &p.Task, p.IsKthread()
}

func (futexTasks) Owner(t *sched.Task) *futex.Owner { return &taskOf(t).futexOwner }
