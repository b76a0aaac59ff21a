package kernel

import "onsen/kernel/signal"

// taskSignal are the task's own signals.
type taskSignal struct {
	// blocked are the signals that wait. Written by the task, under siglock.
	blocked signal.Set
	// restart is how restart_syscall(2) goes on. Owned by the task.
	restart restartBlock
}

// restartBlock is the rest of a system call that ended with
// errno.ERESTART_RESTARTBLOCK. It is called in its place, once; nil stands for
// a call that cannot go on, which is EINTR.
type restartBlock func(t *Task) (uintptr, error)
