package uaccess

import "syscall"

// MaxRWCount is the most that one read or write transfers; Linux's
// MAX_RW_COUNT.
const MaxRWCount = 0x7fff_f000

// Iovec is one range of user memory; struct iovec.
type Iovec struct {
	Base uintptr
	Len  uintptr
}

// Iter walks over the memory that one read or write works on, which is the
// program's or the kernel's own; Linux's iov_iter. It remembers how far it is.
type Iter struct {
	one    Iovec // the current range
	rest   []Iovec
	kernel []byte // instead of user memory, if isKern
	n      int    // bytes left
	isKern bool
}

// UserIter returns an Iter over [base, base+n), where n is cut to MaxRWCount.
func UserIter(base, n uintptr) Iter {
	n = min(n, MaxRWCount)
	return Iter{one: Iovec{base, n}, n: int(n)}
}

// KernelIter returns an Iter over b.
func KernelIter(b []byte) Iter { return Iter{kernel: b, n: len(b), isKern: true} }

// VecIter reads count iovecs at a user address and returns an Iter over what
// they describe. It returns EINVAL for more than 1024 or a total above
// SSIZE_MAX, and EFAULT.
func VecIter(addr, count uintptr) (Iter, error) {
	const uioMaxIov = 1024
	if count > uioMaxIov {
		return Iter{}, syscall.EINVAL
	}
	if count == 0 {
		return Iter{}, nil
	}
	vec := make([]Iovec, count)
	if err := GetSlice(vec, addr); err != nil {
		return Iter{}, err
	}
	total := uintptr(0)
	for i := range vec {
		v := &vec[i]
		if int(v.Len) < 0 {
			return Iter{}, syscall.EINVAL
		}
		if !AccessOK(v.Base, v.Len) {
			return Iter{}, syscall.EFAULT
		}
		v.Len = min(v.Len, MaxRWCount-total)
		total += v.Len
	}
	return Iter{one: vec[0], rest: vec[1:], n: int(total)}, nil
}

// Len returns how many bytes are left.
func (it *Iter) Len() int { return it.n }

// CopyOut writes p, or as much as there is room for, to where the Iter stands:
// what read(2) does with its data. It returns how much, and EFAULT if a fault
// has made that less.
func (it *Iter) CopyOut(p []byte) (n int, err error) {
	if it.plain(len(p)) {
		n, err = CopyToUser(it.one.Base, p)
		it.move(n)
		return n, err
	}
	return it.each(len(p), func(user uintptr, kernel []byte, at, size int) (int, error) {
		if kernel != nil {
			return copy(kernel, p[at:at+size]), nil
		}
		return CopyToUser(user, p[at:at+size])
	})
}

// CopyIn fills p, or as much as is left, from where the Iter stands: what
// write(2) does with its data. Errors as of CopyOut.
func (it *Iter) CopyIn(p []byte) (n int, err error) {
	if it.plain(len(p)) {
		n, err = CopyFromUser(p, it.one.Base)
		it.move(n)
		return n, err
	}
	return it.each(len(p), func(user uintptr, kernel []byte, at, size int) (int, error) {
		if kernel != nil {
			return copy(p[at:at+size], kernel), nil
		}
		return CopyFromUser(p[at:at+size], user)
	})
}

// Zero writes up to most zeros. It returns how many, and EFAULT.
func (it *Iter) Zero(most int) (n int, err error) {
	if most = min(most, it.n); it.plain(most) {
		done, err := ClearUser(it.one.Base, uintptr(most))
		it.move(int(done))
		return int(done), err
	}
	return it.each(most, func(user uintptr, kernel []byte, _, size int) (int, error) {
		if kernel != nil {
			clear(kernel[:size])
			return size, nil
		}
		done, err := ClearUser(user, uintptr(size))
		return int(done), err
	})
}

// Skip goes n bytes forward.
func (it *Iter) Skip(n int) {
	_, _ = it.each(n, func(_ uintptr, _ []byte, _, size int) (int, error) { return size, nil })
}

// plain reports whether the next n bytes are one range of user memory.
func (it *Iter) plain(n int) bool { return n <= it.n && uintptr(n) <= it.one.Len }

// move goes n bytes forward within the current range.
func (it *Iter) move(n int) {
	it.one.Base += uintptr(n)
	it.one.Len -= uintptr(n)
	it.n -= n
}

// each calls f for every piece of the next n bytes.
func (it *Iter) each(n int, f func(user uintptr, kernel []byte, at, size int) (int, error)) (done int, err error) {
	n = min(n, it.n)
	for done < n {
		for it.one.Len == 0 && !it.isKern {
			it.one, it.rest = it.rest[0], it.rest[1:]
		}
		var m int
		if it.isKern {
			m, err = f(0, it.kernel, done, n-done)
			it.kernel = it.kernel[m:]
		} else {
			m, err = f(it.one.Base, nil, done, min(n-done, int(it.one.Len)))
			it.one.Base += uintptr(m)
			it.one.Len -= uintptr(m)
		}
		done += m
		it.n -= m
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// Truncate leaves at most n bytes.
func (it *Iter) Truncate(n uint64) { it.n = int(min(uint64(it.n), n)) }

// User makes the Iter one over [base, base+n) of user memory, where n is cut to
// MaxRWCount: UserIter for who has an Iter already.
func (it *Iter) User(base, n uintptr) {
	n = min(n, MaxRWCount)
	it.one = Iovec{base, n} // what else there may be is not reached
	it.isKern = false
	it.n = int(n)
}
