package futex

import (
	"syscall"
	"unsafe"

	"onsen/kernel/uaccess"
)

// Wake wakes up to n waiters for the word at addr that have one of the bits of
// bitset, at least one as Linux does, and returns how many. Errors: EINVAL for no
// bits, for an address that is not aligned and for a waiter that is not to be woken
// like this, those of LockPI and WaitRequeuePI; EFAULT.
func Wake(mm unsafe.Pointer, addr uintptr, f Flags, n int, bitset uint32) (int, error) {
	if bitset == 0 {
		return 0, syscall.EINVAL
	}
	k, err := key(mm, addr, f)
	if err != nil {
		return 0, err
	}
	b := k.bucket()
	// The program has changed the word. A waiter that is not counted yet will
	// see that: the addition is a barrier between the program's store and the look
	// at the count, as in Linux's futex_hb_waiters_pending.
	if b.count.Add(0) == 0 {
		return 0, nil
	}
	b.take()
	woken, err := b.wakeKey(&k, n, bitset)
	b.release()
	return woken, err
}

// wakeKey wakes up to n waiters for a key, but at least one. EINVAL if it meets one
// whose futex passes on priority, or will: those in front of it have been woken.
//
// Preconditions: b locked.
func (b *bucket) wakeKey(k *Key, n int, bitset uint32) (woken int, err error) {
	for w := b.first; w != nil; {
		next := w.next
		switch {
		case w.key != *k:
		case w.bitset&bitset != 0:
			b.wake(w)
			if woken++; woken >= n {
				return woken, nil
			}
		case w.pi != nil:
			return 0, syscall.EINVAL
		}
		w = next
	}
	return woken, nil
}

// Requeue wakes up to nrWake waiters for the word at addr1 and makes up to
// nrRequeue others wait for that at addr2 instead. With check it does so only if
// the first word is val: EAGAIN. It returns how many were woken or moved. EINVAL as
// for Wake.
func Requeue(mm unsafe.Pointer, addr1, addr2 uintptr, f Flags, nrWake, nrRequeue int, check bool, val uint32) (int, error) {
	if nrWake < 0 || nrRequeue < 0 {
		return 0, syscall.EINVAL
	}
	for {
		k1, err := key(mm, addr1, f)
		if err != nil {
			return 0, err
		}
		k2, err := key(mm, addr2, f)
		if err != nil {
			return 0, err
		}
		b1, b2 := k1.bucket(), k2.bucket()
		lockBoth(b1, b2)
		have, ok := val, true
		if check {
			have, ok = uaccess.Load32NoFault(addr1)
		}
		if ok && have == val {
			n, err := b1.requeue(b2, &k1, &k2, nrWake, nrRequeue)
			unlockBoth(b1, b2)
			return n, err
		}
		unlockBoth(b1, b2)
		if ok {
			return 0, syscall.EAGAIN
		}
		if _, err := uaccess.Load32(addr1); err != nil {
			return 0, err
		}
	}
}

// requeue wakes and moves waiters for k1, which are in b, to k2 and to.
//
// Preconditions: both locked.
func (b *bucket) requeue(to *bucket, k1, k2 *Key, nrWake, nrRequeue int) (n int, err error) {
	last := b.last // what is moved behind it, if to is b, is not to be seen again
	for w := b.first; w != nil && n-nrWake < nrRequeue; {
		next, end := w.next, w == last
		if w.key == *k1 {
			if w.pi != nil {
				return 0, syscall.EINVAL
			}
			if n++; n <= nrWake {
				b.wake(w)
			} else if *k1 != *k2 {
				b.move(w, to, *k2)
			}
		}
		if end {
			break
		}
		w = next
	}
	return n, nil
}

// WakeOp does an operation on the word at addr2, wakes up to n1 waiters for addr1
// and, if the old value of the second word meets a condition, up to n2 for addr2.
// op encodes operation and condition; see DecodeOp. It returns how many were
// woken. ENOSYS for an operation or condition that does not exist.
func WakeOp(mm unsafe.Pointer, addr1, addr2 uintptr, f Flags, n1, n2 int, op uint32) (int, error) {
	o := DecodeOp(op)
	for {
		k1, err := key(mm, addr1, f)
		if err != nil {
			return 0, err
		}
		k2, err := key(mm, addr2, f)
		if err != nil {
			return 0, err
		}
		b1, b2 := k1.bucket(), k2.bucket()
		lockBoth(b1, b2)
		met, ok, err := o.apply(addr2)
		if !ok || err != nil {
			unlockBoth(b1, b2)
			if err != nil {
				return 0, err
			}
			if _, err := uaccess.Cmpxchg32(addr2, 0, 0); err != nil {
				return 0, err
			}
			continue
		}
		n, err := b1.wakeKey(&k1, n1, BitsetMatchAny)
		if met && err == nil {
			var more int
			more, err = b2.wakeKey(&k2, n2, BitsetMatchAny)
			n += more
		}
		unlockBoth(b1, b2)
		return n, err
	}
}
