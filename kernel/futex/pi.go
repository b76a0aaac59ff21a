package futex

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Futexes that pass on priority: futex(2), "Priority-inheritance futexes".
//
// The word of such a futex is the thread id of its owner, or 0, with Waiters and
// OwnerDied. Programs take it from 0 and give it back themselves; whoever finds it
// taken calls LockPI, which sets Waiters, so that the owner has to call UnlockPI.
//
// While there are waiters, a piState stands for the futex. Its mutex is what they
// wait for and what lends the owner their priority. Three have to agree on who the
// owner is: the word, piState.owner and the owner of the mutex. UnlockPI writes the
// id of the first waiter into the word, makes it piState.owner, and lets go of the
// mutex; the waiter takes that when it runs. If another one is faster, or the owner
// has died, whoever gets the mutex puts the other two right: fixup. Only there and
// in requests that fail is the word's page brought in, with no lock held.
//
// Nothing that a program does to the word can harm more than the program: it is
// compared with the piState each time, and EINVAL says that they do not fit.

// piState is a futex that passes on priority and for which somebody waits.
type piState struct {
	mutex sched.RtMutex // LockRt
	key   Key           // constant
	// owner is who the word says it is, or nil since that one has died. Written
	// with the bucket locked and under LockRt.
	owner *sched.Task
	// refs counts the waiters, and a call that is about to make some. LockRt.
	refs int
	// next and prev link the states of one owner. LockRt.
	next, prev *piState
}

// piWait is what a waiter for a futex that passes on priority, or one that is to be
// moved to one, has beside its place in a bucket.
type piWait struct {
	rt sched.RtWaiter
	// state is what is waited for; nil as long as the waiter has not been moved.
	// Written with the waiter's bucket locked.
	state *piState
	// requeueTo is where the waiter may be moved to, if requeue is set. Written
	// before the waiter is queued.
	requeueTo Key
	requeue   bool
}

// waitingRequeue reports whether w is in WaitRequeuePI and has not been moved.
//
// Preconditions: its bucket locked.
func (w *Waiter) waitingRequeue() bool { return w.pi != nil && w.pi.requeue && w.pi.state == nil }

// Owner is what a task is to the futexes that pass on priority.
type Owner struct {
	// held are the futexes that it owns and others wait for. LockRt.
	held *piState
	// exit is how far the task has let go of its futexes. Written by the task. Who
	// makes it an owner looks at this under LockRt, and so does EndExit at held.
	exit atomic.Uint32
	// exiting is held by the task while it does.
	exiting sched.Mutex
	// spare is a state for the next one that is needed with locks held, and wait
	// is for the task to wait with. Exclusive to the task.
	spare *piState
	wait  *piWait
}

// Tasks is what this package must know of tasks. Set at start-up.
var Tasks interface {
	// TID returns the thread id of t.
	TID(t *sched.Task) uint32
	// Find returns the task with a thread id, or nil, and whether it is one that
	// has no program. It is called with a bucket locked.
	Find(tid uint32) (t *sched.Task, kernel bool)
	// Owner returns the Owner of t.
	Owner(t *sched.Task) *Owner
}

// prepare makes what the calling task may need with locks held.
func (o *Owner) prepare() {
	if o.spare == nil {
		o.spare = new(piState)
	}
	if o.wait == nil {
		o.wait = new(piWait)
	}
}

// initPI makes w a waiter with p, which is to be moved to another key unless that
// is nil. Its bitset is empty, as nobody else's is: it is not woken like others.
func (w *Waiter) initPI(k Key, p *piWait, to *Key) {
	w.key = k
	w.init(sched.Current(), 0)
	p.state, p.requeue = nil, to != nil
	if to != nil {
		p.requeueTo = *to
	}
	w.pi = p
}

// newState makes the spare state of the calling task that of a futex with a key
// that t owns. There is one reference to it.
//
// Preconditions: the bucket of the key locked, LockRt held.
func (o *Owner) newState(k *Key, t *sched.Task) *piState {
	s := o.spare
	o.spare = nil
	s.key, s.refs = *k, 1
	s.mutex.SetOwner(t)
	s.setOwner(t)
	return s
}

