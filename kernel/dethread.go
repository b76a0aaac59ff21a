package kernel

import (
	"syscall"

	"onsen/kernel/sched"
)

// deThread makes the calling task the only thread of its process, and its leader
// with the process's PID, for execve(2): the others are killed. It also gives the
// task signal handlers of its own. EAGAIN means that the process is ending, or
// that another thread was first; the caller is then about to be killed.
func deThread(t *Task) error {
	if !t.alone() {
		if err := killOthers(t); err != nil {
			return err
		}
		if !isLeader(t) {
			if err := becomeLeader(t); err != nil {
				return err
			}
		}
		t.sighand.siglock.Lock()
		t.signal.groupExecTask, t.signal.notifyCount = nil, 0
		t.sighand.siglock.Unlock()
	}
	tasklistLock.Lock()
	t.exitSignal = sigchld
	tasklistLock.Unlock()
	t.unshareSighand()
	return nil
}

// killOthers kills the other threads of t's process, and waits until they are
// gone but for the leader.
func killOthers(t *Task) error {
	sig, lock := t.signal, &t.sighand.siglock
	lock.Lock()
	if sig.flags&SIGNAL_GROUP_EXIT != 0 || sig.groupExecTask != nil {
		lock.Unlock()
		return syscall.EAGAIN
	}
	sig.groupExecTask = t
	sig.notifyCount = zapOtherThreads(t)
	if !isLeader(t) {
		sig.notifyCount--
	}
	for sig.notifyCount != 0 {
		sched.SetCurrentState(sched.TaskKillable)
		lock.Unlock()
		sched.Schedule()
		if fatalSignalPending(t) {
			return giveUpExec(t)
		}
		lock.Lock()
	}
	lock.Unlock()
	return nil
}

// giveUpExec is what killOthers and becomeLeader do when the caller is killed.
func giveUpExec(t *Task) error {
	tasklistLock.Lock() // exitNotify reads them
	t.sighand.siglock.Lock()
	t.signal.groupExecTask, t.signal.notifyCount = nil, 0
	t.sighand.siglock.Unlock()
	tasklistLock.Unlock()
	return syscall.EAGAIN
}

// becomeLeader waits until the leader of t's process is a zombie, and takes its
// place: the PID, the parent's child, the process group and the session.
func becomeLeader(t *Task) error {
	leader := t.groupLeader
	tasklistLock.Lock()
	for leader.exitState == 0 {
		t.signal.notifyCount = -1
		sched.SetCurrentState(sched.TaskKillable)
		tasklistLock.Unlock()
		sched.Schedule()
		if fatalSignalPending(t) {
			return giveUpExec(t)
		}
		tasklistLock.Lock()
	}
	t.StartTime = leader.StartTime
	exchangeTids(t, leader)
	transferPid(leader, t, PIDTYPE_TGID)
	transferPid(leader, t, PIDTYPE_PGID)
	transferPid(leader, t, PIDTYPE_SID)
	replaceProcess(leader, t)
	t.groupLeader, leader.groupLeader = t, t
	t.exitSignal, leader.exitSignal = sigchld, -1
	leader.exitState = exitDead
	if leader.ptrace.Load() != 0 {
		leader.parent.signal.waitChildExit.WakeAll() // it will not see this one
	}
	tasklistLock.Unlock()
	releaseTask(leader)
	return nil
}

// unshareSighand gives the calling task signal handlers of its own.
func (t *Task) unshareSighand() {
	old := t.sighand
	if old.users.Load() == 1 {
		return
	}
	own := new(SighandStruct)
	own.users.Store(1)
	tasklistLock.Lock()
	old.siglock.Lock()
	own.actions = old.actions
	t.sighand = own
	old.siglock.Unlock()
	tasklistLock.Unlock()
	old.put()
}
