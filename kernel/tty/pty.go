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
	// Closed is called when the master is closed, and Freed when both sides are.
	// Constant.
	Closed, Freed func()
	// OpenPeer opens the slave of a master for the caller and returns the
	// descriptor. Constant.
	OpenPeer func(master *fs.File, flags uint32) (uintptr, error)

	lock     spin.Lock // comes after TTY.mu
	in, out  ring      // to and from the slave. lock
	shut     bool      // TIOCSPTLCK: the slave cannot be opened. lock
	users    int       // open files of the slave. lock
	hasSlave bool      // the slave is open, or was not yet. lock
	gone     bool      // the master is closed. lock
	stopped  bool      // TCXONC of the master: what is typed waits. lock

	packet bool // TIOCPKT. lock
	status byte // what a master in packet mode has not been told yet. lock

	// changes counts what the master's users wait for. async are the files of the
	// master whose owners get a signal when the slave has sent something.
	changes atomic.Uint32
	wait    sched.WaitQueue
	async   fs.Fasync
}

// ringSize is how much a ring holds: what Linux's buffers do if they are filled byte
// by byte. There it depends on the sizes of the writes, and on chance.
const ringSize = 16 << 10

// ring is a queue of bytes, which takes memory once it is to hold any. Its indices
// are only counted up.
type ring struct {
	buf        atomic.Pointer[[ringSize]byte]
	head, tail uint32
}

// prepare makes the ring ready for a write. No lock is held: it allocates.
func (r *ring) prepare() {
	if r.buf.Load() == nil {
		r.buf.CompareAndSwap(nil, new([ringSize]byte))
	}
}

func (r *ring) len() int { return int(r.head - r.tail) }

// room returns how much can be written.
func (r *ring) room() int { return ringSize - r.len() }

// write takes as much of b as there is room for.
//
// Preconditions: prepare has been called.
func (r *ring) write(b []byte) int {
	n := min(len(b), r.room())
	buf, at := r.buf.Load(), r.head%ringSize
	copy(buf[:], b[copy(buf[at:], b[:n]):n])
	r.head += uint32(n)
	return n
}

func (r *ring) read(b []byte) int {
	n := min(len(b), r.len())
	if n == 0 {
		return 0
	}
	buf, at := r.buf.Load(), r.tail%ringSize
	copy(b[copy(b[:n], buf[at:]):n], buf[:])
	r.tail += uint32(n)
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
	p.out.prepare()
	p.lock.Lock()
	n := p.out.write(b)
	p.lock.Unlock()
	if n > 0 {
		p.changed()
		p.async.Kill(fs.BandIn)
	}
	return n
}

// Unsent implements Driver. What the master has not read counts as sent.
func (p *PTY) Unsent() int { return 0 }

// FlushInput implements Driver.
func (p *PTY) FlushInput() { p.drop(&p.in, pktFlushRead) }

// FlushOutput implements Driver.
func (p *PTY) FlushOutput() { p.drop(&p.out, pktFlushWrite) }

// flushAll is what a signal from the keyboard does to output. The discipline
// has thrown its input away itself.
func (p *PTY) flushAll() { p.drop(&p.out, pktFlushRead|pktFlushWrite) }

func (p *PTY) drop(r *ring, status byte) {
	p.lock.Lock()
	r.tail = r.head
	p.tell(status, 0)
	p.lock.Unlock()
	p.changed()
}

// SetTermios implements Driver. A pseudo terminal has 8 bits and no parity.
func (p *PTY) SetTermios(set, old *Termios) {
	set.Cflag = set.Cflag&^(CSIZE|PARENB) | CS8 | CREAD
	p.tellTermios(set, old)
}

// opening and closed implement opener.
func (p *PTY) opening() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.gone || p.shut {
		return syscall.EIO
	}
	p.hasSlave = true
	p.users++
	return nil
}

func (p *PTY) closed() {
	p.lock.Lock()
	p.users--
	last := p.users == 0
	if last {
		p.hasSlave = false
	}
	free := last && p.gone
	p.lock.Unlock()
	if last {
		p.changed()
	}
	if free {
		p.Freed()
	}
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
		n, open := m.takePacket(b[:min(len(b), to.Len())])
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
	m.in.prepare()
	for from.Len() > 0 {
		part := b[:min(len(b), from.Len())]
		if _, err = from.CopyIn(part); err != nil {
			return result(n, err)
		}
		for len(part) > 0 {
			seen := m.changes.Load()
			k := 0
			m.lock.Lock()
			if !m.stopped {
				k = m.in.write(part)
			}
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
	if m.packet && m.status != 0 {
		events |= fs.PollPri | fs.PollIn | fs.PollRdNorm
	}
	if m.in.room() > 0 && !m.stopped {
		events |= fs.PollOut | fs.PollWrNorm
	}
	if !m.hasSlave {
		events |= fs.PollHup
	}
	return events
}

// Fasync implements fs.Fasyncer. The signals go to the process that asks for them
// unless it has said to whom.
func (m *Master) Fasync(f *fs.File, fd int, on bool) {
	m.async.Set(f, fd, on)
	if on {
		f.OfferOwner(Proc.Owner(nil))
	}
}

// Release implements fs.FileOps: the slave is hung up.
func (m *Master) Release(*fs.File) {
	m.lock.Lock()
	m.gone = true
	free := m.users == 0
	m.lock.Unlock()
	m.Slave.Hangup()
	m.Closed()
	if free {
		m.Freed()
	}
}
