package seccomp

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
)

// AddFD is a file that a listener gives to a task whose system call it has seen.
type AddFD struct {
	File *fs.File
	// FD is the descriptor that the file is to have, if Set; else the lowest free.
	FD      int
	Set     bool
	Cloexec bool
	// Send makes the descriptor the answer to the call.
	Send bool

	next   *AddFD // Notifier.lock
	result int    // of finish
	done   sched.Completion
}

// finish says what has become of it: a descriptor or a negative errno.
func (a *AddFD) finish(result int) {
	a.result = result
	a.done.Complete()
}

// AddFD has the task of call id install a file, and waits until it has. It returns the
// descriptor or the error that the task got. ENOENT, EINPROGRESS; EBUSY for one that
// is to be the answer while others wait; errno.ERESTARTSYS if a signal was first.
func (n *Notifier) AddFD(id uint64, a *AddFD) (int, error) {
	q, err := n.queue(id, a)
	if err != nil {
		return 0, err
	}
	if err := a.done.WaitInterruptible(); err != nil {
		if n.withdraw(q, a) {
			return 0, err
		}
		a.done.Wait() // the task is at it
	}
	if a.result < 0 {
		return 0, syscall.Errno(-a.result)
	}
	return a.result, nil
}

// queue gives the file to the call that waits for it.
func (n *Notifier) queue(id uint64, a *AddFD) (*notification, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	q, err := n.find(id)
	if err != nil {
		return nil, err
	}
	if a.Send {
		if q.addFDs != nil {
			return nil, syscall.EBUSY
		}
		q.state = notifyReplied // but without a reply yet
	}
	a.next, q.addFDs = q.addFDs, a
	q.ready.Complete()
	return q, nil
}

// withdraw undoes queue, unless the task has taken the file already. As on Linux,
// a call that the file was to answer then returns 0.
func (n *Notifier) withdraw(q *notification, a *AddFD) bool {
	n.lock.Lock()
	defer n.lock.Unlock()
	for at := &q.addFDs; *at != nil; at = &(*at).next {
		if *at == a {
			*at = a.next
			return true
		}
	}
	return false
}