// setOwner makes t, or nobody, the owner.
//
// Preconditions: as for piState.owner.
func (s *piState) setOwner(t *sched.Task) {
	if s.owner != nil {
		if s.prev != nil {
			s.prev.next = s.next
		} else {
			Tasks.Owner(s.owner).held = s.next
		}
		if s.next != nil {
			s.next.prev = s.prev
		}
		s.next, s.prev = nil, nil
	}
	if s.owner = t; t != nil {
		o := Tasks.Owner(t)
		if s.next = o.held; s.next != nil {
			s.next.prev = s
		}
		o.held = s
	}
}

// put takes a reference back. Without any the futex is none for the kernel any
// more.
//
// Preconditions: the bucket of s locked, LockRt held.
func (s *piState) put() {
	if s.refs--; s.refs == 0 {
		s.setOwner(nil)
		s.mutex.Abandon()
	}
}

// piKey is key for a word that is going to be written. EFAULT if that cannot be
// done to one that is shared; others are found out about later.
func piKey(mm unsafe.Pointer, addr uintptr, f Flags) (Key, error) {
	if f&Shared != 0 && addr%4 == 0 {
		if err := faultIn(addr); err != nil {
			return Key{}, err
		}
	}
	return key(mm, addr, f)
}

// faultIn brings in the page of a word, to be written. EFAULT.
func faultIn(addr uintptr) error {
	_, err := uaccess.Cmpxchg32(addr, 0, 0)
	return err
}

// obstacle is why an attempt with locks held has to be made again.
type obstacle uint8

const (
	noObstacle obstacle = iota
	pageAbsent          // EFAULT unless it can be brought in
	wordMoved           // the program changes the word
	ownerExits          // and will soon have let go of its futexes
)

// overcome does what there is to do about an obstacle, which is exiting in the case
// of ownerExits. EFAULT.
//
// Preconditions: no locks are held.
func (o obstacle) overcome(addr uintptr, exiting *Owner) error {
	switch o {
	case pageAbsent:
		return faultIn(addr)
	case ownerExits:
		exiting.exiting.Lock()
		exiting.exiting.Unlock()
	}
	sched.CondResched()
	return nil
}

// block waits for the mutex of a state for which the task of w is queued. The
// result is nil if it has got it; ETIMEDOUT, or EINTR for a signal.
func (w *Waiter) block(s *piState, deadline int64, f Flags) error {
	timedOut := false
	for {
		sched.LockRt()
		sched.SetCurrentState(sched.TaskInterruptible)
		taken := s.mutex.TryTake(w.task, &w.pi.rt)
		sched.UnlockRt()
		var err error
		switch {
		case taken:
		case timedOut:
			err = syscall.ETIMEDOUT
		case sched.SignalPending(w.task):
			err = syscall.EINTR
		default:
			timedOut = sleep(deadline, f)
			continue
		}
		sched.SetCurrentState(sched.TaskRunning)
		return err
	}
}

// finish ends the wait of w for the futex at addr, where w is queued: err is why it
// was given up, or nil if the mutex has been got. What is true in the end is what
// counts. The result is err, or nil, or EFAULT.
//
// Preconditions: b, the bucket of the futex, locked; released on return.
func (w *Waiter) finish(b *bucket, addr uintptr, err error) error {
	s := w.pi.state
	if err != nil {
		sched.LockRt()
		// It may have been let go of meanwhile.
		s.mutex.TryTake(w.task, &w.pi.rt)
		if s.mutex.Owner() == w.task {
			err = nil
		} else {
			s.mutex.Leave(&w.pi.rt)
		}
		sched.UnlockRt()
	}
	return w.conclude(b, addr, err)
}

// conclude is the last part of finish: the mutex has been got, err being nil, or
// not.
//
// Preconditions: b, the bucket of the futex, locked; released on return.
func (w *Waiter) conclude(b *bucket, addr uintptr, err error) error {
	s := w.pi.state
	switch holds, bad := s.fixup(b, addr, w.task, err == nil); {
	case bad != nil:
		err = bad
	case holds:
		err = nil
	}
	sched.LockRt()
	s.put()
	sched.UnlockRt()
	if w.bucket.Load() != nil {
		b.drop(w)
	}
	w.pi = nil
	b.release()
	return err
}
