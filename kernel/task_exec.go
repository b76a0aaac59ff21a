package kernel

import "sync/atomic"

// taskExec is what execve(2) gives the task, and what others ask about it.
type taskExec struct {
	// personality is that of personality(2). Written by the task.
	personality atomic.Uint32
	// timerSlack is PR_SET_TIMERSLACK's, and defaultTimerSlack what 0 sets it
	// to, in ns. Owned by the task.
	timerSlack, defaultTimerSlack uint64
	// noNewPrivs is PR_SET_NO_NEW_PRIVS's. Never reset.
	noNewPrivs atomic.Bool
	// pdeathSignal is PR_SET_PDEATHSIG's. Written by the task.
	pdeathSignal atomic.Int32

	taskKept

	// minflt and majflt count page faults without and with reading. Written by
	// the task.
	minflt, majflt atomic.Uint64
}

// forkExec gives a new task what it inherits of exec's state.
func (t *taskExec) forkExec(from *taskExec) {
	t.personality.Store(from.personality.Load())
	t.timerSlack = from.timerSlack
	if t.timerSlack == 0 {
		t.timerSlack = initTimerSlack // the idle task's children
	}
	t.defaultTimerSlack = t.timerSlack
	t.noNewPrivs.Store(from.noNewPrivs.Load())
	t.taskKept = from.taskKept
}

// initTimerSlack is how late timers of programs may be unless they say
// otherwise, in ns.
const initTimerSlack = 50_000
