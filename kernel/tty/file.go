package tty

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// handle is an open file of a terminal.
type handle struct {
	fs.NoOps
	*TTY
	// console says that it was opened as /dev/console, which has no job control
	// and survives hangups. Constant.
	console bool
	born    uint32 // TTY.hangups when it was opened. Constant
}

// opener is a driver that wants to know whether its terminal is open.
type opener interface {
	// opening is called before every open, which it can refuse.
	opening() error
	// closed is called after every close, and if an open fails after all.
	closed()
}

// hungUp reports whether the terminal was hung up since the file was opened.
func (h *handle) hungUp() bool { return h.born != h.hangups.Load() && !h.console }

// Open opens the terminal under its own name: the Open of a character device.
func (t *TTY) Open(f *fs.File) error {
	if err := t.open(f, false); err != nil {
		return err
	}
	if f.Flags()&syscall.O_NOCTTY == 0 && f.CanRead() {
		t.becomeOnOpen()
	}
	return nil
}

// OpenConsole opens the terminal as /dev/console, which never becomes a
// controlling terminal by that.
func (t *TTY) OpenConsole(f *fs.File) error { return t.open(f, true) }

// OpenControlling opens the caller's controlling terminal, /dev/tty: ENXIO if
// it has none.
func OpenControlling(f *fs.File) error {
	t := Proc.Terminal()
	if t == nil {
		return syscall.ENXIO
	}
	return t.open(f, false)
}

func (t *TTY) open(f *fs.File, console bool) error {
	o, asks := t.drv.(opener)
	if asks {
		if err := o.opening(); err != nil {
			return err
		}
	}
	if !t.countOpen(Proc.Capable(capSysAdmin)) {
		if asks {
			o.closed()
		}
		return syscall.EBUSY
	}
	f.Ops = &handle{TTY: t, console: console, born: t.hangups.Load()}
	f.Nonseekable()
	return nil
}

// countOpen counts an open file, unless one has the terminal for itself.
func (t *TTY) countOpen(mayAll bool) bool {
	t.ctrl.Lock()
	defer t.ctrl.Unlock()
	if t.exclusive && !mayAll {
		return false
	}
	t.opens++
	return true
}

// Release implements fs.FileOps.
func (h *handle) Release(*fs.File) {
	h.ctrl.Lock()
	h.opens--
	if h.opens == 0 {
		h.exclusive = false
	}
	h.ctrl.Unlock()
	if o, ok := h.drv.(opener); ok {
		o.closed()
	}
}

// Fasync implements fs.Fasyncer. The signals go to the foreground process group
// unless the program has said to whom.
func (h *handle) Fasync(f *fs.File, fd int, on bool) {
	if on && h.hungUp() {
		return
	}
	h.async.Set(f, fd, on)
	if on {
		f.OfferOwner(Proc.Owner(h.Foreground()))
	}
}

// Mmap implements fs.FileOps.
func (h *handle) Mmap(*fs.File) (vm.Mappable, error) { return nil, syscall.ENODEV }

// Spliceable says that splice(2) and sendfile(2) work.
func (h *handle) Spliceable() {}

// Poll implements fs.FileOps.
func (h *handle) Poll(_ *fs.File, pt *fs.PollTable) (events fs.PollEvents) {
	const (
		in      = fs.PollIn | fs.PollRdNorm
		out     = fs.PollOut | fs.PollWrNorm
		crowded = 256 // Linux's WAKEUP_CHARS
	)
	pt.Wait(&h.readWait)
	pt.Wait(&h.writeWait)
	if h.hungUp() {
		return in | out | fs.PollErr | fs.PollHup
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	atLeast := 1
	if set := h.d.Termios(); set.CC[VTIME] == 0 && set.CC[VMIN] != 0 {
		atLeast = int(set.CC[VMIN])
	}
	if h.d.Readable(atLeast) {
		events |= in
	}
	if h.refusesOutput() {
		return events // who lets it go on wakes writers
	}
	if h.d.Unsent() < crowded {
		events |= out
	} else {
		h.wantRoom.Store(true)
	}
	return events
}

// Write implements fs.FileOps.
func (h *handle) Write(f *fs.File, from *uaccess.Iter, _ *int64) (n int, err error) {
	if h.hungUp() {
		return 0, syscall.EIO
	}
	nonblock := f.NonBlock()
	if nonblock {
		if !h.writeLock.TryLock() {
			return 0, syscall.EAGAIN
		}
	} else if h.writeLock.LockInterruptible() != nil {
		return 0, errno.ERESTARTSYS
	}
	defer h.writeLock.Unlock()
	if err := h.checkWrite(); err != nil {
		return 0, err
	}
	for err == nil && from.Len() > 0 {
		var m int
		part := h.writeBuf[:min(len(h.writeBuf), from.Len())]
		if _, err = from.CopyIn(part); err == nil {
			m, err = h.write(part, nonblock)
			n += m
		}
	}
	if n > 0 {
		err = nil
	}
	return n, err
}

// checkWrite is the job control of writing.
func (h *handle) checkWrite() error {
	if h.console {
		return nil
	}
	h.mu.Lock()
	stop := h.d.Termios().Lflag&TOSTOP != 0
	h.mu.Unlock()
	if !stop {
		return nil
	}
	return h.checkChange(syscall.SIGTTOU)
}

// write passes b to the discipline and waits while that has no room: EIO,
// EAGAIN, ERESTARTSYS.
func (h *handle) write(b []byte, nonblock bool) (n int, err error) {
	for {
		seen := h.output.Load()
		if h.hungUp() {
			return n, syscall.EIO
		}
		m := 0
		h.mu.Lock()
		if !h.refusesOutput() {
			m = h.d.Write(b[n:])
			h.send()
		}
		if m == 0 && nonblock {
			h.wantSignal.Store(h.async.Any())
		}
		h.mu.Unlock()
		n += m
		switch {
		case n == len(b):
			return n, nil
		case m > 0:
			continue // sending has made room
		case nonblock:
			return n, syscall.EAGAIN
		}
		if h.writeWait.WaitInterruptible(func() bool { return h.output.Load() != seen }) != nil {
			return n, errno.ERESTARTSYS
		}
	}
}

// refusesOutput reports whether nothing can be written because output is
// stopped. A serial driver has a buffer for what is written meanwhile, a pseudo
// terminal has none.
//
// Preconditions: mu held.
func (t *TTY) refusesOutput() bool { return t.isPTY() && t.d.Stopped() }
