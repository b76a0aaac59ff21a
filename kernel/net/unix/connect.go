package unix

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/net"
	"onsen/kernel/sched"
)

func context() *fs.Context { return net.Context() }

// Listen makes the socket one that is connected to: EINVAL if it has no name or is
// connected. Who calls is who SO_PEERCRED of those who connect will name. Linux's
// unix_listen.
func (s *Sock) Listen(backlog int) error {
	if s.addr.Load() == nil {
		return syscall.EINVAL
	}
	peer := net.CurrentPeer()
	s.Lock.Lock()
	defer s.Lock.Unlock()
	if state := s.State.Load(); state != net.Closed && state != net.Listening {
		return syscall.EINVAL
	}
	old := s.maxQueue.Swap(uint32(backlog))
	if uint32(backlog) > old {
		s.peerWait.WakeAll()
	}
	s.State.Store(net.Listening)
	s.Peer.Store(peer)
	return nil
}

// Listen returns EOPNOTSUPP, and so does Accept.
func (dgram) Listen(int) error { return syscall.EOPNOTSUPP }

// Accept returns EOPNOTSUPP.
func (dgram) Accept(bool) (net.ProtoOps, error) { return nil, syscall.EOPNOTSUPP }

// Listen, Accept and Connect of a seqpacket are those of a stream.
func (s seqpacket) Listen(backlog int) error { return s.Sock.Listen(backlog) }

// Accept is that of a stream.
func (s seqpacket) Accept(nonblock bool) (net.ProtoOps, error) { return s.Sock.Accept(nonblock) }

// Connect is that of a stream.
func (s seqpacket) Connect(b []byte, nonblock bool) error { return s.Sock.Connect(b, nonblock) }

// Connect connects to a listening socket: ECONNREFUSED if it does not listen; EAGAIN
// if its queue stays full; EISCONN, EINVAL if this one is not free; what looking for
// the name gives. Linux's unix_stream_connect.
func (s *Sock) Connect(b []byte, nonblock bool) error {
	a, err := parse(b)
	if err != nil {
		return err
	}
	if err := s.wantName(); err != nil {
		return err
	}
	timeo := s.SndTimeo(nonblock)
	for {
		other, err := names.find(a, s.Type)
		if err != nil {
			return err
		}
		conn := newSock(s.Type)
		switch again, err := s.connectTo(other, conn); {
		case again:
			all.remove(conn)
			if err := other.waitForRoom(timeo); err != nil {
				return err
			}
		case err != nil:
			all.remove(conn)
			return err
		default:
			other.DataReady()
			return nil
		}
	}
}

// connectTo makes conn the other side of a connection, and puts it into the queue of
// other, whom it stands for. again says that its queue is full or it has just gone.
func (s *Sock) connectTo(other, conn *Sock) (again bool, err error) {
	me := net.CurrentPeer()
	lockTwo(s, other)
	defer unlockTwo(s, other)
	switch {
	case other.dead.Load():
		return true, nil
	case other.State.Load() != net.Listening || other.Shut.Load()&net.ShutRead != 0:
		return false, syscall.ECONNREFUSED
	case other.full():
		return true, nil
	}
	switch s.State.Load() {
	case net.Closed:
	case net.Established:
		return false, syscall.EISCONN
	default:
		return false, syscall.EINVAL
	}
	conn.peer.Store(s)
	conn.State.Store(net.Established)
	conn.Peer.Store(me)
	conn.addr.Store(other.addr.Load())
	s.Peer.Store(other.Peer.Load())
	s.State.Store(net.Established)
	s.peer.Store(conn)
	charge := truesize(1, 0)
	conn.Wmem.Add(charge)
	other.queue.push(&msg{from: conn, charge: charge, conn: conn})
	return false, nil
}

// waitForRoom waits until the queue is not full any more or the socket gone; see
// net.Timeo.Wait. Linux's unix_wait_for_peer.
func (s *Sock) waitForRoom(t net.Timeo) error {
	return t.Wait(&s.peerWait, func() bool {
		return s.dead.Load() || s.Shut.Load()&net.ShutRead != 0 || !s.full()
	})
}

