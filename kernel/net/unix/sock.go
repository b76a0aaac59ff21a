// Package unix has the sockets of AF_UNIX (unix(7)): streams, datagrams and sequenced
// packets between the processes of one machine, and the passing of descriptors.
// Linux's net/unix. Package net says which locks there are.
//
// A message goes into the queue of the socket that is to receive it, and counts
// against the buffer of the one that has sent it until it is read.
package unix

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/net"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// MaxDgramQlen is net.unix.max_dgram_qlen: how many datagrams a socket holds of those
// who are not its peer, less one.
const MaxDgramQlen = 10

// Sock is a socket of AF_UNIX; Linux's struct unix_sock.
type Sock struct {
	net.Sock

	// bindLock serialises those who give the socket a name.
	bindLock sched.Mutex
	// ioLock is held by who receives: messages are read in order.
	ioLock sched.Mutex

	// addr is the socket's name, or nil. Set once.
	addr atomic.Pointer[address]
	// path is the place of the file that the name is, if it is one, and kept. Written
	// under names.lock.
	path fs.Path
	// peer is who is on the other side, or nil. Written under Lock.
	peer atomic.Pointer[Sock]
	// dead says that the last file is closed. Written under Lock.
	dead atomic.Bool

	// queue is what is to be received; on a listening socket, connections. Lock.
	queue msgQueue
	// maxQueue is how many entries of the queue are too many for others than the
	// peer: the backlog of listen(2).
	maxQueue atomic.Uint32
	// fds is how many descriptors there are in the queue.
	fds atomic.Int32

	// peerWait is where those wait, in connect or send, for whom the queue is full.
	peerWait sched.WaitQueue
	// peerWake is the socket's place in the peerWait of wakeOf, which is its peer,
	// while poll(2) has said that sending would block. Lock.
	peerWake peerWaker
	wakeOf   *Sock

	// inflight is how many messages have a descriptor of the socket; the collector's.
	// inflight.lock.
	inflight int
	gc       gcState

	// The socket's place in all.
	prev, next *Sock
}

// stream, dgram and seqpacket are the types of sockets.
type (
	stream    struct{ *Sock }
	dgram     struct{ *Sock }
	seqpacket struct{ dgram }
)

func init() { net.RegisterFamily(syscall.AF_UNIX, create) }

// create makes a socket: EPROTONOSUPPORT, ESOCKTNOSUPPORT. A raw one is one for
// datagrams. Linux's unix_create.
func create(typ, protocol int) (net.ProtoOps, error) {
	if protocol != 0 && protocol != syscall.AF_UNIX {
		return nil, syscall.EPROTONOSUPPORT
	}
	switch typ {
	case syscall.SOCK_STREAM:
		return stream{newSock(typ)}, nil
	case syscall.SOCK_DGRAM, syscall.SOCK_RAW:
		return dgram{newSock(syscall.SOCK_DGRAM)}, nil
	case syscall.SOCK_SEQPACKET:
		return seqpacket{dgram{newSock(typ)}}, nil
	}
	return nil, syscall.ESOCKTNOSUPPORT
}

// newSock returns a socket that is not connected. Linux's unix_create1.
func newSock(typ int) *Sock {
	s := new(Sock)
	s.Init(syscall.AF_UNIX, typ)
	s.maxQueue.Store(MaxDgramQlen)
	s.peerWake.init(s)
	all.add(s)
	return s
}

// Base implements net.ProtoOps.
func (s *Sock) Base() *net.Sock { return &s.Sock }

// opsOf returns the ProtoOps of a socket.
func opsOf(s *Sock) net.ProtoOps {
	switch s.Type {
	case syscall.SOCK_STREAM:
		return stream{s}
	case syscall.SOCK_SEQPACKET:
		return seqpacket{dgram{s}}
	}
	return dgram{s}
}

// sockOf returns the socket of a ProtoOps.
func sockOf(p net.ProtoOps) *Sock {
	switch p := p.(type) {
	case stream:
		return p.Sock
	case seqpacket:
		return p.dgram.Sock
	case dgram:
		return p.Sock
	}
	return nil
}

// connectionBased reports whether the socket has one peer for its life.
func (s *Sock) connectionBased() bool { return s.Type != syscall.SOCK_DGRAM }

// full reports whether others than its peer have to wait. Linux's unix_recvq_full.
func (s *Sock) full() bool { return s.queue.len.Load() > s.maxQueue.Load() }

// lockTwo locks the states of two sockets, which may be one.
func lockTwo(a, b *Sock) {
	if a == b {
		a.Lock.Lock()
		return
	}
	if a.ID > b.ID {
		a, b = b, a
	}
	a.Lock.Lock()
	b.Lock.Lock()
}

