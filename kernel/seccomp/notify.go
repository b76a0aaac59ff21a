package seccomp

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// Notifier is where the tasks whose system calls a filter wants to be answered
// (UserNotif) meet the listener who answers them. A nil Notifier is one of a filter
// that has no listener.
type Notifier struct {
	// killable says that a call of which the listener knows is interrupted by
	// fatal signals only. Constant.
	killable bool

	// lock comes after the siglock and before the locks of package sched.
	lock spin.Lock
	// closed says that the listener is gone, and orphaned that no task has the
	// filter any more. lock.
	closed, orphaned bool
	// requests is how many calls there may be that the listener has not seen. One
	// that a signal has ended meanwhile still counts. lock.
	requests int
	nextID   uint64 // lock
	// first and last are the calls that wait, oldest first. lock.
	first, last *notification

	// wait is where the listener waits for something to change.
	wait sched.WaitQueue
}

// NewNotifier returns a Notifier that begins to count with id.
func NewNotifier(id uint64, killable bool) *Notifier {
	return &Notifier{nextID: id, killable: killable}
}

// notifyState is how far a notification is.
type notifyState uint8

const (
	notifyNew     notifyState = iota // the listener has not seen it
	notifySent                       // it has
	notifyReplied                    // there is an answer
)

// notification is a system call that waits for an answer.
type notification struct {
	Notif
	next, prev *notification // Notifier.lock
	listed     bool          // Notifier.lock
	state      notifyState   // Notifier.lock
	reply      Resp          // Notifier.lock
	addFDs     *AddFD        // the latest first. Notifier.lock
	// ready is completed when state or addFDs have changed.
	ready sched.Completion
}

// Notif is what the listener learns: struct seccomp_notif.
type Notif struct {
	ID         uint64
	Pid, Flags uint32
	Data       Data
}

// Resp is what the listener answers: struct seccomp_notif_resp. Error is a negative
// errno, and the call returns Val if that is 0.
type Resp struct {
	ID    uint64
	Val   int64
	Error int32
	Flags uint32
}

// RespContinue as a flag of Resp has the system call made after all.
const RespContinue = 1

// enosys is the answer of nobody.
var enosys = Resp{Error: -int32(syscall.ENOSYS)}

// Ask asks the listener about the calling task's system call, and sleeps until
// there is an answer. install is called for files that the listener wants the task
// to have. An error is that a signal has ended the wait.
func (n *Notifier) Ask(pid int, d *Data, install func(*AddFD) int) (Resp, error) {
	if n == nil {
		return enosys, nil
	}
	q := &notification{Notif: Notif{Pid: uint32(pid), Data: *d}}
	n.lock.Lock()
	if n.closed {
		n.lock.Unlock()
		return enosys, nil
	}
	q.ID = n.nextID
	n.nextID++
	n.add(q)
	n.requests++
	n.lock.Unlock()
	n.wait.WakeAll()

	err := n.await(q, install)
	n.lock.Lock()
	n.remove(q)
	left := q.addFDs
	q.addFDs = nil
	reply := q.reply
	n.lock.Unlock()
	for ; left != nil; left = left.next {
		left.finish(-int(syscall.ESRCH))
	}
	return reply, err
}

// await sleeps until q has an answer.
func (n *Notifier) await(q *notification, install func(*AddFD) int) error {
	for {
		n.lock.Lock()
		killable := n.mustWait(q)
		n.lock.Unlock()
		wait := q.ready.WaitInterruptible
		if killable {
			wait = q.ready.WaitKillable
		}
		err := wait()
		n.lock.Lock()
		if err != nil && (killable || !n.mustWait(q)) {
			n.lock.Unlock()
			return err
		}
		a := q.addFDs
		if a != nil {
			q.addFDs = a.next
		}
		n.lock.Unlock()
		if a != nil {
			n.install(q, a, install)
		}
		n.lock.Lock()
		replied := q.state == notifyReplied
		n.lock.Unlock()
		if replied {
			return nil
		}
	}
}

// mustWait reports whether only a fatal signal may end q's wait.
//
// Preconditions: lock held.
func (n *Notifier) mustWait(q *notification) bool { return n.killable && q.state >= notifySent }

// install gives the calling task, which waits as q, a file. If that was to be the
// answer and fails, there is none yet.
func (n *Notifier) install(q *notification, a *AddFD, install func(*AddFD) int) {
	fd := install(a)
	if a.Send {
		n.lock.Lock()
		switch {
		case fd >= 0:
			q.reply = Resp{Val: int64(fd)}
		case n.closed:
			q.reply = enosys
		default:
			q.state = notifySent
		}
		n.lock.Unlock()
	}
	a.finish(fd)
}

