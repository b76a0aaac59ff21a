package futex

import (
	"syscall"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// WaitRequeuePI sleeps like Wait until RequeuePI has moved the caller to the futex
// at addr2, and then until it has got that; FUTEX_WAIT_REQUEUE_PI. EAGAIN also means
// that a signal has come after it was moved, and ERESTARTNOINTR that one has before.
// EINVAL if the two are one, else as Wait and LockPI.
func WaitRequeuePI(w *Waiter, mm unsafe.Pointer, addr uintptr, f Flags, val uint32, deadline int64, addr2 uintptr) error {
	if addr == addr2 {
		return syscall.EINVAL
	}
	k2, err := piKey(mm, addr2, f)
	if err != nil {
		return err
	}
	k, err := key(mm, addr, f)
	if err != nil {
		return err
	}
	if k == k2 {
		switch v, err := uaccess.Load32(addr); {
		case err != nil:
			return err
		case v != val:
			return syscall.EAGAIN
		}
		return syscall.EINVAL
	}
	o := Tasks.Owner(sched.Current())
	o.prepare()
	w.initPI(k, o.wait, &k2)
	if err := w.enqueue(addr, val); err != nil {
		w.pi = nil
		return err
	}
	if err := w.awaitRequeue(deadline, f); err != nil {
		w.pi = nil
		return err
	}
	return w.afterRequeue(addr2, k2.bucket(), deadline, f)
}

// awaitRequeue sleeps until w has been moved or woken by RequeuePI. ETIMEDOUT or
// ERESTARTNOINTR say that it was not, and is queued no more.
func (w *Waiter) awaitRequeue(deadline int64, f Flags) error {
	for {
		timedOut := sleep(deadline, f)
		b := w.lockBucket()
		if b == nil {
			return nil
		}
		var err error
		switch {
		case w.pi.state != nil:
			b.release()
			return nil
		case timedOut:
			err = syscall.ETIMEDOUT
		case sched.SignalPending(w.task):
			err = errno.ERESTARTNOINTR
		default:
			sched.SetCurrentState(sched.TaskInterruptible)
			b.release()
			continue
		}
		b.drop(w)
		b.release()
		return err
	}
}

// afterRequeue gets the futex at addr2, whose bucket is b, for w after RequeuePI has
// had to do with it.
func (w *Waiter) afterRequeue(addr2 uintptr, b *bucket, deadline int64, f Flags) error {
	if w.bucket.Load() != nil {
		err := w.block(w.pi.state, deadline, f)
		b.take()
		if err = w.finish(b, addr2, err); err == syscall.EINTR {
			// To begin again would only find that the first word has changed.
			return syscall.EAGAIN
		}
		return err
	}
	if w.pi.state == nil {
		w.pi = nil
		return nil // the word and nothing else is the caller's
	}
	b.take()
	return w.conclude(b, addr2, nil)
}

// RequeuePI gets the futex at addr2 for the first of those who sleep in
// WaitRequeuePI for the word at addr1, if it is free, and makes up to nrRequeue
// others, or one more if it is not, wait for it; FUTEX_CMP_REQUEUE_PI. It returns how
// many were woken or moved. EAGAIN if the first word is not val; EINVAL if nrWake is
// not 1, if the two words are one, and for a waiter who expects another futex; else
// as LockPI.
func RequeuePI(mm unsafe.Pointer, addr1, addr2 uintptr, f Flags, nrWake, nrRequeue int, val uint32) (int, error) {
	if nrRequeue < 0 || nrWake != 1 || addr1 == addr2 {
		return 0, syscall.EINVAL
	}
	o := Tasks.Owner(sched.Current())
	for {
		o.prepare()
		k1, err := key(mm, addr1, f)
		if err != nil {
			return 0, err
		}
		k2, err := piKey(mm, addr2, f)
		if err != nil {
			return 0, err
		}
		if k1 == k2 {
			return 0, syscall.EINVAL
		}
		r := requeuing{b1: k1.bucket(), b2: k2.bucket(), k1: k1, k2: k2, most: nrRequeue}
		c := r.do(addr1, addr2, val)
		if c.err != nil || c.why == noObstacle {
			return r.count, c.err
		}
		if c.why == pageAbsent && !r.compared {
			if _, err := uaccess.Load32(addr1); err != nil {
				return 0, err
			}
			continue
		}
		if err := c.why.overcome(addr2, c.exiting); err != nil {
			return 0, err
		}
	}
}

// requeuing is a RequeuePI under way.
type requeuing struct {
	b1, b2 *bucket
	k1, k2 Key
	most   int // nrRequeue
	// count is how many have been woken or moved.
	count int
	// compared says that the first word has been looked at.
	compared bool
}

// do compares, and wakes and moves.
func (r *requeuing) do(addr1, addr2 uintptr, val uint32) claim {
	lockBoth(r.b1, r.b2)
	defer unlockBoth(r.b1, r.b2)
	switch have, ok := uaccess.Load32NoFault(addr1); {
	case !ok:
		return claim{why: pageAbsent}
	case have != val:
		return claim{err: syscall.EAGAIN}
	}
	r.compared = true
	c := r.first(addr2)
	if c.err == nil && c.why == noObstacle {
		c.err = r.others(c.state)
	}
	if c.state != nil {
		sched.LockRt()
		c.state.put()
		sched.UnlockRt()
	}
	return c
}

// first tries to take the second futex for the first waiter. If it does not, and
// there is a waiter, it makes a state for all to wait for.
//
// Preconditions: both buckets locked.
func (r *requeuing) first(addr2 uintptr) claim {
	if _, ok := uaccess.Load32NoFault(addr2); !ok {
		return claim{why: pageAbsent}
	}
	top := r.b1.top(&r.k1)
	switch {
	case top == nil:
		return claim{}
	case !top.waitingRequeue() || top.pi.requeueTo != r.k2:
		return claim{err: syscall.EINVAL}
	}
	c := r.b2.claim(addr2, &r.k2, top.task, r.most != 0)
	if c.taken {
		r.b1.wake(top)
		r.count++
	}
	return c
}

// others makes the waiters that are left wait for s. EINVAL for one that does not
// belong here, EDEADLK for one that would wait for itself; those before it have been
// moved.
//
// Preconditions: both buckets locked.
func (r *requeuing) others(s *piState) error {
	for w := r.b1.first; w != nil && r.count-1 < r.most; {
		next := w.next
		if w.key == r.k1 {
			if !w.waitingRequeue() || w.pi.requeueTo != r.k2 {
				return syscall.EINVAL
			}
			if err := r.move(w, s); err != nil {
				return err
			}
			r.count++
		}
		w = next // if w is still in this bucket, then under another key
	}
	return nil
}

// move makes w wait for s, or wakes it if it gets that at once. EDEADLK: it stays
// where it is.
//
// Preconditions: both buckets locked.
func (r *requeuing) move(w *Waiter, s *piState) error {
	sched.LockRt()
	taken, err := s.mutex.Start(&w.pi.rt, w.task)
	if err != nil {
		s.mutex.Leave(&w.pi.rt)
	} else {
		s.refs++
	}
	sched.UnlockRt()
	if err != nil {
		return err
	}
	w.pi.state = s
	if taken {
		r.b1.wake(w)
	} else {
		r.b1.move(w, r.b2, r.k2)
	}
	return nil
}
