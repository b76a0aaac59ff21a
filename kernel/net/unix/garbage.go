package unix

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/net"
	"onsen/kernel/sched"
)

// Descriptors on their way are references to open files that are in nobody's table.
// Sockets whose only references are in the queues of each other would stay for ever:
// the collector finds them. Linux's net/unix/garbage.c.

// manyInflight is how many sockets on their way make those who send look for garbage;
// Linux's UNIX_INFLIGHT_TRIGGER_GC.
const manyInflight = 16000

// inflight is what is on its way. Whoever takes files out of a message or puts them in
// holds the lock, so that the collector sees every reference either in a queue or
// somewhere else.
var inflight = struct {
	lock sched.Mutex
	// socks are the sockets with descriptors on their way.
	socks map[*Sock]struct{}
	// byUser is how many descriptors of any file the users have on their way.
	byUser map[uint32]uint64
	// total is len(socks), to be read at any time.
	total atomic.Int32
}{socks: map[*Sock]struct{}{}, byUser: map[uint32]uint64{}}

// gcState is what the collector knows of a socket. inflight.lock.
type gcState struct {
	// candidate says that all references to it are on their way.
	candidate bool
	// inside is how many of those are in queues of candidates.
	inside int
	// reached says that it can be received by somebody.
	reached bool
}

// sockOfFile returns the socket of AF_UNIX that a file is, or nil.
func sockOfFile(f *fs.File) *Sock {
	if s := net.Of(f); s != nil {
		return sockOf(s.Proto)
	}
	return nil
}

// carry makes a message one that carries what scm has, and takes the files over:
// ETOOMANYREFS if the user has too many on their way. Linux's unix_scm_to_skb.
func (m *msg) carry(scm *net.Scm) error {
	m.scm.Cred, m.scm.HasCred = scm.Cred, scm.HasCred
	if len(scm.Files) == 0 {
		return nil
	}
	c := context().Cred
	inflight.lock.Lock()
	defer inflight.lock.Unlock()
	if inflight.byUser[c.UID] > net.MaxFiles() && !c.Capable(cred.CAP_SYS_RESOURCE) && !c.Capable(cred.CAP_SYS_ADMIN) {
		return syscall.ETOOMANYREFS
	}
	m.uid = c.UID
	inflight.byUser[m.uid] += uint64(len(scm.Files))
	for _, f := range scm.Files {
		if s := sockOfFile(f); s != nil {
			s.inflight++
			inflight.socks[s] = struct{}{}
		}
	}
	inflight.total.Store(int32(len(inflight.socks)))
	m.scm.Files, scm.Files = scm.Files, nil
	return nil
}

// detach takes out what a message carries; the files are the caller's.
func (m *msg) detach() net.Scm {
	inflight.lock.Lock()
	defer inflight.lock.Unlock()
	return m.detachLocked()
}

// detachLocked is detach with inflight.lock held.
func (m *msg) detachLocked() net.Scm {
	scm := m.scm
	m.scm.Files = nil
	if len(scm.Files) == 0 {
		return scm
	}
	if left := inflight.byUser[m.uid] - uint64(len(scm.Files)); left != 0 {
		inflight.byUser[m.uid] = left
	} else {
		delete(inflight.byUser, m.uid)
	}
	for _, f := range scm.Files {
		if s := sockOfFile(f); s != nil {
			if s.inflight--; s.inflight == 0 {
				delete(inflight.socks, s)
			}
		}
	}
	inflight.total.Store(int32(len(inflight.socks)))
	return scm
}

// peekFiles returns the files that a message carries, with another reference each.
func (m *msg) peekFiles() []*fs.File {
	inflight.lock.Lock()
	defer inflight.lock.Unlock()
	files := append([]*fs.File(nil), m.scm.Files...)
	for _, f := range files {
		f.Get()
	}
	return files
}

