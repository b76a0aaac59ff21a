package tty

// What a master in packet mode is told of the slave (ioctl_tty(2), TIOCPKT).
const (
	pktFlushRead  = 0x01
	pktFlushWrite = 0x02
	pktStop       = 0x04
	pktStart      = 0x08
	pktNoStop     = 0x10
	pktDoStop     = 0x20
	pktIoctl      = 0x40
)

// setPacket switches packet mode. What happened before it is not told.
func (p *PTY) setPacket(on bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if on && !p.packet {
		p.status = 0
	}
	p.packet = on
}

// tell adds what has happened to the status, and takes back what it undoes. The
// caller wakes the master.
//
// Preconditions: lock held.
func (p *PTY) tell(set, clear byte) {
	if p.packet {
		p.status = p.status&^clear | set
	}
}

// held tells that output was stopped or continued.
func (p *PTY) held(stopped bool) {
	p.lock.Lock()
	if stopped {
		p.tell(pktStop, pktStart)
	} else {
		p.tell(pktStart, pktStop)
	}
	p.lock.Unlock()
	p.changed()
}

// tellTermios tells of a change of settings: whether VSTOP and VSTART have
// begun or ceased to be ^S and ^Q that work, and anything under EXTPROC.
func (p *PTY) tellTermios(set, old *Termios) {
	p.lock.Lock()
	if flow := set.usualFlow(); flow != old.usualFlow() {
		if flow {
			p.tell(pktDoStop, pktNoStop)
		} else {
			p.tell(pktNoStop, pktDoStop)
		}
	}
	if (set.Lflag|old.Lflag)&EXTPROC != 0 {
		p.tell(pktIoctl, 0)
	}
	p.lock.Unlock()
	p.changed()
}

// usualFlow reports whether ^S and ^Q stop and continue output.
func (t *Termios) usualFlow() bool {
	return t.Iflag&IXON != 0 && t.CC[VSTOP] == 'S'&0x1f && t.CC[VSTART] == 'Q'&0x1f
}

// takePacket takes what one read of the master gets: in packet mode the status,
// if there is news, else a 0 and output.
func (m *Master) takePacket(b []byte) (n int, open bool) {
	m.lock.Lock()
	packet, status := m.packet, m.status
	if packet && status != 0 {
		m.status = 0
	}
	any := m.out.len() > 0
	m.lock.Unlock()
	switch {
	case !packet:
		return m.take(b)
	case status != 0:
		b[0] = status
		return 1, true
	case len(b) == 1 && any:
		b[0] = 0
		return 1, true
	}
	if n, open = m.take(b[1:]); n > 0 {
		b[0] = 0
		n++
	}
	return n, open
}
