package tty

// Output returns a part of what is to be sent now; Sent removes what the
// driver has taken of it.
func (d *Discipline) Output() []byte {
	if d.stopped {
		return nil
	}
	at := d.outTail & bufMask
	return d.out[at:min(at+d.outHead-d.outTail, BufSize)]
}

// Sent removes the first n bytes of Output.
func (d *Discipline) Sent(n int) { d.outTail += uint32(n) }

// Unsent returns how many bytes the driver does not have yet.
func (d *Discipline) Unsent() int { return int(d.outHead - d.outTail) }

// OutRoom returns how many bytes of output there is room for.
func (d *Discipline) OutRoom() int { return BufSize - d.Unsent() }

// Write takes output of a program, as much as there is room for, and returns
// how much that is.
func (d *Discipline) Write(b []byte) int {
	if !d.oflag(OPOST) {
		n := min(len(b), d.OutRoom())
		d.emit(b[:n]...)
		return n
	}
	for i, c := range b {
		if !d.writeChar(c) {
			return i
		}
	}
	return len(b)
}

// emit adds bytes for which there is room.
func (d *Discipline) emit(b ...byte) {
	for _, c := range b {
		d.out[d.outHead&bufMask] = c
		d.outHead++
	}
}

// writeChar is output processing (OPOST). It reports false if there is no room
// for what c becomes.
func (d *Discipline) writeChar(c byte) bool {
	const widest = 8 // a tab made of spaces
	if room := d.OutRoom(); room < widest && room < d.width(c) {
		return false
	}
	switch c {
	case '\n':
		d.writeNewline()
		return true
	case '\r':
		if d.oflag(ONOCR) && d.column == 0 {
			return true
		}
		if d.oflag(OCRNL) {
			c = '\n'
			if !d.oflag(ONLRET) {
				break
			}
		}
		d.column, d.canonColumn = 0, 0
	case '\t':
		d.writeTab()
		return true
	case '\b':
		d.column -= min(d.column, 1)
	default:
		if isControl(c) {
			break
		}
		if d.oflag(OLCUC) && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if !d.isContinuation(c) {
			d.column++
		}
	}
	d.emit(c)
	return true
}

// width returns how many bytes writeChar makes of c.
func (d *Discipline) width(c byte) int {
	switch {
	case c == '\n' && d.oflag(ONLCR):
		return 2
	case c == '\t' && d.set.Oflag&TABDLY == XTABS:
		return int(8 - d.column&7)
	}
	return 1
}

func (d *Discipline) writeNewline() {
	switch {
	case d.oflag(ONLCR):
		d.column = 0
		d.emit('\r')
	case d.oflag(ONLRET):
		d.column = 0
	}
	d.canonColumn = d.column
	d.emit('\n')
}

func (d *Discipline) writeTab() {
	spaces := 8 - d.column&7
	d.column += spaces
	if d.set.Oflag&TABDLY != XTABS {
		d.emit('\t')
		return
	}
	for range spaces {
		d.emit(' ')
	}
}