// collectIfAny looks for garbage if anything is on its way, and collectIfMany if there
// is a lot of it.
func collectIfAny() {
	if inflight.total.Load() != 0 {
		collect()
	}
}

func collectIfMany() {
	if inflight.total.Load() > manyInflight {
		collect()
	}
}

// collect closes what nobody can receive any more. A candidate is a socket all of
// whose references are on their way. Of those the ones with references outside of the
// queues of candidates can be received, and so can what is in their queues; the
// others are garbage, and so are the files in their queues. A message that is in no
// queue, or just being received, counts as outside. Linux's unix_gc.
func collect() {
	inflight.lock.Lock()
	var candidates []*Sock
	for s := range inflight.socks {
		s.gc = gcState{}
		if socket := s.Socket(); socket != nil && socket.File.Refs() == s.inflight {
			s.gc.candidate = true
			candidates = append(candidates, s)
		}
	}
	for _, s := range candidates {
		s.eachCarried(func(c *Sock) { c.gc.inside++ })
	}
	var reached []*Sock
	reach := func(s *Sock) {
		if !s.gc.reached {
			s.gc.reached = true
			reached = append(reached, s)
		}
	}
	for _, s := range candidates {
		if s.inflight > s.gc.inside {
			reach(s)
		}
	}
	for len(reached) > 0 {
		s := reached[len(reached)-1]
		reached = reached[:len(reached)-1]
		s.eachCarried(reach)
	}
	var files []*fs.File
	for _, s := range candidates {
		if !s.gc.reached {
			s.eachMessage(func(m *msg) { files = append(files, m.detachLocked().Files...) })
		}
		s.gc.candidate = false
	}
	inflight.lock.Unlock()
	dropFiles(files)
}

// eachCarried calls f for the candidates that the messages of a socket carry, as
// often as they do.
//
// Preconditions: inflight.lock held.
func (s *Sock) eachCarried(f func(*Sock)) {
	s.eachMessage(func(m *msg) {
		for _, file := range m.scm.Files {
			if c := sockOfFile(file); c != nil && c.gc.candidate {
				f(c)
			}
		}
	})
}

// eachMessage calls f for the messages in the queue of a socket and of the
// connections that it has not accepted.
//
// Preconditions: inflight.lock held.
func (s *Sock) eachMessage(f func(*msg)) {
	for _, m := range s.snapshot() {
		if m.conn != nil {
			m.conn.eachMessage(f)
		}
		f(m)
	}
}

// snapshot returns the messages in the queue.
func (s *Sock) snapshot() (msgs []*msg) {
	s.Lock.Lock()
	n := int(s.queue.len.Load())
	s.Lock.Unlock()
	msgs = make([]*msg, 0, n+8) // not with a spin lock held
	s.Lock.Lock()
	for m := s.queue.first; m != nil && len(msgs) < cap(msgs); m = m.next {
		msgs = append(msgs, m)
	}
	s.Lock.Unlock()
	return msgs
}

// dropping has for every task that is in dropFiles the files that it has still to
// give up.
var dropping = struct {
	lock sched.Mutex
	of   map[*sched.Task]*[]*fs.File
}{of: map[*sched.Task]*[]*fs.File{}}

// dropFiles gives references up. That may close a socket with files in its queue,
// those too, and so on: what comes so is done when the caller's caller is through, so
// that a chain of any length takes no more stack than one.
func dropFiles(files []*fs.File) {
	if len(files) == 0 {
		return
	}
	t := sched.Current()
	dropping.lock.Lock()
	if left := dropping.of[t]; left != nil {
		*left = append(*left, files...)
		dropping.lock.Unlock()
		return
	}
	dropping.of[t] = &files
	dropping.lock.Unlock()
	for {
		dropping.lock.Lock()
		if len(files) == 0 {
			delete(dropping.of, t)
			dropping.lock.Unlock()
			return
		}
		f := files[len(files)-1]
		files = files[:len(files)-1]
		dropping.lock.Unlock()
		f.Put()
	}
}
