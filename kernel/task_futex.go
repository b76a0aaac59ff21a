package kernel

import "onsen/kernel/futex"

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
}
