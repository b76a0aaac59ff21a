package tty

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// reading is one read(2) of a terminal.
type reading struct {
	// least is when it is done, in bytes: VMIN. In canonical mode it is 0: the
	// read is done with a line.
	least int
	// timeout is how long to wait for the next byte, in ns, and deadline the
	// end of that, a Ktime. Once there is a byte, next is the timeout.
	timeout, next, deadline int64
}

const decisecond = 100_000_000 // ns, the unit of VTIME

// plan finds out from the settings how a read goes.
//
// "MIN > 0, TIME == 0 (blocking read) [...] MIN == 0, TIME > 0 (read with
// timeout) [...] MIN > 0, TIME > 0 (read with interbyte timeout)" - termios(3)
func plan(set *Termios) (r reading) {
	r.timeout, r.next = sched.Forever, sched.Forever
	if set.Lflag&(ICANON|EXTPROC) != ICANON {
		after := int64(set.CC[VTIME]) * decisecond
		if r.least = int(set.CC[VMIN]); r.least == 0 {
			r.least, r.timeout = 1, after
		} else if after > 0 {
			r.next = after
		}
	}
	r.rearm()
	return r
}

func (r *reading) rearm() {
	r.deadline = sched.Forever
	if r.timeout != sched.Forever {
		r.deadline = arch.Ktime() + r.timeout
	}
}

// left returns how long there is still to wait.
func (r *reading) left() int64 {
	if r.deadline == sched.Forever {
		return sched.Forever
	}
	return r.deadline - arch.Ktime()
}

// Read implements fs.FileOps.
func (h *handle) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	if h.hungUp() {
		return 0, nil
	}
	if !h.console {
		if err := h.checkChange(syscall.SIGTTIN); err != nil {
			return 0, err
		}
	}
	nonblock := f.NonBlock()
	if nonblock {
		if !h.readLock.TryLock() {
			return 0, syscall.EAGAIN
		}
	} else if h.readLock.LockInterruptible() != nil {
		return 0, errno.ERESTARTSYS
	}
	defer h.readLock.Unlock()
	return h.read(to, nonblock)
}

// read takes input until there is enough of it.
//
// Preconditions: readLock held.
func (h *handle) read(to *uaccess.Iter, nonblock bool) (n int, err error) {
	h.mu.Lock()
	r := plan(h.d.Termios())
	h.mu.Unlock()
	for to.Len() > 0 {
		seen := h.input.Load()
		part, ended := h.take(to.Len())
		if len(part) > 0 {
			m, err := to.CopyOut(part)
			if n += m; err != nil {
				return result(n, err)
			}
		}
		if ended {
			break
		}
		if len(part) > 0 {
			r.timeout = r.next
			r.rearm()
			continue
		}
		if r.least > 0 && n >= r.least || r.least == 0 && n > 0 {
			break
		}
		if done, err := h.await(&r, seen, nonblock); done {
			return result(n, err)
		}
	}
	return n, nil
}

// result is what a read returns that has read n bytes before the error.
func result(n int, err error) (int, error) {
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// take returns input, up to most bytes of it, and whether it is the end of a
// line.
//
// Preconditions: readLock held.
func (h *handle) take(most int) (part []byte, ended bool) {
	h.mu.Lock()
	n, ended := h.d.Read(h.readBuf[:min(most, len(h.readBuf))])
	h.unthrottle()
	h.mu.Unlock()
	return h.readBuf[:n], ended
}

// await waits for input to change from what was seen. It reports whether the
// read is done, and with what.
func (h *handle) await(r *reading, seen uint32, nonblock bool) (done bool, err error) {
	left := r.left()
	switch {
	case h.hungUp(), left <= 0:
		return true, nil
	case nonblock:
		return true, syscall.EAGAIN
	}
	err = h.readWait.WaitInterruptibleTimeout(left, func() bool { return h.input.Load() != seen })
	if err == sched.ErrRestart {
		return true, errno.ERESTARTSYS
	}
	return false, nil
}
