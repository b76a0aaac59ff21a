package unix

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/net"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Sendmsg sends all of from, in messages that the receiver puts together again. EPIPE,
// with SIGPIPE unless MSG_NOSIGNAL is set, if the other side or this one has closed
// the way; ENOTCONN, EISCONN, EOPNOTSUPP, EFAULT. An error stands for nothing sent at
// all. Linux's unix_stream_sendmsg.
func (s stream) Sendmsg(m *net.Msghdr, from *uaccess.Iter, flags int) (int, error) {
	collectIfMany()
	var scm net.Scm
	if m != nil {
		var err error
		if scm, err = net.ParseScm(m.Control); err != nil {
			return 0, err
		}
		defer scm.Drop()
	}
	switch {
	case flags&syscall.MSG_OOB != 0:
		return 0, syscall.EOPNOTSUPP // as a Linux without CONFIG_AF_UNIX_OOB
	case m != nil && len(m.Name) != 0 && s.State.Load() == net.Established:
		return 0, syscall.EISCONN
	case m != nil && len(m.Name) != 0:
		return 0, syscall.EOPNOTSUPP
	}
	other := s.peer.Load()
	if other == nil {
		return 0, syscall.ENOTCONN
	}
	sent, err := s.sendTo(other, &scm, from, flags)
	if sent > 0 {
		return sent, nil
	}
	if err == errPipe {
		if flags&syscall.MSG_NOSIGNAL == 0 {
			net.SendSIGPIPE()
		}
		err = syscall.EPIPE
	}
	return 0, err
}

// errPipe is an EPIPE that SIGPIPE goes with.
const errPipe = syscall.Errno(1 << 20)

// sendTo puts from into the other's queue piece by piece. What scm has goes with the
// first.
func (s stream) sendTo(other *Sock, scm *net.Scm, from *uaccess.Iter, flags int) (sent int, err error) {
	if s.Shut.Load()&net.ShutWrite != 0 {
		return 0, errPipe
	}
	for from.Len() > 0 {
		n := streamChunk(from.Len(), s.SndBuf.Load())
		if err := s.awaitRoom(flags); err != nil {
			return sent, err
		}
		m, err := s.newMsg(from, n, streamCharge(n))
		if err != nil {
			return sent, err
		}
		if err := m.carry(scm); err != nil {
			m.free()
			return sent, err
		}
		other.Lock.Lock()
		if other.Shut.Load()&net.ShutRead != 0 { // also if it is dead
			other.Lock.Unlock()
			m.free()
			return sent, errPipe
		}
		s.deliver(other, m)
		sent += n
	}
	return sent, nil
}

// deliver puts a message into the other's queue, and tells it.
//
// Preconditions: other.Lock held; released on return.
func (s *Sock) deliver(other *Sock, m *msg) {
	if !m.scm.HasCred && (other.Socket() == nil || other.PassCred() || s.PassCred()) {
		m.scm.Cred, m.scm.HasCred = net.CurrentUcred(), true
	}
	if n := len(m.scm.Files); n != 0 {
		other.fds.Add(int32(n))
	}
	other.queue.push(m)
	other.Lock.Unlock()
	other.DataReady()
}

// awaitRoom waits until the socket may send another message: the pending error, EPIPE
// if it is shut down; see net.Timeo.Wait. Linux's sock_alloc_send_pskb.
func (s *Sock) awaitRoom(flags int) error {
	if s.Err.Load() == 0 && s.Shut.Load()&net.ShutWrite == 0 && s.HasRoom() {
		return nil
	}
	timeo := s.SndTimeo(flags&syscall.MSG_DONTWAIT != 0)
	for {
		if err := s.TakeError(); err != nil {
			return err
		}
		if s.Shut.Load()&net.ShutWrite != 0 {
			return syscall.EPIPE
		}
		if s.HasRoom() {
			return nil
		}
		s.NoSpace()
		if err := timeo.Wait(&s.Wr, func() bool {
			return s.HasRoom() || s.Err.Load() != 0 || s.Shut.Load()&net.ShutWrite != 0
		}); err != nil {
			return err
		}
	}
}

// streamRead is one call of Recvmsg.
type streamRead struct {
	s      stream
	m      *net.Msghdr
	to     *uaccess.Iter
	flags  int
	timeo  net.Timeo
	target int // how many bytes are enough
	copied int
	skip   int    // how many bytes to pass by: SO_PEEK_OFF
	last   *msg   // the message that was peeked at last
	pushed uint32 // how many messages there ever were when find was called
	scm    net.Scm
	cred   bool // scm has the credentials of the first message
}

