package kernel

import (
	"syscall"

	"onsen/kernel/sched"
)

// Options of wait4(2) and waitid(2).
const (
	WNOHANG     = 0x00000001
	WUNTRACED   = 0x00000002
	WSTOPPED    = WUNTRACED
	WEXITED     = 0x00000004
	WCONTINUED  = 0x00000008
	WNOWAIT     = 0x01000000
	__WNOTHREAD = 0x20000000
	__WALL      = 0x40000000
	__WCLONE    = 0x80000000
)

// si_code of SIGCHLD.
const (
	cldExited    = 1
	cldKilled    = 2
	cldDumped    = 3
	cldTrapped   = 4
	cldStopped   = 5
	cldContinued = 6
)

// pidTypeAny as waitOpts.typ stands for every child.
const pidTypeAny = pidTypes

// waitOpts is which children somebody waits for, and what was found; Linux's
// struct wait_opts.
type waitOpts struct {
	typ   PidType // with pid, whom to wait for
	pid   *Pid
	flags uint
	// wantUsage says that the caller asks for what the child has used.
	wantUsage bool

	// child is the one whose state has changed, nil if there is none. What
	// follows is about it.
	child  *Task
	reap   bool // it is dead and the caller is to release it
	nr     int
	uid    uint32
	code   int   // si_code
	status int   // si_status
	stat   int   // as wait4 tells it
	usage  usage // of the child and its children, if it is dead or wantUsage is set
}

// wait sleeps until a child has changed its state as asked for. ECHILD means that
// there is no such child, ERESTARTSYS that a signal came first. Without an error
// and without w.child it is that WNOHANG did not want to wait.
func (w *waitOpts) wait() error {
	t := Current()
	hopeful := false
	look := func() bool {
		hopeful = w.scan(t)
		return w.child != nil || !hopeful || w.flags&WNOHANG != 0
	}
	err := w.sleep(&t.signal.waitChildExit, look)
	switch {
	case w.child != nil:
		if w.reap {
			releaseTask(w.child)
		}
		return nil
	case err != nil:
		return err
	case !hopeful:
		return syscall.ECHILD
	}
	return nil
}

// sleep waits in q until look is content. To look costs more than to join the queue,
// so that comes first, but for somebody who will not stay.
func (w *waitOpts) sleep(q *sched.WaitQueue, look func() bool) error {
	if w.flags&WNOHANG != 0 {
		look()
		return nil
	}
	return q.WaitInterruptibleQueued(look)
}

// scan looks for a child whose state has changed. hopeful says that there is one
// whose state can.
func (w *waitOpts) scan(t *Task) (hopeful bool) {
	lockTasklist()
	hopeful = w.scanLocked(t)
	unlockTasklist()
	return hopeful
}

// scanLocked is scan.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) scanLocked(t *Task) (hopeful bool) {
	if w.typ == PIDTYPE_PID {
		return w.scanPid(t)
	}
	if w.typ != pidTypeAny && (w.pid == nil || w.pid.tasks[w.typ] == nil) {
		return false
	}
	if w.flags&__WNOTHREAD != 0 {
		return w.scanChildren(t)
	}
	for u := t.signal.firstThread; u != nil && w.child == nil; u = u.threads.next {
		if w.scanChildren(u) {
			hopeful = true
		}
	}
	return hopeful
}

// scanChildren is scan for the children of one thread.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) scanChildren(t *Task) (hopeful bool) {
	for p := t.children.first; p != nil && w.child == nil; p = p.sibling.next {
		if w.consider(p, false) {
			hopeful = true
		}
	}
	for p := t.ptraced.first; p != nil && w.child == nil; {
		next := p.ptraceEntry.next // p may cease to be one
		if w.consider(p, true) {
			hopeful = true
		}
		p = next
	}
	return hopeful
}

// scanPid is scan for one process.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) scanPid(t *Task) (hopeful bool) {
	if w.pid == nil {
		return false
	}
	p := w.pid.tasks[PIDTYPE_TGID]
	if p != nil && w.isChildOf(p.realParent, t) {
		hopeful = w.consider(p, false)
	}
	if w.child != nil {
		return true
	}
	if hopeful && p.ptrace.Load() != 0 && !p.ptraceReparented() {
		return true // the tracee is the same, and has been looked at as one
	}
	if p := w.pid.tasks[PIDTYPE_PID]; p != nil && p.ptrace.Load() != 0 && w.isChildOf(p.parent, t) {
		return w.consider(p, true) || hopeful
	}
	return hopeful
}

