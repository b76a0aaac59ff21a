package tty

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
	"onsen/kernel/uaccess"
)

// PTY is a pseudo terminal (pty(7)): a terminal, the slave, and a file, the
// master, that stands for its keyboard and screen. It is the slave's driver.
type PTY struct {
	// Slave is the terminal. Constant.
	Slave *TTY
	// Index is its number. Constant.
	Index int
	// Closed is called when the master is closed. Constant.
	Closed func()

	lock     spin.Lock // comes after TTY.mu
	in, out  ring      // to and from the slave. lock
	shut     bool      // TIOCSPTLCK: the slave cannot be opened. lock
	hasSlave bool      // the slave is open, or was not yet. lock
	gone     bool      // the master is closed. lock

	// changes counts what the master's users wait for.
	changes atomic.Uint32
	wait    sched.WaitQueue
}

// ring is a queue of bytes. Its indices are only counted up.
type ring struct {
	buf        [BufSize]byte
	head, tail uint32
}

func (r *ring) len() int { return int(r.head - r.tail) }

func (r *ring) write(b []byte) int {
	n := min(len(b), BufSize-r.len())
	for _, c := range b[:n] {
		r.buf[r.head&bufMask] = c
		r.head++
	}
	return n
}

func (r *ring) read(b []byte) int {
	n := min(len(b), r.len())
	for i := range b[:n] {
		b[i] = r.buf[r.tail&bufMask]
		r.tail++
	}
	return n
}

// NewPTY returns a pseudo terminal whose slave, named name, is locked.
func NewPTY(name string, dev fs.Dev, index int) *PTY {
	p := &PTY{Index: index, shut: true, hasSlave: true}
	set := Standard
	set.Cflag &^= HUPCL
	p.Slave = New(name, dev, p, &set)
	return p
}

// changed wakes the master's users.
func (p *PTY) changed() {
	p.changes.Add(1)
	p.wait.WakeAll()
}

// Read implements Driver.
func (p *PTY) Read(b []byte) int {
	p.lock.Lock()
	n := p.in.read(b)
	p.lock.Unlock()
	if n > 0 {
		p.changed()
	}
	return n
}

// Write implements Driver.
func (p *PTY) Write(b []byte) int {
	p.lock.Lock()
	n := p.out.write(b)
	p.lock.Unlock()
	if n > 0 {
		p.changed()
	}
	return n
}

// Unsent implements Driver. What the master has not read counts as sent.
func (p *PTY) Unsent() int { return 0 }

// FlushInput implements Driver.
func (p *PTY) FlushInput() { p.drop(&p.in) }

// FlushOutput implements Driver.
func (p *PTY) FlushOutput() { p.drop(&p.out) }

func (p *PTY) drop(r *ring) {
	p.lock.Lock()
	r.tail = r.head
	p.lock.Unlock()
	p.changed()
}

// SetTermios implements Driver.
func (p *PTY) SetTermios(_, _ *Termios) {}

// opening and closed implement opener.
func (p *PTY) opening() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.gone || p.shut {
		return syscall.EIO
	}
	p.hasSlave = true
	return nil
}

func (p *PTY) closed() {
	p.lock.Lock()
	p.hasSlave = false
	p.lock.Unlock()
	p.changed()
}

// Master is the open file of a master. It is the Ops of its file.
type Master struct {
	fs.NoOps
	*PTY
}

// Spliceable says that splice(2) and sendfile(2) work.
func (m *Master) Spliceable() {}

// Read gives what the slave has sent. EIO once it is closed and all is read.
func (m *Master) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	var b [512]byte
	for to.Len() > 0 {
		seen := m.changes.Load()
		n, open := m.take(b[:min(len(b), to.Len())])
		switch {
		case n > 0:
			return to.CopyOut(b[:n])
		case !open:
			return 0, syscall.EIO
		case f.NonBlock():
			return 0, syscall.EAGAIN
		}
		if m.wait.WaitInterruptible(func() bool { return m.changes.Load() != seen }) != nil {
			return 0, errno.ERESTARTSYS
		}
	}
	return 0, nil
}

// take takes output, and asks the slave for what had no room before. It reports
// whether the slave is open.
func (m *Master) take(b []byte) (n int, open bool) {
	m.lock.Lock()
	n, open = m.out.read(b), m.hasSlave
	m.lock.Unlock()
	if n > 0 || !open {
		m.Slave.roomAgain()
	}
	if n == 0 && !open {
		m.lock.Lock()
		n = m.out.read(b)
		m.lock.Unlock()
	}
	return n, open
}