// Recvmsg takes what there is, and waits for as much as SO_RCVLOWAT or MSG_WAITALL
// asks for. Messages of different senders are not put together if the receiver wants
// to know the sender, and a message with descriptors ends what is received. EINVAL if
// there was no connection, ECONNRESET, EFAULT. Linux's unix_stream_read_generic.
func (s stream) Recvmsg(m *net.Msghdr, to *uaccess.Iter, flags int) (int, error) {
	switch {
	case s.State.Load() != net.Established:
		return 0, syscall.EINVAL
	case flags&syscall.MSG_OOB != 0:
		return 0, syscall.EOPNOTSUPP
	}
	r := streamRead{
		s: s, m: m, to: to, flags: flags,
		timeo:  s.RcvTimeo(flags&syscall.MSG_DONTWAIT != 0),
		target: s.RcvTarget(to.Len(), flags&syscall.MSG_WAITALL != 0),
	}
	s.ioLock.Lock()
	r.skip = max(s.PeekOffset(flags), 0)
	err := r.run()
	s.ioLock.Unlock()
	if err == errno.ERESTARTSYS || err == syscall.EINTR {
		r.scm.Drop()
	} else {
		r.scm.Deliver(m, s.PassCred())
	}
	if r.copied > 0 {
		return r.copied, nil
	}
	return 0, err
}

// run receives until it is enough.
//
// Preconditions: ioLock held.
func (r *streamRead) run() error {
	for {
		m, err := r.next()
		if m == nil || err != nil {
			return err
		}
		more, err := r.take(m)
		if err != nil || !more || r.to.Len() == 0 {
			return err
		}
	}
}

// next returns the message to read from. It waits for one if what there is is not
// enough; nil if that is the end.
func (r *streamRead) next() (*msg, error) {
	s := r.s
	for {
		s.Lock.Lock()
		m := r.find()
		r.pushed = s.queue.pushed.Load()
		s.Lock.Unlock()
		switch {
		case m != nil:
			return m, nil
		case r.copied >= r.target:
			return nil, nil
		case r.last != nil && r.copied > 0: // peeking does not wait for more
			return nil, nil
		}
		if err := s.TakeError(); err != nil {
			return nil, err
		}
		if s.Shut.Load()&net.ShutRead != 0 {
			return nil, nil
		}
		if r.timeo == 0 {
			return nil, syscall.EAGAIN
		}
		if err := r.wait(); err != nil {
			return nil, err
		}
	}
}

// find returns the first message that is not to be passed by: behind the last one,
// when peeking.
//
// Preconditions: Lock held.
func (r *streamRead) find() *msg {
	m := r.s.queue.first
	if r.last != nil {
		m = r.last.next
	}
	for m != nil && r.skip >= len(m.data) {
		r.skip -= len(m.data)
		m = m.next
	}
	return m
}

// wait waits for another message than there were when find was called. Others may
// receive meanwhile.
func (r *streamRead) wait() error {
	s := r.s
	s.ioLock.Unlock()
	defer s.ioLock.Lock()
	s.WaitData(true)
	defer s.WaitData(false)
	return r.timeo.Wait(&s.Rd, func() bool {
		return s.queue.pushed.Load() != r.pushed || s.Err.Load() != 0 || s.Shut.Load()&net.ShutRead != 0
	})
}

// take copies from a message, and reports whether the next one may follow.
func (r *streamRead) take(m *msg) (more bool, err error) {
	s := r.s
	if r.cred {
		if r.scm.HasCred != m.scm.HasCred || r.scm.Cred != m.scm.Cred {
			return false, nil
		}
	} else if s.PassCred() {
		r.scm.Cred, r.scm.HasCred = m.scm.Cred, m.scm.HasCred
		r.cred = true
	}
	if r.m != nil && r.m.WantName && r.m.Name == nil && m.from.addr.Load() != nil {
		r.m.Name = m.from.addr.Load().sockaddr()
	}
	n := min(len(m.data)-r.skip, r.to.Len())
	if _, err := r.to.CopyOut(m.data[r.skip : r.skip+n]); err != nil {
		return false, err
	}
	r.copied += n
	if r.flags&syscall.MSG_PEEK != 0 {
		return r.peeked(m, n), nil
	}
	return r.taken(m, n), nil
}

// taken takes n bytes away, and the message when it is empty.
func (r *streamRead) taken(m *msg, n int) (more bool) {
	s := r.s
	s.Lock.Lock()
	m.data = m.data[n:]
	empty := len(m.data) == 0
	if empty {
		s.queue.remove(m)
	}
	s.Lock.Unlock()
	s.MovePeek(-n)
	files := m.scm.Files != nil
	if files {
		s.fds.Add(-int32(len(m.scm.Files)))
		r.scm.Files = m.detach().Files
	}
	if empty {
		m.free()
	}
	return empty && !files
}

// peeked goes on behind the message, and gives the receiver descriptors of his own.
func (r *streamRead) peeked(m *msg, n int) (more bool) {
	r.s.MovePeek(n)
	if m.scm.Files != nil {
		r.scm.Files = m.peekFiles()
		return false
	}
	r.skip, r.last = 0, m
	sched.CondResched()
	return true
}
