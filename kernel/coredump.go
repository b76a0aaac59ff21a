package kernel

import (
	"onsen/kernel/cred"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
	"onsen/kernel/vm"
)

// Core dumps: core(5). The order of things is that of Linux's fs/coredump.c.

// Values of vm.MM.Dumpable besides 0; Linux's SUID_DUMP_*.
const (
	suidDumpUser = 1 // as the user
	suidDumpRoot = 2 // to a file of root's, under an absolute name
)

// coreState is a core dump under way: who else is to stop for it.
type coreState struct {
	startup sched.Completion
	missing int // threads that have still to come. siglock
	// first and last are the threads that have come, linked by Task.dumpNext.
	// siglock, until startup is complete; then the dumping task's.
	first, last *Task
}

// coredump is what the steps of a dump need to know.
type coredump struct {
	task     *Task // that dumps
	sig      int
	info     *signal.Info
	mm       *vm.MM
	dumpable int
	limit    uint64 // RLIMIT_CORE
	cred     *cred.Cred
	state    coreState
}

// doCoredump writes the core file of the calling task's process, which dies of the
// signal of info, if it is to have one. It begins the end of the process: the
// status has the core flag if there is a file. SIGKILL ends it early.
func (t *Task) doCoredump(info *signal.Info) {
	if t.mm == nil {
		return // in tests of the kernel only
	}
	c := &coredump{
		task: t, sig: int(info.Signo), info: info, mm: t.mm,
		dumpable: t.mm.Dumpable(), limit: t.rlimit(RLIMIT_CORE), cred: t.Cred(),
	}
	if c.dumpable == 0 {
		return
	}
	if c.dumpable == suidDumpRoot {
		root := *c.cred
		root.FSUID = 0
		c.cred = &root
	}
	if !c.wait() {
		return
	}
	dumped := false
	defer func() { c.finish(dumped) }()
	dumped = c.write()
}

// wait kills the other threads of the process and waits until they stand still
// on their way out. It reports false if the process is ending already. Linux's
// coredump_wait.
func (c *coredump) wait() bool {
	t, s := c.task, c.task.signal
	t.user.SetTracedWord(t.call.word)
	t.lockSignals()
	if s.flags&SIGNAL_GROUP_EXIT != 0 || s.groupExecTask != nil {
		t.unlockSignals()
		return false
	}
	s.coreState = &c.state
	s.flags = SIGNAL_GROUP_EXIT
	s.groupExitCode = c.sig
	s.cancelGroupStop()
	for u := s.firstThread; u != nil; u = u.threads.next {
		if u != t && u.flags.Load()&PF_POSTCOREDUMP == 0 {
			killThread(u)
			c.state.missing++
		}
	}
	t.clearJobctlPending(jobctlPendingMask)
	t.ClearFlag(sched.TIFSigPending) // only SIGKILL counts now
	t.flags.Or(PF_DUMPCORE)
	missing := c.state.missing
	t.unlockSignals()
	if missing > 0 {
		c.state.startup.Wait()
	}
	for u := c.state.first; u != nil; u = u.dumpNext {
		for u.Running() { // it has said that it waits; its registers follow
			spin.Relax()
		}
	}
	return true
}

// finish lets the other threads go on to their end.
func (c *coredump) finish(dumped bool) {
	t := c.task
	t.lockSignals()
	if dumped && !fatalSignalPending(t) {
		t.signal.groupExitCode |= 0x80
	}
	t.signal.coreState = nil
	for u := c.state.first; u != nil; {
		next := u.dumpNext // u may be gone once it runs
		u.dumpNext, u.dumpWaiting = nil, false
		wakeTask(u)
		u = next
	}
	t.unlockSignals()
}

// coredumpTaskExit is called at a task's end: if another thread dumps core, it waits
// until that has seen its registers. Linux's coredump_task_exit.
//
// Preconditions: siglock held by lockSignals, before and after.
func (t *Task) coredumpTaskExit() {
	t.flags.Or(PF_POSTCOREDUMP)
	state := t.signal.coreState
	if state == nil {
		return
	}
	// One that ends by itself is not in the dump.
	if t.flags.Load()&PF_SIGNALED != 0 {
		t.user.SetTracedWord(t.call.word)
		if state.last == nil {
			state.first = t
		} else {
			state.last.dumpNext = t
		}
		state.last, t.dumpWaiting = t, true
	}
	if state.missing--; state.missing == 0 {
		state.startup.Complete()
	}
	for t.dumpWaiting {
		sched.SetCurrentState(sched.TaskUninterruptible)
		t.unlockSignals()
		sched.Schedule()
		t.lockSignals()
	}
}