// Write types on the slave's keyboard.
func (m *Master) Write(f *fs.File, from *uaccess.Iter, _ *int64) (n int, err error) {
	var b [512]byte
	for from.Len() > 0 {
		part := b[:min(len(b), from.Len())]
		if _, err = from.CopyIn(part); err != nil {
			return result(n, err)
		}
		for len(part) > 0 {
			seen := m.changes.Load()
			m.lock.Lock()
			k := m.in.write(part)
			m.lock.Unlock()
			m.Slave.InputReady()
			n += k
			if part = part[k:]; len(part) == 0 {
				break
			}
			if f.NonBlock() {
				return result(n, syscall.EAGAIN)
			}
			if m.wait.WaitInterruptible(func() bool { return m.changes.Load() != seen }) != nil {
				return result(n, errno.ERESTARTSYS)
			}
		}
	}
	return n, nil
}

// Poll implements fs.FileOps.
func (m *Master) Poll(_ *fs.File, t *fs.PollTable) (events fs.PollEvents) {
	t.Wait(&m.wait)
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.out.len() > 0 {
		events |= fs.PollIn | fs.PollRdNorm
	}
	if m.in.len() < BufSize {
		events |= fs.PollOut | fs.PollWrNorm
	}
	if !m.hasSlave {
		events |= fs.PollHup
	}
	return events
}

// Release implements fs.FileOps: the slave is hung up.
func (m *Master) Release(*fs.File) {
	m.lock.Lock()
	m.gone = true
	m.lock.Unlock()
	m.Slave.Hangup()
	m.Closed()
}

// The ioctls of masters.
const (
	TIOCGPTN    = 0x80045430
	TIOCSPTLCK  = 0x40045431
	TIOCSIG     = 0x40045436
	TIOCGPTLCK  = 0x80045439
	highestSign = 64
)

// Ioctl implements fs.FileOps. What is not the master's own is done to the slave.
func (m *Master) Ioctl(f *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	return 0, m.ioctl(cmd, arg)
}

func (m *Master) ioctl(cmd uint32, arg uintptr) error {
	switch cmd {
	case TIOCGPTN:
		return uaccess.Put(arg, uint32(m.Index))
	case TIOCSPTLCK:
		v, err := uaccess.Get[int32](arg)
		if err == nil {
			m.lock.Lock()
			m.shut = v != 0
			m.lock.Unlock()
		}
		return err
	case TIOCGPTLCK:
		m.lock.Lock()
		v := boolInt(m.shut)
		m.lock.Unlock()
		return uaccess.Put(arg, v)
	case TIOCSIG:
		if arg < 1 || arg > highestSign {
			return syscall.EINVAL
		}
		m.Slave.signalForeground(int(arg))
		return nil
	case FIONREAD:
		m.lock.Lock()
		n := int32(m.out.len())
		m.lock.Unlock()
		return uaccess.Put(arg, n)
	}
	return m.slaveIoctl(cmd, arg)
}

// slaveIoctl does to the slave what job control would not let its own users do.
func (m *Master) slaveIoctl(cmd uint32, arg uintptr) error {
	s := m.Slave
	switch cmd {
	case TCGETS, TCGETS2, TCGETA:
		return s.getTermios(cmd, arg)
	case TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETSW2, TCSETSF2, TCSETA, TCSETAW, TCSETAF:
		set, err := s.readTermios(cmd, arg)
		if err == nil {
			s.SetTermios(&set)
		}
		return err
	case TIOCGPGRP:
		return uaccess.Put(arg, int32(number(s.Foreground())))
	case TIOCSPGRP:
		return s.setForeground(arg)
	case TIOCGSID:
		session := s.Session()
		if session == nil {
			return syscall.ENOTTY
		}
		return uaccess.Put(arg, int32(session.Nr()))
	case TCFLSH:
		// Input of the master is output of the slave.
		switch arg {
		case tciflush:
			s.flushOutput()
		case tcoflush:
			s.flushInput()
		case tcioflush:
			s.flushOutput()
			s.flushInput()
		default:
			return syscall.EINVAL
		}
		return nil
	case TIOCGWINSZ, TIOCSWINSZ, TIOCGETD, TIOCEXCL, TIOCNXCL, TIOCGEXCL, TIOCVHANGUP:
		return s.stateIoctl(cmd, arg)
	}
	return errno.ENOIOCTLCMD
}
