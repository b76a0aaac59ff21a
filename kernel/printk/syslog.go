package printk

import "syscall"

// The actions of syslog(2).
const (
	SyslogClose        = 0  // nothing
	SyslogOpen         = 1  // nothing
	SyslogRead         = 2  // read and consume
	SyslogReadAll      = 3  // read the last messages
	SyslogReadClear    = 4  // the same, then clear
	SyslogClear        = 5  // hide all there is from the two above
	SyslogConsoleOff   = 6  // show only emergencies
	SyslogConsoleOn    = 7  // undo that
	SyslogConsoleLevel = 8  // set the console log level
	SyslogSizeUnread   = 9  // bytes that SyslogRead has to give
	SyslogSizeBuffer   = 10 // size of the log
)

// Syslog is syslog(2) but for the permission checks and the copy to the user:
// buf is kernel memory, nil for a null pointer, and n the argument len.
//
// SyslogRead doesn't wait: EAGAIN says that there is nothing; whoever wants to
// wait does so until SyslogReady.
func Syslog(action int, buf []byte, n int) (int, syscall.Errno) {
	return kernelLog.syslogAction(action, buf, n)
}

// SyslogReady tells whether SyslogRead has something to give.
func SyslogReady() bool {
	return kernelLog.syslogReady()
}

func (l *Log) syslogAction(action int, buf []byte, n int) (int, syscall.Errno) {
	switch action {
	case SyslogClose, SyslogOpen:
		return 0, 0
	case SyslogRead, SyslogReadAll, SyslogReadClear:
		if buf == nil || n < 0 {
			return 0, syscall.EINVAL
		}
		buf = buf[:min(n, len(buf))]
		if len(buf) == 0 {
			return 0, 0
		}
		if action == SyslogRead {
			return l.syslogRead(buf)
		}
		return l.syslogReadAll(buf, action == SyslogReadClear), 0
	case SyslogClear:
		l.clearTo(l.end())
		return 0, 0
	case SyslogConsoleOff:
		level := l.consoleLevel()
		l.savedLevel.CompareAndSwap(nil, &level)
		l.setConsoleLevel(l.which(LevelsConsoleMin))
		return 0, 0
	case SyslogConsoleOn:
		if saved := l.savedLevel.Swap(nil); saved != nil {
			l.setWhich(LevelsConsole, *saved)
		}
		return 0, 0
	case SyslogConsoleLevel:
		if n < 1 || n > 8 {
			return 0, syscall.EINVAL
		}
		l.setConsoleLevel(n)
		l.savedLevel.Store(nil) // an explicit level forgets the one before Off
		return 0, 0
	case SyslogSizeUnread:
		return l.syslogUnread(), 0
	case SyslogSizeBuffer:
		return len(l.ring.buf), 0
	}
	return 0, syscall.EINVAL
}

func (l *Log) syslogReady() bool {
	locked := l.lock()
	defer l.unlock(locked)
	return l.syslog.next.pos != l.ring.tail
}

// place returns where the readers are, moved to the oldest record if theirs has
// been overwritten.
func (l *Log) place() syslogState {
	locked := l.lock()
	defer l.unlock(locked)
	s := &l.syslog
	s.clear = l.ring.atLeast(s.clear)
	if next := l.ring.atLeast(s.next); next != s.next {
		s.next, s.partial = next, 0
	}
	return *s
}

// advance moves SyslogRead's place from was to next and partial, unless another
// reader has moved it already.
func (l *Log) advance(was syslogState, next cursor, partial int) bool {
	locked := l.lock()
	defer l.unlock(locked)
	s := &l.syslog
	if s.next != was.next || s.partial != was.partial {
		return false
	}
	s.next, s.partial = next, partial
	return true
}

// syslogRead gives as many whole records as fit, or a part of one if not even
// one does. Concurrent callers get different records.
func (l *Log) syslogRead(buf []byte) (int, syscall.Errno) {
	var (
		raw  [RecordMax]byte
		text []byte
		done int
	)
	for done < len(buf) {
		was := l.place()
		next := was.next
		rec, lost, ok := l.read(&next, raw[:], true)
		if !ok {
			break
		}
		text = rec.appendText(text[:0], raw[:rec.textLen])
		skip, partial := was.partial, 0
		if lost > 0 {
			continue // overwritten since place
		}
		if room := len(buf) - done; len(text)-skip > room {
			if done > 0 {
				break
			}
			next, partial = was.next, skip+room
		}
		if l.advance(was, next, partial) {
			done += copy(buf[done:], text[skip:])
		}
	}
	if done == 0 {
		return 0, syscall.EAGAIN
	}
	return done, 0
}

// eachText calls f with the text of every record from c on until f returns
// false, and returns the cursor of the record it stopped at.
func (l *Log) eachText(c cursor, f func(text []byte) bool) cursor {
	var (
		raw  [RecordMax]byte
		text []byte
	)
	for {
		next := c
		rec, _, ok := l.read(&next, raw[:], true)
		if !ok {
			return next
		}
		text = rec.appendText(text[:0], raw[:rec.textLen])
		if !f(text) {
			return c
		}
		c = next
	}
}

// syslogReadAll gives the last whole records that fit into buf, out of those
// since the last clear.
func (l *Log) syslogReadAll(buf []byte, clear bool) int {
	start := l.place().clear
	total := 0
	l.eachText(start, func(text []byte) bool {
		total += len(text)
		return true
	})
	done := 0
	end := l.eachText(start, func(text []byte) bool {
		switch {
		case total > len(buf): // too old
			total -= len(text)
		case len(text) > len(buf)-done: // came while we were copying
			return false
		default:
			done += copy(buf[done:], text)
		}
		return true
	})
	if clear {
		l.clearTo(end)
	}
	return done
}

// clearTo hides the records in front of c; it never shows hidden ones again.
func (l *Log) clearTo(c cursor) {
	locked := l.lock()
	defer l.unlock(locked)
	if c.pos > l.syslog.clear.pos {
		l.syslog.clear = c
	}
}

func (l *Log) end() cursor {
	locked := l.lock()
	defer l.unlock(locked)
	return l.ring.last()
}

func (l *Log) syslogUnread() int {
	s := l.place()
	total := -s.partial
	l.eachText(s.next, func(text []byte) bool {
		total += len(text)
		return true
	})
	return max(total, 0)
}
