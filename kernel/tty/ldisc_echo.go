package tty

// Echoes for which there is no room are lost.

// echoRaw echoes a byte as a program would have written it.
func (d *Discipline) echoRaw(c byte) {
	if d.oflag(OPOST) {
		d.writeChar(c)
	} else if d.OutRoom() > 0 {
		d.emit(c)
	}
}

// echo echoes a character, a control character as ^X if ECHOCTL says so.
func (d *Discipline) echo(c byte) {
	if !d.lflag(ECHOCTL) || !isControl(c) || c == '\t' {
		d.echoRaw(c)
		return
	}
	if d.OutRoom() >= 2 {
		d.emit('^', c^0x40)
		d.column += 2
	}
}

// echoInput echoes a character that becomes part of the input.
func (d *Discipline) echoInput(c byte) {
	d.finishErasing()
	if d.canon == d.head {
		d.canonColumn = d.column
	}
	d.echo(c)
}

// rubOut makes the last column of the display blank.
func (d *Discipline) rubOut() {
	d.echoRaw('\b')
	d.echoRaw(' ')
	d.echoRaw('\b')
}

// rubOutTab goes back over a tab that was at the end of the line being edited
// and has just been removed from it.
func (d *Discipline) rubOutTab() {
	start, width := d.canonColumn, uint32(0)
	for i := d.head; i != d.canon; i-- {
		c := d.at(i - 1)
		if c == '\t' {
			start = 0 // a tab ends at a multiple of 8 columns
			break
		}
		if isControl(c) {
			if d.lflag(ECHOCTL) {
				width += 2
			}
		} else if !d.isContinuation(c) {
			width++
		}
	}
	for range min(8-(start+width)&7, uint32(d.OutRoom())) {
		d.emit('\b')
		d.column -= min(d.column, 1)
	}
}

// finishErasing ends what ECHOPRT shows of erased characters.
func (d *Discipline) finishErasing() {
	if d.erasing {
		d.echoRaw('/')
		d.erasing = false
	}
}