// unlockTwo unlocks in reverse, because a spin lock restores the interrupt state that
// it found.
func unlockTwo(a, b *Sock) {
	if a == b {
		a.Lock.Unlock()
		return
	}
	if a.ID > b.ID {
		a, b = b, a
	}
	b.Lock.Unlock()
	a.Lock.Unlock()
}

// Pair implements net.ProtoOps.
func (s *Sock) Pair(other net.ProtoOps) error {
	o := sockOf(other)
	for _, k := range []*Sock{s, o} {
		k.Peer.Store(net.CurrentPeer())
		k.State.Store(net.Established)
	}
	s.peer.Store(o)
	o.peer.Store(s)
	return nil
}

// Name implements net.ProtoOps. Linux's unix_getname.
func (s *Sock) Name(peer bool) ([]byte, error) {
	if peer {
		if s = s.peer.Load(); s == nil {
			return nil, syscall.ENOTCONN
		}
	}
	return s.addr.Load().sockaddr(), nil
}

// Shutdown implements net.ProtoOps. Of a connection, the other side gets to know.
// Linux's unix_shutdown.
func (s *Sock) Shutdown(how uint32) error {
	s.Lock.Lock()
	s.Shut.Store(s.Shut.Load() | how)
	other := s.peer.Load()
	s.Lock.Unlock()
	s.StateChange()
	if other == nil || !s.connectionBased() {
		return nil
	}
	back := how&net.ShutRead<<1 | how&net.ShutWrite>>1
	other.Lock.Lock()
	other.Shut.Store(other.Shut.Load() | back)
	other.Lock.Unlock()
	other.StateChange()
	if back == net.ShutBoth {
		other.HungUp()
	} else if back&net.ShutRead != 0 {
		other.HalfClosed()
	}
	return nil
}

// Release implements net.ProtoOps.
func (s *Sock) Release() {
	s.release(false)
	collectIfAny()
}

// release ends a socket: the other side of a connection gets to know, and, by an
// error, if something was not read or, with embryo, the connection not accepted.
// Linux's unix_release_sock.
func (s *Sock) release(embryo bool) {
	names.remove(s)
	s.Lock.Lock()
	s.Orphan()
	s.dead.Store(true)
	s.Shut.Store(net.ShutBoth)
	s.State.Store(net.Closed)
	peer := s.peer.Swap(nil)
	msgs := s.queue.takeAll()
	s.Lock.Unlock()
	s.peerWait.WakeAll()
	if peer != nil && s.connectionBased() {
		peer.Lock.Lock()
		peer.Shut.Store(net.ShutBoth)
		if msgs != nil || embryo {
			peer.Err.Store(int32(syscall.ECONNRESET))
		}
		peer.Lock.Unlock()
		peer.StateChange()
		peer.HungUp()
	}
	s.stopPeerWake()
	s.freeAll(msgs)
	all.remove(s)
}

// freeAll frees messages that nobody will read, and ends connections that nobody
// will accept.
func (s *Sock) freeAll(m *msg) {
	for m != nil {
		next := m.next
		if m.conn != nil {
			m.conn.release(true)
		}
		m.free()
		m = next
	}
}

// ioctls (include/uapi/asm-generic/ioctls.h, sockios.h).
const (
	siocinq  = 0x541b
	siocoutq = 0x5411
)

// Ioctl implements net.ProtoOps: how much memory takes what was sent and not read, and
// how much can be read.
func (s *Sock) Ioctl(cmd uint32, arg uintptr) (uintptr, error) {
	switch cmd {
	case siocoutq:
		return 0, uaccess.Put(arg, int32(s.Wmem.Load()))
	case siocinq:
		if s.State.Load() == net.Listening {
			return 0, syscall.EINVAL
		}
		s.Lock.Lock()
		n := s.queue.bytes(s.connectionBased())
		s.Lock.Unlock()
		return 0, uaccess.Put(arg, int32(n))
	}
	return 0, errno.ENOIOCTLCMD
}

// SetPeekOff implements net.ProtoOps.
func (s *Sock) SetPeekOff(off int32) error {
	if s.ioLock.LockInterruptible() != nil {
		return syscall.EINTR
	}
	s.PeekOff.Store(off)
	s.ioLock.Unlock()
	return nil
}

// ShowFdinfo implements net.ProtoOps.
func (s *Sock) ShowFdinfo() string { return fmt.Sprintf("scm_fds: %d\n", s.fds.Load()) }
