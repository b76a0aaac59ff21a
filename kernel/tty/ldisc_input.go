package tty

import "syscall"

// InRoom returns how many bytes Receive takes. With a line that is too long
// that is one at a time, so that its end can still come.
func (d *Discipline) InRoom() int {
	room := BufSize - 1 - int(d.head-d.tail)
	if d.iflag(PARMRK) {
		room = (BufSize-int(d.head-d.tail))/3 - 1
	}
	if room <= 0 {
		if d.lflag(ICANON) && d.canon == d.tail {
			return 1
		}
		return 0
	}
	return room
}

// Receive takes input from the driver, at most InRoom.
func (d *Discipline) Receive(b []byte) {
	widest := uint32(1)
	if d.iflag(PARMRK) {
		widest = 2
	}
	for _, c := range b {
		for BufSize-(d.head-d.tail) < widest && d.head != d.canon {
			d.head-- // the last character of a line that is too long
		}
		d.receive(c)
	}
}

func (d *Discipline) receive(c byte) {
	if d.iflag(ISTRIP) {
		c &= 0x7f
	}
	if d.iflag(IUCLC) && d.lflag(IEXTEN) && 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	switch {
	case d.lflag(EXTPROC):
		d.put(c)
	case d.lnext:
		d.lnext = false
		d.receiveChar(c)
	case d.special[c/64]>>(c%64)&1 != 0:
		d.receiveSpecial(c)
	default:
		d.receiveChar(c)
	}
}

// at returns the input at a place counted as head is.
func (d *Discipline) at(i uint32) byte { return d.in[i&bufMask] }

func (d *Discipline) put(c byte) {
	d.in[d.head&bufMask] = c
	d.head++
}

// putMarked is put, but for the doubling of what PARMRK uses as a mark.
func (d *Discipline) putMarked(c byte) {
	if c == 0xff && d.iflag(PARMRK) {
		d.put(c)
	}
	d.put(c)
}

func (d *Discipline) markEnd(i uint32)    { d.ends[i&bufMask/64] |= 1 << (i % 64) }
func (d *Discipline) isEnd(i uint32) bool { return d.ends[i&bufMask/64]>>(i%64)&1 != 0 }

// receiveChar takes a character that means itself.
func (d *Discipline) receiveChar(c byte) {
	d.restartByAny()
	if d.lflag(ECHO) {
		d.echoInput(c)
	}
	d.putMarked(c)
}

// restartByAny lets output go on if any input does that.
func (d *Discipline) restartByAny() {
	if d.stopped && !d.byUser && d.set.Iflag&(IXON|IXANY) == IXON|IXANY {
		d.hold(false)
	}
}

// receiveSpecial takes a character that may mean something.
func (d *Discipline) receiveSpecial(c byte) {
	if d.flowControl(c) || d.signalChar(c) {
		return
	}
	d.restartByAny()
	switch {
	case c == '\r' && d.iflag(IGNCR):
		return
	case c == '\r' && d.iflag(ICRNL):
		c = '\n'
	case c == '\n' && d.iflag(INLCR):
		c = '\r'
	}
	if d.lflag(ICANON) && d.edit(c) {
		return
	}
	if d.lflag(ECHO) {
		if c == '\n' {
			d.finishErasing()
			d.echoRaw(c)
		} else {
			d.echoInput(c)
		}
	}
	d.putMarked(c)
}

// flowControl does what VSTART and VSTOP are for.
func (d *Discipline) flowControl(c byte) bool {
	if !d.iflag(IXON) {
		return false
	}
	switch {
	case d.is(c, VSTART):
		if !d.byUser {
			d.hold(false)
		}
	case d.is(c, VSTOP):
		d.hold(true)
	default:
		return false
	}
	return true
}

// signalChar sends the signal for which c stands.
func (d *Discipline) signalChar(c byte) bool {
	if !d.lflag(ISIG) {
		return false
	}
	var sig syscall.Signal
	switch {
	case d.is(c, VINTR):
		sig = syscall.SIGINT
	case d.is(c, VQUIT):
		sig = syscall.SIGQUIT
	case d.is(c, VSUSP):
		sig = syscall.SIGTSTP
	default:
		return false
	}
	d.Signal(int(sig))
	if !d.lflag(NOFLSH) {
		d.Flush()
		d.FlushOut()
		d.FlushOutput()
	}
	if d.iflag(IXON) && !d.byUser {
		d.hold(false)
	}
	if d.lflag(ECHO) {
		d.echo(c)
	}
	return true
}

// Break takes a break condition of the line.
func (d *Discipline) Break() {
	switch {
	case d.iflag(IGNBRK):
	case d.iflag(BRKINT):
		d.Signal(int(syscall.SIGINT))
		if !d.lflag(NOFLSH) {
			d.Flush()
			d.FlushOut()
			d.FlushOutput()
		}
	case d.head-d.tail < BufSize-4:
		if d.iflag(PARMRK) {
			d.put(0xff)
			d.put(0)
		}
		d.put(0)
	}
}
