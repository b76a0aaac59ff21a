package futex

import (
	"syscall"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// LockPI takes the futex at addr, and sleeps as long as another thread has it and
// until deadline at most, as Wait does; FUTEX_LOCK_PI and FUTEX_LOCK_PI2. With try
// it does not sleep, EAGAIN: FUTEX_TRYLOCK_PI, which differs from what the program
// can do itself if the owner has died.
//
// Other errors: EINVAL for an address that is not aligned and for a word that does
// not fit those who wait, EFAULT, ESRCH if there is no thread with the owner's id,
// EPERM if that is none of a program, EDEADLK if the caller waited for itself,
// ETIMEDOUT, ERESTARTNOINTR for a signal.
func LockPI(w *Waiter, mm unsafe.Pointer, addr uintptr, f Flags, deadline int64, try bool) error {
	t := sched.Current()
	o := Tasks.Owner(t)
	for {
		o.prepare()
		k, err := piKey(mm, addr, f)
		if err != nil {
			return err
		}
		b := k.bucket()
		b.take()
		c := b.claim(addr, &k, t, false)
		if c.state == nil {
			b.release()
			if c.taken || c.err != nil {
				return c.err
			}
			if err := c.why.overcome(addr, c.exiting); err != nil {
				return err
			}
			continue
		}
		w.initPI(k, o.wait, nil)
		w.pi.state = c.state
		b.count.Add(1)
		b.add(w)
		if try {
			return w.tryPI(b, addr)
		}
		err = w.waitPI(b, addr, deadline, f)
		if err == syscall.EINTR {
			return errno.ERESTARTNOINTR
		}
		return err
	}
}

// tryPI takes the futex if its last owner has let go of it and nobody who waits is
// as urgent as the caller.
//
// Preconditions: b locked, w in b; released and taken out on return.
func (w *Waiter) tryPI(b *bucket, addr uintptr) error {
	err := error(syscall.EAGAIN)
	sched.LockRt()
	if w.pi.state.mutex.TryTake(w.task, nil) {
		err = nil
	}
	sched.UnlockRt()
	return w.conclude(b, addr, err)
}

// waitPI queues w, which is in the bucket already, for the mutex, and waits.
//
// Preconditions: b locked, w in b; released and taken out on return.
func (w *Waiter) waitPI(b *bucket, addr uintptr, deadline int64, f Flags) error {
	s := w.pi.state
	sched.LockRt()
	taken, err := s.mutex.Start(&w.pi.rt, w.task)
	sched.UnlockRt()
	if !taken && err == nil {
		b.release()
		err = w.block(s, deadline, f)
		b.take()
	}
	return w.finish(b, addr, err)
}

// claim is what became of an attempt to get a futex for a task.
type claim struct {
	// taken says that the word is the task's now.
	taken bool
	// state is what the task has to wait for, with a reference; or what it owns
	// if it has been taken and waiters are to be added.
	state *piState
	// err is why there is nothing more to do, and why what is in the way for now:
	// exiting is whose end, if it is that of the owner.
	err     error
	why     obstacle
	exiting *Owner
}

// claim tries to take the futex at addr for t. If it has an owner, Waiters is set
// and the futex gets a state. With setWaiters it has both in any case. The calling
// task is prepared.
//
// Preconditions: b locked.
func (b *bucket) claim(addr uintptr, k *Key, t *sched.Task, setWaiters bool) claim {
	v, ok := uaccess.Load32NoFault(addr)
	tid := Tasks.TID(t)
	switch {
	case !ok:
		return claim{why: pageAbsent}
	case v&TIDMask == tid:
		return claim{err: syscall.EDEADLK}
	}
	if top := b.top(k); top != nil {
		return top.attach(addr, v)
	}
	if v&TIDMask != 0 {
		if c := replace(addr, v, v|Waiters); c.why != noObstacle {
			return c
		}
		return attachOwner(addr, k, v|Waiters)
	}
	// OwnerDied stays for the new owner to see.
	to := v&OwnerDied | tid
	if setWaiters {
		to |= Waiters
	}
	c := replace(addr, v, to)
	if c.why != noObstacle {
		return c
	}
	c.taken = true
	if setWaiters {
		sched.LockRt()
		c.state = Tasks.Owner(sched.Current()).newState(k, t)
		sched.UnlockRt()
	}
	return c
}

// replace changes the word at addr.
func replace(addr uintptr, from, to uint32) claim {
	switch prev, ok := uaccess.Cmpxchg32NoFault(addr, from, to); {
	case !ok:
		return claim{why: pageAbsent}
	case prev != from:
		return claim{why: wordMoved}
	}
	return claim{}
}

// top returns the first waiter for a key, or nil.
//
// Preconditions: b locked.
func (b *bucket) top(k *Key) *Waiter {
	for w := b.first; w != nil; w = w.next {
		if w.key == *k {
			return w
		}
	}
	return nil
}

// attach gives another task a reference to the state that w waits for, if the word,
// which was v, fits that.
//
// Preconditions: the bucket of w locked.
func (w *Waiter) attach(addr uintptr, v uint32) claim {
	if w.pi == nil || w.pi.state == nil {
		return claim{err: syscall.EINVAL}
	}
	s := w.pi.state
	sched.LockRt()
	defer sched.UnlockRt()
	switch why := unchanged(addr, v); {
	case why != noObstacle:
		return claim{why: why}
	case !s.fits(v):
		return claim{err: syscall.EINVAL}
	}
	s.refs++
	return claim{state: s}
}

// unchanged finds no obstacle if the word at addr is still v.
func unchanged(addr uintptr, v uint32) obstacle {
	switch now, ok := uaccess.Load32NoFault(addr); {
	case !ok:
		return pageAbsent
	case now != v:
		return wordMoved
	}
	return noObstacle
}

// fits reports whether a word can be that of a futex with the state s.
//
// Preconditions: LockRt held.
func (s *piState) fits(v uint32) bool {
	tid := v & TIDMask
	switch {
	case s.owner == nil:
		// The next owner is going to write its id.
		return v&OwnerDied != 0 && tid == 0
	case v&OwnerDied != 0 && tid == 0:
		// The owner is dying, or the next one about to write its id.
		return true
	}
	return tid == Tasks.TID(s.owner)
}

// attachOwner makes a state for a futex that has none yet and whose word, which is
// v, names the owner.
//
// Preconditions: the bucket of the key locked.
func attachOwner(addr uintptr, k *Key, v uint32) claim {
	t, kernel := Tasks.Find(v & TIDMask)
	switch {
	case t == nil:
		return ownerGone(addr, v)
	case kernel:
		return claim{err: syscall.EPERM}
	}
	o := Tasks.Owner(t)
	sched.LockRt()
	defer sched.UnlockRt()
	switch o.exit.Load() {
	case exitBegun:
		return claim{why: ownerExits, exiting: o}
	case exitDone:
		return ownerGone(addr, v)
	}
	return claim{state: Tasks.Owner(sched.Current()).newState(k, t)}
}

// ownerGone is what comes of a word whose owner does not exist: ESRCH, unless the
// owner has changed it when it went.
func ownerGone(addr uintptr, v uint32) claim {
	if why := unchanged(addr, v); why != noObstacle {
		return claim{why: why}
	}
	return claim{err: syscall.ESRCH}
}
