package tty

// BufSize is how much input and how much output a terminal holds.
const BufSize = 4096

const bufMask = BufSize - 1

// Discipline is the line discipline N_TTY: it makes lines of what is typed, and
// echoes them (termios(3)). It knows nothing of locks, files and processes; its
// methods must not be called by two at a time.
//
// Input goes in by Receive and out by Read, output in by Write and out by
// Output; echoes go between the two.
type Discipline struct {
	// Signal is called with SIGINT, SIGQUIT or SIGTSTP when the character for
	// that comes. Constant.
	Signal func(sig int)
	// FlushOutput is called when such a character throws output away; it does
	// so with what the driver has. Constant.
	FlushOutput func()
	// Held is called when output is held back and when it may go on. Constant.
	Held func(stopped bool)

	set     Termios
	special [256 / 64]uint64 // input characters that mean something

	// in holds the input between tail and head. What is after canon is the
	// line being edited. The three are only counted up, and index in modulo
	// BufSize.
	in                [BufSize]byte
	ends              [BufSize / 64]uint64 // where in has the end of a line
	tail, canon, head uint32

	lnext       bool // the next character means itself
	erasing     bool // between \ and / of ECHOPRT
	column      uint32
	canonColumn uint32 // column where the line being edited begins

	// stopped says that output is held; byUser, that this was by TCXONC, which
	// no character undoes.
	stopped, byUser bool

	out              [BufSize]byte
	outHead, outTail uint32
}

// Termios returns the settings.
func (d *Discipline) Termios() *Termios { return &d.set }

// SetTermios changes the settings.
func (d *Discipline) SetTermios(t *Termios) {
	old := d.set
	d.set = *t
	d.findSpecial()
	if (old.Lflag^t.Lflag)&(ICANON|EXTPROC) != 0 {
		d.changeMode()
	}
	if old.Iflag&IXON != 0 && t.Iflag&IXON == 0 && !d.byUser {
		d.hold(false)
	}
}

// hold holds output back, or lets it go on.
func (d *Discipline) hold(on bool) {
	if d.stopped != on {
		d.stopped = on
		d.Held(on)
	}
}

// changeMode begins or ends canonical mode: input that is there becomes a line,
// or ceases to be lines.
func (d *Discipline) changeMode() {
	clear(d.ends[:])
	d.erasing, d.lnext = false, false
	d.canon = d.tail
	if d.lflag(ICANON) && d.head != d.tail {
		d.markEnd(d.head - 1)
		d.canon = d.head
	}
}

func (d *Discipline) iflag(bits uint32) bool { return d.set.Iflag&bits != 0 }
func (d *Discipline) oflag(bits uint32) bool { return d.set.Oflag&bits != 0 }
func (d *Discipline) lflag(bits uint32) bool { return d.set.Lflag&bits != 0 }

// is reports whether c is the control character at a place in CC.
func (d *Discipline) is(c byte, place int) bool { return c == d.set.CC[place] && c != disabled }

// canonical reports whether input comes in lines.
func (d *Discipline) canonical() bool { return d.set.Lflag&(ICANON|EXTPROC) == ICANON }

// findSpecial notes the characters for which the settings have a meaning.
func (d *Discipline) findSpecial() {
	d.special = [256 / 64]uint64{}
	mark := func(when bool, chars ...byte) {
		for _, c := range chars {
			if when {
				d.special[c/64] |= 1 << (c % 64)
			}
		}
	}
	cc := &d.set.CC
	canon, extended := d.lflag(ICANON), d.lflag(IEXTEN)
	mark(d.iflag(IXON), cc[VSTART], cc[VSTOP])
	mark(d.lflag(ISIG), cc[VINTR], cc[VQUIT], cc[VSUSP])
	mark(canon, cc[VERASE], cc[VKILL], cc[VEOF], cc[VEOL], '\n')
	mark(canon && extended, cc[VWERASE], cc[VLNEXT], cc[VEOL2])
	mark(canon && extended && d.lflag(ECHO), cc[VREPRINT])
	d.special[disabled/64] &^= 1 << (disabled % 64)
	mark(d.iflag(IGNCR|ICRNL), '\r')
	mark(d.iflag(INLCR), '\n')
}

// Flush throws away all input.
func (d *Discipline) Flush() {
	d.tail, d.canon, d.head = 0, 0, 0
	clear(d.ends[:])
	d.lnext, d.erasing = false, false
}

// FlushOut throws away all output that the driver does not have yet.
func (d *Discipline) FlushOut() { d.outTail = d.outHead }

// Stop holds output back, as TCXONC does, and Start lets it go on.
func (d *Discipline) Stop() {
	d.byUser = true
	d.hold(true)
}

// Start undoes Stop.
func (d *Discipline) Start() {
	if d.byUser {
		d.byUser = false
		d.hold(false)
	}
}

// Stopped reports whether output is held back.
func (d *Discipline) Stopped() bool { return d.stopped }

// isControl is the C library's iscntrl for ASCII.
func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// isWord reports whether VWERASE takes c for a part of a word.
func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' ||
		c >= 0xc0 && c != 0xd7 && c != 0xf7 // Linux counts the letters of Latin 1
}

// isContinuation reports whether c is a byte of a UTF-8 character, but not its
// first.
func (d *Discipline) isContinuation(c byte) bool { return d.iflag(IUTF8) && c&0xc0 == 0x80 }
