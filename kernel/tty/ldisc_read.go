package tty

// Readable reports whether there is something to read: a line, or in raw mode
// at least atLeast bytes.
func (d *Discipline) Readable(atLeast int) bool {
	if d.canonical() {
		return d.canon != d.tail
	}
	return int(d.head-d.tail) >= atLeast
}

// Lines changes whenever a line is complete.
func (d *Discipline) Lines() uint32 { return d.canon }

// InQueue returns how many bytes can be read, as FIONREAD tells it.
func (d *Discipline) InQueue() int {
	if !d.canonical() {
		return int(d.head - d.tail)
	}
	n := 0
	for i := d.tail; i != d.canon; i++ {
		if !d.isEnd(i) || d.at(i) != disabled {
			n++
		}
	}
	return n
}

// Read takes input: in canonical mode at most one line, of which the end of
// file leaves nothing behind. It reports whether the line has ended.
func (d *Discipline) Read(b []byte) (n int, ended bool) {
	if !d.canonical() {
		for n < len(b) && d.tail != d.head {
			b[n] = d.at(d.tail)
			n++
			d.tail++
		}
		return n, false
	}
	for d.tail != d.canon {
		c, end := d.at(d.tail), d.isEnd(d.tail)
		eof := end && c == disabled
		if n == len(b) && !eof {
			return n, false
		}
		if end {
			d.ends[d.tail&bufMask/64] &^= 1 << (d.tail % 64)
		}
		d.tail++
		if !eof {
			b[n] = c
			n++
		}
		if end {
			return n, true
		}
	}
	return n, false
}
