package kernel

import (
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// exitNotify hands t's children on and lets its parent know of its end; groupDead
// says that t was the last thread of its process. Afterwards t is a zombie, or
// gone if nobody wants to know.
func exitNotify(t *Task, groupDead bool) {
	var dead *Task
	tasklistLock.Lock()
	forgetOriginalParent(t, &dead)
	if groupDead {
		killOrphanedPgrp(t.groupLeader, nil)
	}
	t.exitState = exitZombie
	autoreap := true
	switch {
	case t.ptrace.Load() != 0:
		sig := sigchld
		if isLeader(t) && threadGroupEmpty(t) && !t.ptraceReparented() {
			sig = t.exitSignal
		}
		autoreap = notifyParent(t, sig)
	case isLeader(t):
		autoreap = threadGroupEmpty(t) && notifyParent(t, t.exitSignal)
	}
	if autoreap {
		t.exitState = exitDead
		t.dead, dead = dead, t
	}
	if t.signal.notifyCount < 0 {
		wakeTask(t.signal.groupExecTask) // deThread waits for the leader
	}
	tasklistLock.Unlock()
	for dead != nil {
		next := dead.dead
		dead.dead = nil
		releaseTask(dead)
		dead = next
	}
}

// forgetOriginalParent gives the children of father, who ends, a new parent:
// another thread of father's process, the nearest ancestor that is a subreaper,
// or init. Those that are zombies which the new parent does not want are put on
// the list of the dead.
//
// Preconditions: tasklistLock held.
func forgetOriginalParent(father *Task, dead **Task) {
	if father.ptraced.first != nil {
		exitPtrace(father, dead)
	}
	if father.children.first == nil {
		return
	}
	reaper := findNewReaper(father)
	for p := father.children.first; p != nil; p = p.sibling.next {
		for u := p.signal.firstThread; u != nil; u = u.threads.next {
			u.realParent = reaper
			if u.ptrace.Load() == 0 {
				u.parent = reaper
			}
			if sig := int(u.pdeathSignal.Load()); sig != 0 {
				// As if the father had called kill(2).
				info := signal.User(sig, father.Tgid, father.Cred().UID)
				_ = killTask(sig, &info, u, PIDTYPE_TGID)
			}
		}
		if !sameProcess(reaper, father) {
			reparentLeader(father, p, dead)
		}
	}
	reaper.adoptChildren(father)
}

// reparentLeader does what is special about a child that gets another process
// for a parent.
//
// Preconditions: tasklistLock held.
func reparentLeader(father, p *Task, dead **Task) {
	if p.exitState == exitDead {
		return
	}
	p.exitSignal = sigchld // whatever the old parent wanted
	if p.ptrace.Load() == 0 && p.exitState == exitZombie && threadGroupEmpty(p) && notifyParent(p, p.exitSignal) {
		p.exitState = exitDead
		p.dead, *dead = *dead, p
	}
	killOrphanedPgrp(p, father)
}

// findNewReaper returns who gets the children of father.
//
// Preconditions: tasklistLock held.
func findNewReaper(father *Task) *Task {
	if u := aliveThread(father); u != nil {
		return u
	}
	if father.signal.hasChildSubreaper {
		for r := father.realParent; !r.IsIdle(); r = r.realParent {
			if !r.signal.isChildSubreaper {
				continue
			}
			if u := aliveThread(r); u != nil {
				return u
			}
		}
	}
	init := findTask(1, PIDTYPE_TGID)
	if init == nil {
		return father.realParent // in tests of the kernel only
	}
	if u := aliveThread(init); u != nil {
		return u
	}
	return init
}

// aliveThread returns a thread of t's process that has not begun to exit, or nil.
//
// Preconditions: tasklistLock held.
func aliveThread(t *Task) *Task {
	for u := t.signal.firstThread; u != nil; u = u.threads.next {
		if u.flags.Load()&PF_EXITING == 0 {
			return u
		}
	}
	return nil
}

// killOrphanedPgrp sends SIGHUP and SIGCONT to the process group of t if that
// has stopped members and loses its last link to the rest of its session: because
// t ends (parent nil), or because t's parent does.
//
// Preconditions: tasklistLock held.
func killOrphanedPgrp(t, parent *Task) {
	pgrp := taskPgrp(t)
	ignored := t
	if parent == nil {
		parent = t.realParent
	} else {
		ignored = nil
	}
	if taskPgrp(parent) != pgrp && taskSession(parent) == taskSession(t) &&
		pgrpOrphaned(pgrp, ignored) && hasStoppedJobs(pgrp) {
		killPgrpLocked(sighup, pgrp)
		killPgrpLocked(sigcont, pgrp)
	}
}

// pgrpOrphaned reports whether no member of a process group but ignored has a
// parent in another group of the session, who could continue it.
//
// Preconditions: tasklistLock held.
func pgrpOrphaned(pgrp *Pid, ignored *Task) bool {
	for p := pgrp.tasks[PIDTYPE_PGID]; p != nil; p = p.pidLinks[PIDTYPE_PGID].next {
		if p == ignored || p.exitState != 0 && threadGroupEmpty(p) || p.realParent.Tgid == 1 {
			continue
		}
		if taskPgrp(p.realParent) != pgrp && taskSession(p.realParent) == taskSession(p) {
			return false
		}
	}
	return true
}

// IsCurrentPgrpOrphaned reports whether the caller's process group is orphaned:
// a terminal does not stop it then.
func IsCurrentPgrpOrphaned() bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return pgrpOrphaned(taskPgrp(Current()), nil)
}

