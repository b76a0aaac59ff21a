package kernel

import "sync/atomic"

// taskExec is what execve(2) gives the task, and what others ask about it.
type taskExec struct {
	// personality is that of personality(2). Written by the task.
	personality atomic.Uint32
	// timerSlack is PR_SET_TIMERSLACK's, and defaultTimerSlack what 0 sets it
	// to, in ns. The second is set before the task runs.
	timerSlack        atomic.Uint64
	defaultTimerSlack uint64
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
	t.defaultTimerSlack = from.timerSlack.Load()
	if t.defaultTimerSlack == 0 {
		t.defaultTimerSlack = initTimerSlack // the idle task's children
	}
	t.setTimerSlack(0)
	t.noNewPrivs.Store(from.noNewPrivs.Load())
	t.taskKept = from.taskKept
}

// setTimerSlack sets the slack to ns; 0 is the task's default.
func (t *taskExec) setTimerSlack(ns uint64) {
	if ns == 0 {
		ns = t.defaultTimerSlack
	}
	t.timerSlack.Store(ns)
}

// initTimerSlack is how late timers of programs may be unless they say
// otherwise, in ns.
const initTimerSlack = 50_000
