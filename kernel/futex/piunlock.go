package futex

import (
	"syscall"
	"unsafe"

	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// UnlockPI gives the futex at addr, which the calling thread has, to the most
// urgent of those who wait for it; FUTEX_UNLOCK_PI. Errors: EPERM if it is not the
// caller's, EINVAL for an address that is not aligned and for a word that does not
// fit those who wait, EFAULT, EAGAIN if the program changes the word meanwhile.
func UnlockPI(mm unsafe.Pointer, addr uintptr, f Flags) error {
	t := sched.Current()
	for {
		v, err := uaccess.Get[uint32](addr)
		if err != nil {
			return err
		}
		if v&TIDMask != Tasks.TID(t) {
			return syscall.EPERM
		}
		k, err := piKey(mm, addr, f)
		if err != nil {
			return err
		}
		why, err := k.bucket().unlockPI(addr, &k, t, v)
		if why == noObstacle {
			return err
		}
		if err := why.overcome(addr, nil); err != nil {
			return err
		}
	}
}

// unlockPI unlocks the futex of t whose word is v.
func (b *bucket) unlockPI(addr uintptr, k *Key, t *sched.Task, v uint32) (obstacle, error) {
	b.take()
	defer b.release()
	top := b.top(k)
	if top == nil {
		// Who is about to wait has to look at the word first.
		switch prev, ok := uaccess.Cmpxchg32NoFault(addr, v, 0); {
		case !ok:
			return pageAbsent, nil
		case prev != v:
			return noObstacle, syscall.EAGAIN
		}
		return noObstacle, nil
	}
	if top.pi == nil || top.pi.state == nil || top.pi.state.owner != t {
		return noObstacle, syscall.EINVAL
	}
	sched.LockRt()
	defer sched.UnlockRt()
	return top.pi.state.handOver(addr, v)
}

// handOver makes the first waiter the owner of a futex whose word is v.
//
// Preconditions: the bucket locked, LockRt held.
func (s *piState) handOver(addr uintptr, v uint32) (obstacle, error) {
	next := s.mutex.Top()
	if next == nil {
		return wordMoved, nil // the only waiter is giving up
	}
	switch prev, ok := uaccess.Cmpxchg32NoFault(addr, v, Waiters|Tasks.TID(next)); {
	case !ok:
		return pageAbsent, nil
	case prev == v:
	case prev&TIDMask == v:
		return wordMoved, nil // a waiter has set Waiters
	default:
		return noObstacle, syscall.EINVAL
	}
	s.setOwner(next)
	s.mutex.Release()
	return noObstacle, nil
}

// fixup makes the word at addr and the owner of s agree with the mutex, as far as
// they say something wrong about t, who has got it or given up. It reports whether t
// owns the futex. EFAULT means that the word cannot be written any more: it will
// not fit.
//
// Preconditions: b, the bucket of s, locked. It may be released in between.
func (s *piState) fixup(b *bucket, addr uintptr, t *sched.Task, got bool) (holds bool, err error) {
	sched.LockRt()
	defer sched.UnlockRt()
	for {
		was, owner := s.owner, t
		if got == (was == t) {
			return got, nil
		}
		if !got {
			// The futex was handed over to t, but t was not there in time.
			if s.mutex.TryTake(t, nil) {
				return true, nil
			}
			owner = s.mutex.Owner()
		}
		why := wordMoved // a more urgent waiter is about to take it
		if owner != nil {
			why = s.writeOwner(addr, owner)
		}
		if why == noObstacle {
			s.setOwner(owner)
			return got, nil
		}
		sched.UnlockRt()
		b.release()
		err := why.overcome(addr, nil)
		b.take()
		sched.LockRt()
		switch {
		case s.owner != was:
			return got, nil // somebody else has done it
		case err != nil:
			s.setOwner(s.mutex.Owner())
			return false, err
		}
	}
}

// writeOwner writes the id of a new owner into the word at addr. If the last one
// has died, the new one is told.
//
// Preconditions: the bucket locked, LockRt held.
func (s *piState) writeOwner(addr uintptr, t *sched.Task) obstacle {
	to := Tasks.TID(t) | Waiters
	if s.owner == nil {
		to |= OwnerDied
	}
	v, ok := uaccess.Load32NoFault(addr)
	for ok {
		var prev uint32
		if prev, ok = uaccess.Cmpxchg32NoFault(addr, v, v&OwnerDied|to); ok && prev == v {
			return noObstacle
		}
		v = prev
	}
	return pageAbsent
}
