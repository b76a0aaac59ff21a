package unix

import (
	"syscall"

	"onsen/kernel/net"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Sendmsg sends one datagram, to the name in m or to the peer: ENOTCONN if there is
// neither, EMSGSIZE if it is larger than the buffer, ECONNREFUSED, EPERM, EPIPE,
// EFAULT, ENOBUFS, what looking for the name gives; see net.Timeo.Wait. Linux's
// unix_dgram_sendmsg.
func (d dgram) Sendmsg(m *net.Msghdr, from *uaccess.Iter, flags int) (int, error) {
	collectIfMany()
	var scm net.Scm
	var name *address
	if m != nil {
		var err error
		if scm, err = net.ParseScm(m.Control); err != nil {
			return 0, err
		}
		defer scm.Drop()
	}
	if flags&syscall.MSG_OOB != 0 {
		return 0, syscall.EOPNOTSUPP
	}
	other := d.peer.Load()
	if m != nil && len(m.Name) != 0 {
		var err error
		if name, err = parse(m.Name); err != nil {
			return 0, err
		}
		other = nil
	} else if other == nil {
		return 0, syscall.ENOTCONN
	}
	if err := d.wantName(); err != nil {
		return 0, err
	}
	n := from.Len()
	if n > int(d.SndBuf.Load())-32 {
		return 0, syscall.EMSGSIZE
	}
	if err := d.awaitRoom(flags); err != nil {
		return 0, err
	}
	if n > largestDgram {
		return 0, syscall.ENOBUFS
	}
	p, err := d.newMsg(from, n, dgramCharge(n))
	if err != nil {
		return 0, err
	}
	if err = p.carry(&scm); err == nil {
		err = d.sendTo(p, other, name, flags)
	}
	if err != nil {
		p.free()
		return 0, err
	}
	return n, nil
}

// sendTo finds the receiver of a datagram, if it is not other, and puts it into his
// queue once there is room.
func (d dgram) sendTo(p *msg, other *Sock, name *address, flags int) (err error) {
	timeo := d.SndTimeo(flags&syscall.MSG_DONTWAIT != 0)
	for {
		if other == nil {
			if name == nil {
				return syscall.ECONNRESET
			}
			if other, err = names.find(name, d.Type); err != nil {
				return err
			}
		}
		other.Lock.Lock()
		err := d.mayDeliver(other)
		if err == nil {
			d.deliver(other, p)
			return nil
		}
		other.Lock.Unlock()
		switch err {
		case errDead:
			if err := d.peerDied(other); err != nil {
				return err
			}
			other = nil
			sched.CondResched()
		case errFull:
			if timeo == 0 {
				return d.wouldBlock(other)
			}
			if err := other.waitForRoom(timeo); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// Reasons why a datagram is not delivered at once.
const (
	errDead = syscall.Errno(1<<20 + 1)
	errFull = syscall.Errno(1<<20 + 2)
)

// mayDeliver reports whether other takes a datagram: EPERM, EPIPE, errDead, errFull.
//
// Preconditions: other.Lock held.
func (d dgram) mayDeliver(other *Sock) error {
	switch {
	case !mayReach(d.Sock, other):
		return syscall.EPERM
	case other.dead.Load():
		return errDead
	case other.Shut.Load()&net.ShutRead != 0:
		return syscall.EPIPE
	case other != d.Sock && other.peer.Load() != d.Sock && other.full():
		return errFull
	}
	return nil
}

// wouldBlock answers for a datagram that the other one has no room for. Whoever polls
// is told when there is.
func (d dgram) wouldBlock(other *Sock) error {
	d.Lock.Lock()
	defer d.Lock.Unlock()
	if d.peer.Load() == other {
		d.startPeerWake(other)
	}
	return syscall.EAGAIN
}

// peerDied is called when the receiver of a datagram is gone: ECONNREFUSED if it was
// the peer, which it is not any more; EPIPE for a seqpacket.
func (d dgram) peerDied(other *Sock) error {
	if d.connectionBased() {
		return syscall.EPIPE
	}
	d.Lock.Lock()
	was := d.peer.CompareAndSwap(other, nil)
	if was {
		d.State.Store(net.Closed)
	}
	d.Lock.Unlock()
	if !was {
		return nil
	}
	d.disconnected(other, nil)
	return syscall.ECONNREFUSED
}

// Sendmsg sends one packet to the peer; a name is ignored. ENOTCONN, and as of dgram.
// Linux's unix_seqpacket_sendmsg.
func (s seqpacket) Sendmsg(m *net.Msghdr, from *uaccess.Iter, flags int) (int, error) {
	if err := s.TakeError(); err != nil {
		return 0, err
	}
	if s.State.Load() != net.Established {
		return 0, syscall.ENOTCONN
	}
	if m != nil {
		m.Name = nil
	}
	return s.dgram.Sendmsg(m, from, flags)
}

// Recvmsg receives one packet: ENOTCONN, and as of dgram.
func (s seqpacket) Recvmsg(m *net.Msghdr, to *uaccess.Iter, flags int) (int, error) {
	if s.State.Load() != net.Established {
		return 0, syscall.ENOTCONN
	}
	return s.dgram.Recvmsg(m, to, flags)
}

// Recvmsg receives one datagram, of which what there is no room for is lost, with
// MSG_TRUNC; the same flag in the call asks for its whole length. 0 if the socket is
// shut down; the pending error; EFAULT, with which it is lost, too. Linux's
// unix_dgram_recvmsg.
func (d dgram) Recvmsg(m *net.Msghdr, to *uaccess.Iter, flags int) (int, error) {
	if flags&syscall.MSG_OOB != 0 {
		return 0, syscall.EOPNOTSUPP
	}
	p, skip, err := d.receive(flags)
	if p == nil {
		return 0, err
	}
	peek := flags&syscall.MSG_PEEK != 0
	d.peerWait.WakeInterruptible()
	scm, n, err := d.copyOut(p, m, to, skip, peek)
	d.ioLock.Unlock()
	if !peek {
		p.free()
	}
	if err != nil {
		scm.Drop()
		return 0, err
	}
	scm.Deliver(m, d.PassCred())
	if flags&syscall.MSG_TRUNC != 0 {
		return p.full - skip, nil
	}
	return n, nil
}

// receive returns the next datagram, with ioLock held, and where in it to begin. It is
// in the queue no more unless the receiver peeks. nil without an error says that the
// socket is shut down.
func (d dgram) receive(flags int) (p *msg, skip int, err error) {
	timeo := d.RcvTimeo(flags&syscall.MSG_DONTWAIT != 0)
	for {
		d.ioLock.Lock()
		if err := d.TakeError(); err != nil {
			d.ioLock.Unlock()
			return nil, 0, err
		}
		d.Lock.Lock()
		before := d.queue.pushed.Load()
		if p, skip = d.pick(flags); p != nil && flags&syscall.MSG_PEEK == 0 {
			d.queue.remove(p)
		}
		d.Lock.Unlock()
		if p != nil {
			return p, skip, nil
		}
		d.ioLock.Unlock()
		if d.Shut.Load()&net.ShutRead != 0 && (timeo != 0 || d.connectionBased()) {
			return nil, 0, nil
		}
		if err := timeo.WaitExclusive(&d.Rd, func() bool {
			return d.queue.pushed.Load() != before || d.Err.Load() != 0 || d.Shut.Load()&net.ShutRead != 0
		}); err != nil {
			return nil, 0, err
		}
	}
}

// pick returns the first datagram, or the one where SO_PEEK_OFF says that peeking
// begins, and where in it. Linux's __skb_try_recv_from_queue.
//
// Preconditions: Lock held.
func (d dgram) pick(flags int) (p *msg, skip int) {
	off := d.PeekOffset(flags)
	at := flags&syscall.MSG_PEEK != 0 && off >= 0
	off = max(off, 0)
	for p = d.queue.first; p != nil; p = p.next {
		if at && off >= p.full && (off > 0 || p.peeked) {
			off -= p.full
			continue
		}
		if flags&syscall.MSG_PEEK != 0 && p.full == 0 {
			p.peeked = true
		}
		return p, off
	}
	return nil, 0
}

// copyOut gives the receiver a datagram from skip on, and returns what it carries.
//
// Preconditions: ioLock held.
func (d dgram) copyOut(p *msg, m *net.Msghdr, to *uaccess.Iter, skip int, peek bool) (scm net.Scm, n int, err error) {
	if m != nil && m.WantName && p.from.addr.Load() != nil {
		m.Name = p.from.addr.Load().sockaddr()
	}
	n = min(to.Len(), p.full-skip)
	if n < p.full-skip && m != nil {
		m.Flags |= syscall.MSG_TRUNC
	}
	if !peek {
		d.fds.Add(-int32(len(p.scm.Files)))
	}
	if _, err := to.CopyOut(p.data[skip : skip+n]); err != nil {
		return scm, 0, err
	}
	scm.Cred, scm.HasCred = p.scm.Cred, p.scm.HasCred
	if peek {
		d.MovePeek(n)
		scm.Files = p.peekFiles()
	} else {
		d.MovePeek(-p.full)
		if p.scm.Files != nil {
			scm.Files = p.detach().Files
		}
	}
	return scm, n, nil
}