// isChildOf reports whether t may wait for a child of parent.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) isChildOf(parent, t *Task) bool {
	return parent == t || w.flags&__WNOTHREAD == 0 && sameProcess(parent, t)
}

// consider looks at one child, or with traced one tracee, and takes it if its
// state has changed as asked for. It reports whether it can be waited for at all.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) consider(p *Task, traced bool) bool {
	if p.exitState == exitDead || !w.eligible(p, traced) {
		return false
	}
	if p.ptrace.Load() != 0 && !p.ptraceReparented() {
		// Traced by the process of its parent: stops are not told twice, once as
		// the process's and once as the tracee's.
		traced = true
	}
	hopeful := true
	if p.exitState == exitZombie {
		alone := !isLeader(p) || threadGroupEmpty(p)
		if alone && (traced || p.ptrace.Load() == 0) {
			return w.takeZombie(p)
		}
		// A leader that is a zombie while other threads live shows their state.
		// A dead tracee cannot stop any more. The parent of one comes after the
		// tracer.
		hopeful = !traced || w.flags&(WCONTINUED|WEXITED) != 0
	}
	h := p.sighand
	h.lockFor(Current())
	w.considerStops(p, traced)
	h.unlock()
	return hopeful
}

// considerStops is consider for a task that has stopped or was continued.
//
// Preconditions: tasklistLock and p's siglock held.
func (w *waitOpts) considerStops(p *Task, traced bool) {
	switch sig := p.signal; {
	case traced:
		if p.jobctl&(jobctlTraced|jobctlListening) == jobctlTraced && p.stopCode != 0 {
			w.found(p, cldTrapped, p.stopCode, p.stopCode<<8|0x7f)
			if w.flags&WNOWAIT == 0 {
				p.stopCode = 0 // told
			}
			return
		}
	case w.flags&WUNTRACED != 0 && sig.flags&SIGNAL_STOP_STOPPED != 0 && sig.groupExitCode != 0:
		w.found(p, cldStopped, sig.groupExitCode, sig.groupExitCode<<8|0x7f)
		if w.flags&WNOWAIT == 0 {
			sig.groupExitCode = 0 // told
		}
		return
	}
	if sig := p.signal; w.flags&WCONTINUED != 0 && sig.flags&SIGNAL_STOP_CONTINUED != 0 {
		w.found(p, cldContinued, sigcont, 0xffff)
		if w.flags&WNOWAIT == 0 {
			sig.flags &^= SIGNAL_STOP_CONTINUED
		}
	}
}

// eligible reports whether p is one of those waited for.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) eligible(p *Task, traced bool) bool {
	if w.typ != pidTypeAny && p.pidOf(w.typ) != w.pid {
		return false
	}
	// A "clone" child is one that sends no SIGCHLD; wait(2). To a tracer it makes
	// no difference.
	return traced || w.flags&__WALL != 0 || (p.exitSignal != sigchld) == (w.flags&__WCLONE != 0)
}

// takeZombie takes a dead child, if the caller waits for those.
//
// Preconditions: tasklistLock held, p is a zombie and, if it is a leader, without
// other threads. It is not traced, or the caller is a tracer.
func (w *waitOpts) takeZombie(p *Task) bool {
	if w.flags&WEXITED == 0 {
		return false
	}
	stat := exitStatus(p)
	code, status := childStatus(stat)
	w.found(p, code, status, stat)
	if w.flags&WNOWAIT != 0 {
		return true
	}
	if isLeader(p) && p.ptrace.Load() != 0 && p.ptraceReparented() {
		// Now it is its parent's turn.
		ptraceUnlink(p)
		if w.reap = notifyParent(p, p.exitSignal); w.reap {
			p.exitState = exitDead
		}
		return true
	}
	p.exitState = exitDead
	w.reap = true
	if !isLeader(p) {
		return true // its process still counts what it has used
	}
	cur := Current()
	cur.sighand.siglock.Lock()
	cur.signal.reaped.add(&w.usage)
	cur.sighand.siglock.Unlock()
	return true
}

// exitStatus returns the status of a process that is a zombie.
func exitStatus(p *Task) int {
	if p.signal.flags&SIGNAL_GROUP_EXIT != 0 {
		return p.signal.groupExitCode
	}
	return p.exitCode
}

// found notes what there is to tell of p.
//
// Preconditions: tasklistLock held.
func (w *waitOpts) found(p *Task, code, status, stat int) {
	w.child, w.nr, w.uid = p, p.Pid, p.Cred().UID
	w.code, w.status, w.stat = code, status, stat
	if w.wantUsage || p.exitState != 0 {
		w.usage = processUsageLocked(p)
		w.usage.add(&p.signal.reaped)
	}
}