// Accept takes a connection from the queue: EINVAL if the socket does not listen or is
// shut down; see net.Timeo.Wait. Linux's unix_accept.
func (s *Sock) Accept(nonblock bool) (net.ProtoOps, error) {
	if s.State.Load() != net.Listening {
		return nil, syscall.EINVAL
	}
	timeo := s.RcvTimeo(nonblock)
	for {
		if err := s.TakeError(); err != nil {
			return nil, err
		}
		s.Lock.Lock()
		m := s.queue.first
		if m != nil {
			s.queue.remove(m)
		}
		s.Lock.Unlock()
		if m != nil {
			s.peerWait.WakeInterruptible()
			conn := m.conn
			m.free()
			return opsOf(conn), nil
		}
		if timeo != 0 && s.Shut.Load()&net.ShutRead != 0 {
			return nil, syscall.EINVAL
		}
		if err := s.waitForMessage(timeo); err != nil {
			return nil, err
		}
	}
}

// waitForMessage waits until there is something in the queue, or there never will be.
// Of several who wait, one gets it. Linux's __skb_wait_for_more_packets.
func (s *Sock) waitForMessage(t net.Timeo) error {
	return t.WaitExclusive(&s.Rd, func() bool {
		return s.queue.len.Load() != 0 || s.Err.Load() != 0 || s.Shut.Load()&net.ShutRead != 0
	})
}

// Connect makes a socket the one to which datagrams are sent, and the only one from
// which they come, if it is connected to this one or to nobody: EPERM. AF_UNSPEC
// undoes that. Linux's unix_dgram_connect.
func (d dgram) Connect(b []byte, nonblock bool) error {
	if len(b) < pathOffset {
		return syscall.EINVAL
	}
	if family(b) == syscall.AF_UNSPEC {
		d.setPeer(nil)
		return nil
	}
	a, err := parse(b)
	if err != nil {
		return err
	}
	if err := d.wantName(); err != nil {
		return err
	}
	for {
		other, err := names.find(a, d.Type)
		if err != nil {
			return err
		}
		if ok, err := d.connectTo(other); ok || err != nil {
			return err
		}
		sched.CondResched()
	}
}

// connectTo returns false if the other one has just gone.
func (d dgram) connectTo(other *Sock) (ok bool, err error) {
	lockTwo(d.Sock, other)
	if other.dead.Load() {
		unlockTwo(d.Sock, other)
		return false, nil
	}
	if !mayReach(d.Sock, other) {
		unlockTwo(d.Sock, other)
		return false, syscall.EPERM
	}
	d.State.Store(net.Established)
	other.State.Store(net.Established)
	old := d.peer.Swap(other)
	unlockTwo(d.Sock, other)
	d.disconnected(old, other)
	return true, nil
}

// setPeer makes other, which may be nil, the peer.
func (d dgram) setPeer(other *Sock) {
	d.Lock.Lock()
	old := d.peer.Swap(other)
	if old != nil && other == nil {
		d.State.Store(net.Closed)
	}
	d.Lock.Unlock()
	d.disconnected(old, other)
}

// disconnected does what is to be done when the peer was old and is now: what the old
// one has sent is lost, and it gets to know if this one was its peer. Linux's
// unix_dgram_disconnected.
func (d dgram) disconnected(old, now *Sock) {
	if old == nil || old == now {
		return
	}
	d.stopPeerWake()
	d.Wr.WakeAll()
	d.Lock.Lock()
	msgs := d.queue.takeAll()
	d.Lock.Unlock()
	if msgs == nil {
		return
	}
	d.freeAll(msgs)
	d.peerWait.WakeAll()
	if !old.dead.Load() && old.peer.Load() == d.Sock {
		old.Err.Store(int32(syscall.ECONNRESET))
		old.ErrorReport()
	}
}

// mayReach reports whether s may send other something: it is connected to nobody else.
// Linux's unix_may_send.
func mayReach(s, other *Sock) bool {
	p := other.peer.Load()
	return p == nil || p == s
}
