package net

import (
	"math"
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// States of a socket. Linux has TCP's for all families.
const (
	Established = 1
	Closed      = 7
	Listening   = 10
)

// Directions of shutdown(2): what the socket does not do any more.
const (
	ShutRead  = 1 << iota // receive
	ShutWrite             // send
	ShutBoth  = ShutRead | ShutWrite
)

const (
	// bufDefault is net.core.wmem_default and rmem_default, and bufMax wmem_max
	// and rmem_max: of the memory that messages take, the book-keeping included.
	bufDefault = 212992
	bufMax     = 212992
	// minSndBuf and minRcvBuf are the smallest buffers.
	minSndBuf = 4608
	minRcvBuf = 2304
)

// SoMaxConn is net.core.somaxconn, the longest queue that listen(2) makes.
const SoMaxConn = 4096

// Sock is what this layer keeps of a socket, also of one that no file leads to yet;
// Linux's struct sock. Embed it and call Init.
type Sock struct {
	// ID is a number of its own, Family, Type and Protocol are as created.
	// Constant.
	ID           uint64
	Family, Type int
	Protocol     int
	// Lock protects the state of the socket; see the package comment.
	Lock spin.Lock
	// State is Established and so on. Written under Lock.
	State atomic.Uint32
	// Shut are the directions that are shut down. Written under Lock.
	Shut atomic.Uint32
	// Err is the error that the next call returns: SO_ERROR.
	Err atomic.Int32

	// SndBuf is how much memory the messages may take that the socket has sent
	// and nobody has read, which is what Wmem counts.
	SndBuf, RcvBuf atomic.Int32
	Wmem           atomic.Int64
	// rcvTimeo and sndTimeo are in ticks, or sched.Forever.
	rcvTimeo, sndTimeo atomic.Int64
	// rcvLowat is SO_RCVLOWAT, PeekOff SO_PEEK_OFF.
	rcvLowat, PeekOff atomic.Int32
	// flags has a bit for every option that is on or off.
	flags    atomic.Uint64
	priority atomic.Uint32
	mark     atomic.Uint32
	linger   atomic.Int32 // in s

	// Peer is who was on the other side when it became the other side, or nil.
	Peer atomic.Pointer[PeerCred]

	// Rd is where those wait who want to receive or accept, Wr those who want to
	// send.
	Rd, Wr sched.WaitQueue
	async  fs.Fasync
	// waitData says that somebody waits in a read, and needs no signal; noSpace
	// that somebody has found no room, and waits for one.
	waitData, noSpace atomic.Bool
	// socket is the socket that a file leads to, or nil.
	socket atomic.Pointer[Socket]
}

// PeerCred is what SO_PEERCRED and SO_PEERGROUPS tell.
type PeerCred struct {
	Pid  int32
	Cred *cred.Cred
}

// CurrentPeer returns the PeerCred of the calling task.
func CurrentPeer() *PeerCred { return &PeerCred{Pid(), Context().Cred} }

// lastID is the last Sock.ID given out.
var lastID atomic.Uint64

// Init makes s a socket that is not connected. Linux's sock_init_data.
func (s *Sock) Init(family, typ int) {
	s.ID, s.Family, s.Type = lastID.Add(1), family, typ
	s.State.Store(Closed)
	s.SndBuf.Store(bufDefault)
	s.RcvBuf.Store(bufDefault)
	s.rcvTimeo.Store(sched.Forever)
	s.sndTimeo.Store(sched.Forever)
	s.rcvLowat.Store(1)
	s.PeekOff.Store(-1)
}

// Socket returns the socket that a file leads to, or nil.
func (s *Sock) Socket() *Socket { return s.socket.Load() }

// Orphan makes it one that no file leads to.
func (s *Sock) Orphan() { s.socket.Store(nil) }

// PassCred reports whether the socket has SO_PASSCRED.
func (s *Sock) PassCred() bool {
	socket := s.socket.Load()
	return socket != nil && socket.PassCred()
}

// TakeError returns the pending error, which is none afterwards. Linux's sock_error.
func (s *Sock) TakeError() error {
	if s.Err.Load() == 0 {
		return nil
	}
	if e := s.Err.Swap(0); e != 0 {
		return syscall.Errno(e)
	}
	return nil
}

// Timeo is until when a call waits: a Ktime, 0 if it does not, or sched.Forever.
type Timeo int64

// RcvTimeo and SndTimeo return until when a call waits that begins now.
func (s *Sock) RcvTimeo(nonblock bool) Timeo { return timeoOf(s.rcvTimeo.Load(), nonblock) }

// SndTimeo is RcvTimeo for one that sends.
func (s *Sock) SndTimeo(nonblock bool) Timeo { return timeoOf(s.sndTimeo.Load(), nonblock) }

func timeoOf(ticks int64, nonblock bool) Timeo {
	switch {
	case nonblock || ticks == 0:
		return 0
	case ticks == sched.Forever:
		return sched.Forever
	}
	now := arch.Ktime()
	if ticks >= (sched.Forever-now)/tick {
		return sched.Forever - 1
	}
	return Timeo(now + ticks*tick)
}

// Wait waits on q until cond holds: EAGAIN if the time is over, ERESTARTSYS or, with
// a timeout, EINTR if a signal comes first: "if a timeout [...] has been set on the
// socket [they] fail with the error EINTR" - signal(7).
func (t Timeo) Wait(q *sched.WaitQueue, cond func() bool) error {
	if t == 0 {
		return syscall.EAGAIN
	}
	return t.result(q.WaitInterruptibleTimeout(t.left(), cond))
}

// WaitExclusive is Wait for one of several who wait of whom only one can use what
// comes.
func (t Timeo) WaitExclusive(q *sched.WaitQueue, cond func() bool) error {
	if t == 0 {
		return syscall.EAGAIN
	}
	return t.result(q.WaitExclusiveTimeout(t.left(), cond))
}

// left returns how many ns there are left.
func (t Timeo) left() int64 {
	if t == sched.Forever {
		return sched.Forever
	}
	return int64(t) - arch.Ktime()
}

// result turns the error of a wait into that of a call.
func (t Timeo) result(err error) error {
	switch err {
	case sched.ErrTimedOut:
		return syscall.EAGAIN
	case sched.ErrRestart:
		return t.Interrupted()
	}
	return err
}

// Interrupted is the error of a call that a signal has ended. Linux's
// sock_intr_errno.
func (t Timeo) Interrupted() error {
	if t == sched.Forever {
		return errno.ERESTARTSYS
	}
	return syscall.EINTR
}

// RcvTarget is how many of n bytes a receiver on a stream waits for. Linux's
// sock_rcvlowat.
func (s *Sock) RcvTarget(n int, waitAll bool) int {
	if !waitAll {
		n = min(n, int(s.rcvLowat.Load()))
	}
	return max(n, 1)
}

// Writable reports whether so much room is free that poll(2) is to tell. Linux's
// unix_writable.
func (s *Sock) Writable() bool {
	return s.State.Load() != Listening && (s.Wmem.Load()+1)*4 <= int64(s.SndBuf.Load())
}

// HasRoom reports whether the socket may send another message.
func (s *Sock) HasRoom() bool { return s.Wmem.Load() < int64(s.SndBuf.Load()) }

// NoSpace notes that somebody has found no room: he gets a signal when there is.
func (s *Sock) NoSpace() {
	if !s.noSpace.Load() {
		s.noSpace.Store(true)
	}
}

// DataReady tells receivers that there is something. Linux's sock_def_readable.
func (s *Sock) DataReady() {
	s.Rd.WakeInterruptible()
	s.asyncRead(fs.BandIn)
}

// asyncRead sends the signal of something to receive, unless somebody waits in a read.
func (s *Sock) asyncRead(band fs.Band) {
	if s.async.Any() && !s.waitData.Load() {
		s.async.Kill(band)
	}
}

// WaitData is called by a receiver with true before it waits, and false afterwards.
func (s *Sock) WaitData(on bool) {
	if s.async.Any() {
		s.waitData.Store(on)
	}
}

// WriteSpace tells senders that there is room again. Linux's unix_write_space.
func (s *Sock) WriteSpace() {
	if !s.Writable() {
		return
	}
	s.Wr.WakeInterruptible()
	if s.async.Any() && s.noSpace.Swap(false) {
		s.async.Kill(fs.BandOut)
	}
}

// StateChange tells everybody that the state has changed. Linux's
// sock_def_wakeup.
func (s *Sock) StateChange() {
	s.Rd.WakeAll()
	s.Wr.WakeAll()
}

// HungUp sends the signal of a peer that has gone, and HalfClosed that of one which
// will not send.
func (s *Sock) HungUp() { s.asyncRead(fs.BandHup) }

// HalfClosed is HungUp for one direction.
func (s *Sock) HalfClosed() { s.asyncRead(fs.BandIn) }

// ErrorReport tells everybody that there is an error. Linux's sock_def_error_report.
func (s *Sock) ErrorReport() {
	s.StateChange()
	if s.async.Any() {
		s.async.Kill(fs.BandErr)
	}
}

// PeekOffset returns where a receiver begins: not at the first byte only if it peeks
// and SO_PEEK_OFF says so. Linux's sk_peek_offset.
func (s *Sock) PeekOffset(flags int) int {
	if flags&syscall.MSG_PEEK == 0 {
		return 0
	}
	return int(s.PeekOff.Load())
}

// MovePeek moves SO_PEEK_OFF by what was peeked at or, negative, taken. It is the
// receiver's, who holds others off.
func (s *Sock) MovePeek(by int) {
	if off := s.PeekOff.Load(); off >= 0 {
		s.PeekOff.Store(int32(min(max(int64(off)+int64(by), 0), math.MaxInt32)))
	}
}