// hasStoppedJobs reports whether a member of a process group is stopped.
//
// Preconditions: tasklistLock held.
func hasStoppedJobs(pgrp *Pid) bool {
	for p := pgrp.tasks[PIDTYPE_PGID]; p != nil; p = p.pidLinks[PIDTYPE_PGID].next {
		if p.signal.flags&SIGNAL_STOP_STOPPED != 0 {
			return true
		}
	}
	return false
}

// notifyParent tells t's parent that t's process has ended: by the signal, if it
// is one, and by waking who waits. It reports whether the parent does not want to
// know, so that t is to be released at once. Linux's do_notify_parent.
//
// Preconditions: tasklistLock held.
func notifyParent(t *Task, sig int) (autoreap bool) {
	t.pid.wait.WakeAll()
	parent := t.parent
	if sig != sigchld && t.parentExecID != parent.selfExecID {
		sig = sigchld // the parent is another program by now
	}
	parent.sighand.siglock.Lock()
	defer parent.sighand.siglock.Unlock()
	switch {
	case parent.IsKthread():
		return true // waits for nobody
	case sig == sigchld && t.ptrace.Load() == 0:
		autoreap, sig = childIgnored(&parent.sighand.actions[sigchld-1])
	}
	if sig > 0 && sig <= signal.Max {
		sendChildExit(sig, t, parent)
	}
	parent.signal.waitChildExit.WakeAll()
	return autoreap
}

// childIgnored reports whether a parent with this action for SIGCHLD leaves no
// zombies, and which signal it gets.
func childIgnored(a *signal.Action) (autoreap bool, sig int) {
	const noChildWait = 2 // SA_NOCLDWAIT
	switch {
	case a.Handler == sigIgn:
		return true, 0
	case a.Flags&noChildWait != 0:
		return true, sigchld
	}
	return false, sigchld
}

// childStatus splits a status as wait(2) tells it into si_code and si_status.
func childStatus(code int) (siCode, status int) {
	switch {
	case code&0x7f == 0:
		return cldExited, code >> 8
	case code&0x80 != 0:
		return cldDumped, code & 0x7f
	}
	return cldKilled, code & 0x7f
}

// releaseTask takes a dead task out of everything. If it was the last thread but
// for a zombie leader, the leader's parent is told now, and if it does not want
// to know, the leader is released as well.
func releaseTask(t *Task) {
	for t != nil {
		t.account.uncharge()
		leader := t.groupLeader
		tasklistLock.Lock()
		ptraceUnlink(t)
		unlinkTask(t)
		zap := false
		if leader != t && threadGroupEmpty(leader) && leader.exitState == exitZombie {
			if zap = notifyParent(leader, leader.exitSignal); zap {
				leader.exitState = exitDead
			}
		}
		tasklistLock.Unlock()
		t.releaseSeccomp()
		flushSignals(t)
		if t == leader {
			flushProcess(t.signal)
		}
		t = nil
		if zap {
			t = leader
		}
	}
}

// unlinkTask undoes publish; Linux's __exit_signal. Whoever takes the siglock of
// another task through its sighand holds tasklistLock and looks for nil.
//
// Preconditions: tasklistLock held.
func unlinkTask(t *Task) {
	h, sig := t.sighand, t.signal
	h.siglock.Lock()
	if t == t.groupLeader {
		detachPid(t, PIDTYPE_TGID)
		detachPid(t, PIDTYPE_PGID)
		detachPid(t, PIDTYPE_SID)
		unlinkProcess(t)
	} else {
		if sig.notifyCount > 0 {
			if sig.notifyCount--; sig.notifyCount == 0 {
				wakeTask(sig.groupExecTask)
			}
		}
		used := t.usageParts()
		sig.gone.add(&used)
		leaveThreadGroup(t)
	}
	detachPid(t, PIDTYPE_PID)
	sig.removeThread(t)
	nrThreads.Add(-1)
	t.sighand = nil
	h.siglock.Unlock()
	h.put()
}

// wakeTask wakes a task from any sleep that an ordinary wake-up ends.
func wakeTask(t *Task) { sched.WakeUpProcess(&t.Task) }
