package kernel

import "sync/atomic"

// The task family: which tasks there are, which process each belongs to and
// whose children they are.

// processes is the list of all processes, kernel threads included and idle tasks
// not, oldest first: their leaders, linked by Task.all. tasklistLock.
var processes struct{ first, last *Task }

// nrThreads is the number of tasks, idle ones not counted; it has Linux's name
// but counts processes of one thread as well. Written under tasklistLock.
// totalForks is how many tasks there have ever been. tasklistLock.
var (
	nrThreads  atomic.Int32
	totalForks uint64
)

// Tasks returns all tasks except the idle ones: processes oldest first, each
// with its threads.
func Tasks() []*Task {
	// The list must not be extended under the lock.
	list := make([]*Task, 0, NrTasks()+16)
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	for p := processes.first; p != nil; p = p.all.next {
		for t := p.signal.firstThread; t != nil; t = t.threads.next {
			if len(list) == cap(list) {
				return list
			}
			list = append(list, t)
		}
	}
	return list
}

// NrTasks returns how many tasks there are, idle ones not counted.
func NrTasks() int { return int(nrThreads.Load()) }

// TotalForks returns how many tasks there have ever been.
func TotalForks() uint64 {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return totalForks
}

// isLeader reports whether t is the leader of its process.
//
// Preconditions: tasklistLock held, or t is the caller.
func isLeader(t *Task) bool { return t.groupLeader == t }

// sameProcess reports whether two tasks are threads of one process.
func sameProcess(a, b *Task) bool { return a.signal == b.signal }

// threadGroupEmpty reports whether t is all that is left of its process.
//
// Preconditions: tasklistLock or siglock held.
func threadGroupEmpty(t *Task) bool {
	return t.signal.firstThread == t && t.threads.next == nil
}

// linkProcess adds a new process's leader to the list of processes and to its
// parent's children.
//
// Preconditions: tasklistLock held, realParent is set.
func linkProcess(t *Task) {
	t.all.prev, t.all.next = processes.last, nil
	if processes.last != nil {
		processes.last.all.next = t
	} else {
		processes.first = t
	}
	processes.last = t
	t.realParent.addChild(t)
}

// unlinkProcess undoes linkProcess.
//
// Preconditions: tasklistLock held.
func unlinkProcess(t *Task) {
	if t.all.prev != nil {
		t.all.prev.all.next = t.all.next
	} else {
		processes.first = t.all.next
	}
	if t.all.next != nil {
		t.all.next.all.prev = t.all.prev
	} else {
		processes.last = t.all.prev
	}
	t.all.next, t.all.prev = nil, nil
	t.realParent.removeChild(t)
}

// replaceProcess puts the new leader of a process into the places of the old
// one.
//
// Preconditions: tasklistLock held, both have the same realParent.
func replaceProcess(old, leader *Task) {
	leader.all = old.all
	old.all.next, old.all.prev = nil, nil
	if p := leader.all.prev; p != nil {
		p.all.next = leader
	} else {
		processes.first = leader
	}
	if n := leader.all.next; n != nil {
		n.all.prev = leader
	} else {
		processes.last = leader
	}
	leader.sibling = old.sibling
	old.sibling.next, old.sibling.prev = nil, nil
	parent := leader.realParent
	if s := leader.sibling.prev; s != nil {
		s.sibling.next = leader
	} else {
		parent.children.first = leader
	}
	if s := leader.sibling.next; s != nil {
		s.sibling.prev = leader
	} else {
		parent.children.last = leader
	}
}

// addChild appends c, the leader of a process, to t's children.
//
// Preconditions: tasklistLock held.
func (t *Task) addChild(c *Task) {
	c.sibling.prev, c.sibling.next = t.children.last, nil
	if t.children.last != nil {
		t.children.last.sibling.next = c
	} else {
		t.children.first = c
	}
	t.children.last = c
}

// removeChild takes c from t's children.
//
// Preconditions: tasklistLock held.
func (t *Task) removeChild(c *Task) {
	if c.sibling.prev != nil {
		c.sibling.prev.sibling.next = c.sibling.next
	} else {
		t.children.first = c.sibling.next
	}
	if c.sibling.next != nil {
		c.sibling.next.sibling.prev = c.sibling.prev
	} else {
		t.children.last = c.sibling.prev
	}
	c.sibling.next, c.sibling.prev = nil, nil
}

// adoptChildren appends all of from's children to t's.
//
// Preconditions: tasklistLock held.
func (t *Task) adoptChildren(from *Task) {
	first := from.children.first
	if first == nil {
		return
	}
	first.sibling.prev = t.children.last
	if t.children.last != nil {
		t.children.last.sibling.next = first
	} else {
		t.children.first = first
	}
	t.children.last = from.children.last
	from.children.first, from.children.last = nil, nil
}

// addThread appends t to the threads of its process.
//
// Preconditions: tasklistLock and siglock held.
func (s *SignalStruct) addThread(t *Task) {
	t.threads.prev, t.threads.next = s.lastThread, nil
	if s.lastThread != nil {
		s.lastThread.threads.next = t
	} else {
		s.firstThread = t
	}
	s.lastThread = t
	s.nrThreads++
}

// removeThread undoes addThread.
//
// Preconditions: tasklistLock and siglock held.
func (s *SignalStruct) removeThread(t *Task) {
	if t.threads.prev != nil {
		t.threads.prev.threads.next = t.threads.next
	} else {
		s.firstThread = t.threads.next
	}
	if t.threads.next != nil {
		t.threads.next.threads.prev = t.threads.prev
	} else {
		s.lastThread = t.threads.prev
	}
	t.threads.next, t.threads.prev = nil, nil
	s.nrThreads--
}
