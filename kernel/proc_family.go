package kernel

import "slices"

// procFamily returns t's place in its process and session, and its terminal.
func (t *Task) procFamily() (f procFamily) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t.realParent != nil {
		f.ppid = t.realParent.Tgid
	}
	if t.ptrace.Load() != 0 {
		f.tracer = t.parent.Pid
	}
	f.threads = t.signal.nrThreads
	if p := taskPgrp(t); p != nil {
		f.pgid = p.Nr()
	}
	if s := taskSession(t); s != nil {
		f.sid = s.Nr()
	}
	f.ttyPgrp = -1
	if terminal := t.signal.tty.Load(); terminal != nil {
		f.ttyNr, f.ttyPgrp = int(uint32(terminal.Dev)), 0
		if pgrp := terminal.Foreground(); pgrp != nil {
			f.ttyPgrp = pgrp.Nr()
		}
	}
	return f
}

// threadPids returns the PIDs of the threads of a process, lowest first.
func threadPids(leader *Task) []int {
	list := make([]int, 0, 16)
	for {
		tasklistLock.Lock()
		if n := leader.signal.nrThreads; n > cap(list) {
			tasklistLock.Unlock()
			list = make([]int, 0, n+n/4)
			continue
		}
		for t := leader.signal.firstThread; t != nil; t = t.threads.next {
			list = append(list, t.Pid)
		}
		tasklistLock.Unlock()
		slices.Sort(list)
		return list
	}
}

// markDescendants notes in all descendants of t's process that one of their
// ancestors takes in orphans.
//
// Preconditions: tasklistLock held.
func markDescendants(t *Task) {
	for p := processes.first; p != nil; p = p.all.next {
		for up := p.realParent; up != nil; up = up.realParent {
			if up.signal == t.signal {
				p.signal.hasChildSubreaper = true
				break
			}
			if up.Pid <= 1 {
				break
			}
		}
	}
}

// LastPid returns the PID that was given out last.
func LastPid() int {
	pids.lock.Lock()
	defer pids.lock.Unlock()
	return pids.last
}