// Recv waits for a call that the listener has not seen, and passes it to put. If put
// fails the call counts as not seen. EINTR; ENOENT if a signal has just ended it.
func (n *Notifier) Recv(put func(*Notif) error) error {
	if n.wait.WaitInterruptible(n.takeRequest) != nil {
		return syscall.EINTR
	}
	n.lock.Lock()
	q := n.first
	for q != nil && q.state != notifyNew {
		q = q.next
	}
	if q == nil {
		n.lock.Unlock()
		return syscall.ENOENT
	}
	q.state = notifySent
	n.lock.Unlock()
	n.wait.WakeAll()
	err := put(&q.Notif)
	if err != nil {
		n.unsee(q)
	}
	return err
}

// takeRequest takes one of requests, if there is one.
func (n *Notifier) takeRequest() bool {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.requests == 0 {
		return false
	}
	n.requests--
	return true
}

// unsee undoes Recv, unless the call does not wait any more.
func (n *Notifier) unsee(q *notification) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if !q.listed {
		return
	}
	if n.mustWait(q) {
		q.ready.Complete() // it may be interrupted again
	}
	q.state = notifyNew
	n.requests++
}

// find returns the call with an id: ENOENT, and EINPROGRESS if it is not one that
// the listener has seen and not answered.
//
// Preconditions: lock held.
func (n *Notifier) find(id uint64) (*notification, error) {
	for q := n.first; q != nil; q = q.next {
		if q.ID == id {
			if q.state != notifySent {
				return nil, syscall.EINPROGRESS
			}
			return q, nil
		}
	}
	return nil, syscall.ENOENT
}

// Send answers a call: EINVAL, ENOENT, EINPROGRESS.
func (n *Notifier) Send(r Resp) error {
	if r.Flags&^RespContinue != 0 || r.Flags != 0 && (r.Error != 0 || r.Val != 0) {
		return syscall.EINVAL
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	q, err := n.find(r.ID)
	if err == nil {
		q.answer(r)
	}
	return err
}

// answer answers a call.
//
// Preconditions: lock held.
func (q *notification) answer(r Resp) {
	q.state, q.reply = notifyReplied, r
	q.ready.Complete()
}

// Valid returns ENOENT if there is no call with that id which the listener may
// answer.
func (n *Notifier) Valid(id uint64) error {
	n.lock.Lock()
	defer n.lock.Unlock()
	if _, err := n.find(id); err != nil {
		return syscall.ENOENT
	}
	return nil
}

// Poll returns what the listener can do: Recv, Send. A filter that no task has any
// more is a hang-up.
func (n *Notifier) Poll(t *fs.PollTable) (events fs.PollEvents) {
	t.Wait(&n.wait)
	n.lock.Lock()
	defer n.lock.Unlock()
	for q := n.first; q != nil; q = q.next {
		switch q.state {
		case notifyNew:
			events |= fs.PollIn | fs.PollRdNorm
		case notifySent:
			events |= fs.PollOut | fs.PollWrNorm
		}
	}
	if n.orphaned {
		events |= fs.PollHup
	}
	return events
}

// Close says that there is no listener any more: ENOSYS to all who wait.
func (n *Notifier) Close() {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.closed = true
	for q := n.first; q != nil; q = q.next {
		if q.state != notifyReplied {
			q.answer(enosys)
		}
	}
}

// Listening reports whether there is a listener.
func (n *Notifier) Listening() bool {
	if n == nil {
		return false
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	return !n.closed
}

// orphan says that no task has the filter any more.
func (n *Notifier) orphan() {
	if n == nil {
		return
	}
	n.lock.Lock()
	n.orphaned = true
	n.lock.Unlock()
	n.wait.WakeAll()
}

// add puts q at the end of the list.
//
// Preconditions: lock held.
func (n *Notifier) add(q *notification) {
	q.listed, q.prev = true, n.last
	if n.last != nil {
		n.last.next = q
	} else {
		n.first = q
	}
	n.last = q
}

// remove takes q out of the list.
//
// Preconditions: lock held.
func (n *Notifier) remove(q *notification) {
	if q.prev != nil {
		q.prev.next = q.next
	} else {
		n.first = q.next
	}
	if q.next != nil {
		q.next.prev = q.prev
	} else {
		n.last = q.prev
	}
	q.listed, q.next, q.prev = false, nil, nil
}
