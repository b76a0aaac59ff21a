package unix

import (
	"bytes"
	"fmt"

	"onsen/kernel/net"
	"onsen/kernel/spin"
)

// sockList is a list of sockets.
type sockList struct {
	lock  spin.Lock
	first *Sock // lock, and so are Sock.next and prev
	n     int   // lock
}

// all are the sockets that there are.
var all sockList

func (l *sockList) add(s *Sock) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if s.next = l.first; s.next != nil {
		s.next.prev = s
	}
	l.first = s
	l.n++
}

func (l *sockList) remove(s *Sock) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if s.next != nil {
		s.next.prev = s.prev
	}
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.first = s.next
	}
	s.next, s.prev = nil, nil
	l.n--
}

// list returns the sockets, but for some that come while it is asked.
func (l *sockList) list() []*Sock {
	l.lock.Lock()
	n := l.n
	l.lock.Unlock()
	socks := make([]*Sock, 0, n) // not with the lock held
	l.lock.Lock()
	defer l.lock.Unlock()
	for s := l.first; s != nil && len(socks) < n; s = s.next {
		socks = append(socks, s)
	}
	return socks
}

// States of sockets in /proc/net/unix; Linux's socket_state.
const (
	ssUnconnected   = 1
	ssConnecting    = 2
	ssConnected     = 3
	ssDisconnecting = 4
)

// Show writes /proc/net/unix: "Num [...] RefCount [...] Protocol [...] Flags [...]
// Type [...] St [...] Path" - proc(5).
func Show(w *bytes.Buffer) {
	w.WriteString("Num       RefCount Protocol Flags    Type St Inode Path\n")
	for _, s := range all.list() {
		s.show(w)
	}
}

// show writes the line of a socket. The address in front is not told, and the
// references are those that Linux counts for a socket at rest.
func (s *Sock) show(w *bytes.Buffer) {
	refs, flags, state := 2, 0, ssUnconnected
	if s.peer.Load() != nil {
		refs++
	}
	if s.State.Load() == net.Listening {
		const acceptCon = 1 << 16
		flags = acceptCon
	}
	ino, socket := uint64(0), s.Socket()
	connected := s.State.Load() == net.Established
	switch {
	case socket == nil && connected:
		state = ssConnecting
	case socket == nil:
		state = ssDisconnecting
	case connected:
		state = ssConnected
	}
	if socket != nil {
		ino = socket.File.Inode.Ino
	}
	fmt.Fprintf(w, "%016x: %08X %08X %08X %04X %02X %5d", 0, refs, 0, flags, s.Type, state, ino)
	if a := s.addr.Load(); a != nil {
		w.WriteByte(' ')
		for _, c := range []byte(a.name) {
			if c == 0 {
				c = '@'
			}
			w.WriteByte(c)
		}
	}
	w.WriteByte('\n')
}
