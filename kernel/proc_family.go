package kernel

import (
	"bytes"
	"fmt"
	"slices"
)

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
	list := collectPids(func(emit func(*Task)) {
		for t := leader.signal.firstThread; t != nil; t = t.threads.next {
			emit(t)
		}
	})
	slices.Sort(list)
	return list
}

// showChildren shows the processes that t has made and that nobody has waited for,
// oldest first.
func showChildren(t *Task, w *bytes.Buffer) error {
	for _, pid := range collectPids(func(emit func(*Task)) {
		for c := t.children.first; c != nil; c = c.sibling.next {
			emit(c)
		}
	}) {
		fmt.Fprintf(w, "%d ", pid)
	}
	return nil
}

// collectPids returns the PIDs of the tasks that each emits, which it does with
// tasklistLock held, again and again until there is room for all of them.
func collectPids(each func(emit func(*Task))) []int {
	for room := 16; ; {
		list, n := make([]int, 0, room), 0
		emit := func(t *Task) {
			if n++; n <= room {
				list = append(list, t.Pid)
			}
		}
		tasklistLock.Lock()
		each(emit)
		tasklistLock.Unlock()
		if n <= room {
			return list
		}
		room = n + n/4
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
