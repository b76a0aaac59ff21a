package tty

// edit does what c means in canonical mode. It reports false if c is just a
// character of the line.
func (d *Discipline) edit(c byte) bool {
	extended := d.lflag(IEXTEN)
	switch {
	case d.is(c, VERASE):
		d.erase(eraseChar)
	case d.is(c, VKILL):
		d.kill()
	case extended && d.is(c, VWERASE):
		d.erase(eraseWord)
	case extended && d.is(c, VLNEXT):
		d.lnext = true
		if d.lflag(ECHO) {
			d.finishErasing()
			if d.lflag(ECHOCTL) {
				d.echoRaw('^')
				d.echoRaw('\b')
			}
		}
	case extended && d.lflag(ECHO) && d.is(c, VREPRINT):
		d.reprint(c)
	case c == '\n':
		if d.lflag(ECHO | ECHONL) {
			d.echoRaw('\n')
		}
		d.endLine(c)
	case d.is(c, VEOF):
		d.endLine(disabled)
	case d.is(c, VEOL), extended && d.is(c, VEOL2):
		if d.lflag(ECHO) {
			if d.canon == d.head {
				d.canonColumn = d.column
			}
			d.echo(c)
		}
		if c == 0xff && d.iflag(PARMRK) {
			d.put(c)
		}
		d.endLine(c)
	default:
		return false
	}
	return true
}

// endLine makes the line with its last character readable. That of VEOF, which
// nobody reads, is disabled.
func (d *Discipline) endLine(last byte) {
	d.markEnd(d.head)
	d.put(last)
	d.canon = d.head
}

// reprint shows the line being edited again.
func (d *Discipline) reprint(c byte) {
	d.finishErasing()
	d.echo(c)
	d.echoRaw('\n')
	for i := d.canon; i != d.head; i++ {
		d.echo(d.at(i))
	}
}

// kill erases the line being edited.
func (d *Discipline) kill() {
	switch {
	case d.head == d.canon:
	case !d.lflag(ECHO):
		d.head = d.canon
	case d.set.Lflag&(ECHOK|ECHOKE|ECHOE) == ECHOK|ECHOKE|ECHOE:
		d.erase(eraseLine)
	default:
		d.head = d.canon
		d.finishErasing()
		d.echo(d.set.CC[VKILL])
		if d.lflag(ECHOK) {
			d.echoRaw('\n')
		}
	}
}

// What erase takes away from the end of the line being edited.
type erasure int

const (
	eraseChar erasure = iota
	eraseWord         // what is no word after a word, and the word
	eraseLine
)

func (d *Discipline) erase(what erasure) {
	if d.head == d.canon {
		return
	}
	inWord := false
	for d.head != d.canon {
		at, ok := d.lastChar()
		if !ok {
			break
		}
		if what == eraseWord {
			word := isWord(d.at(at))
			if inWord && !word {
				break
			}
			inWord = inWord || word
		}
		size := d.head - at
		d.head = at
		if d.lflag(ECHO) {
			d.echoErase(what, d.at(at), size)
		}
		if what == eraseChar {
			break
		}
	}
	if d.head == d.canon && d.lflag(ECHO) {
		d.finishErasing()
	}
}

// lastChar returns where the last character of the line being edited begins. It
// is not ok if that cannot be found: the line has only the rest of one.
func (d *Discipline) lastChar() (at uint32, ok bool) {
	at = d.head - 1
	for d.isContinuation(d.at(at)) {
		if at == d.canon {
			return at, false
		}
		at--
	}
	return at, true
}

// echoErase shows that the character c of size bytes, which is at head, is
// gone.
func (d *Discipline) echoErase(what erasure, c byte, size uint32) {
	switch {
	case d.lflag(ECHOPRT):
		if !d.erasing {
			d.echoRaw('\\')
			d.erasing = true
		}
		d.echo(c)
		for i := uint32(1); i < size; i++ {
			d.echoRaw(d.at(d.head + i))
		}
	case what == eraseChar && !d.lflag(ECHOE):
		d.echo(d.set.CC[VERASE])
	case c == '\t':
		d.rubOutTab()
	default:
		if isControl(c) && !d.lflag(ECHOCTL) {
			return
		}
		if isControl(c) {
			d.rubOut()
		}
		d.rubOut()
	}
}
