package unix

import (
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/net"
	"onsen/kernel/sched"
)

// Poll implements net.ProtoOps. Linux's unix_poll.
func (s stream) Poll(t *fs.PollTable) fs.PollEvents {
	events := s.pollEvents(t)
	if s.Writable() {
		events |= fs.PollOut | fs.PollWrNorm | fs.PollWrBand
	}
	return events
}

// Poll implements net.ProtoOps. Sending to a peer whose queue is full of what others
// have sent would block. Linux's unix_dgram_poll.
func (d dgram) Poll(t *fs.PollTable) fs.PollEvents {
	events := d.pollEvents(t)
	if d.Writable() && !d.peerFull() {
		return events | fs.PollOut | fs.PollWrNorm | fs.PollWrBand
	}
	d.NoSpace()
	return events
}

// pollEvents returns the events but those of sending.
func (s *Sock) pollEvents(t *fs.PollTable) (events fs.PollEvents) {
	t.Wait(&s.Rd)
	t.Wait(&s.Wr)
	shut := s.Shut.Load()
	if s.Err.Load() != 0 {
		events |= fs.PollErr
	}
	if shut == net.ShutBoth {
		events |= fs.PollHup
	}
	if shut&net.ShutRead != 0 {
		events |= fs.PollRdHup | fs.PollIn | fs.PollRdNorm
	}
	if s.queue.len.Load() != 0 {
		events |= fs.PollIn | fs.PollRdNorm
	}
	if s.connectionBased() && s.State.Load() == net.Closed {
		events |= fs.PollHup
	}
	return events
}

// peerFull reports whether the peer has no room, and then has those who poll told when
// it has.
func (d dgram) peerFull() bool {
	other := d.peer.Load()
	if other == nil || other.peer.Load() == d.Sock {
		return false
	}
	d.Lock.Lock()
	defer d.Lock.Unlock()
	if d.peer.Load() != other {
		return false
	}
	if other.full() {
		d.startPeerWake(other)
		if other.full() && !other.dead.Load() {
			return true
		}
	}
	d.stopPeerWakeLocked()
	return false
}

// peerWaker is a place in the peerWait of another socket.
type peerWaker struct {
	sched.WaitEntry // first field: see wakeSender
	sock            *Sock
}

func (w *peerWaker) init(s *Sock) { w.Func, w.sock = wakeSender, s }

// wakeSender is called when the other socket has room: it wakes those who poll.
func wakeSender(e *sched.WaitEntry) bool {
	s := (*peerWaker)(unsafe.Pointer(e)).sock
	s.Wr.WakeAll()
	return true
}

// startPeerWake has wakeSender called when other has room. Linux's
// unix_dgram_peer_wake_connect.
//
// Preconditions: Lock held.
func (s *Sock) startPeerWake(other *Sock) {
	if s.wakeOf == other {
		return
	}
	s.stopPeerWakeLocked()
	s.wakeOf = other
	other.peerWait.Add(&s.peerWake.WaitEntry, false)
}

func (s *Sock) stopPeerWake() {
	s.Lock.Lock()
	s.stopPeerWakeLocked()
	s.Lock.Unlock()
}

// stopPeerWakeLocked undoes startPeerWake.
//
// Preconditions: Lock held.
func (s *Sock) stopPeerWakeLocked() {
	if s.wakeOf != nil {
		s.wakeOf.peerWait.Remove(&s.peerWake.WaitEntry)
		s.wakeOf = nil
	}
}
