package printk

import (
	"sync"
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/spin"
)

// A Log is a ring of records with its readers and consoles.
type Log struct {
	mu spin.Lock

	ring ring // protected by mu

	// consoles is replaced as a whole, under registering, which is taken
	// before mu. The cursors of its elements are protected by mu.
	consoles    atomic.Pointer[[]*console]
	registering sync.Mutex

	// showing is set while a context owns the consoles. That context owns
	// buffers[0]; a CPU that panics doesn't wait for it and has buffers[1].
	showing atomic.Bool
	buffers [2]consoleBuffer

	// levels are what the four levels differ from levelsDefault by, so that a
	// zero Log has those.
	levels     [LevelsCount]atomic.Int32
	savedLevel atomic.Pointer[int] // the console's, to go back to at SyslogConsoleOn

	syslog syslogState // protected by mu

	waker atomic.Pointer[func()]
}

// syslogState is where syslog(2) is, for all callers together.
type syslogState struct {
	next    cursor // the record READ gives next
	partial int    // bytes of it that READ already gave
	clear   cursor // the first record since CLEAR
}

// bufferSize is the size of the kernel's log in bytes.
const bufferSize = 128 << 10

var (
	buffer [bufferSize]byte

	// kernelLog is the one that the functions of this package work on.
	kernelLog = Log{ring: ring{buf: buffer[:]}}
)

// add puts a record into the ring and shows it. It doesn't allocate.
func (l *Log) add(level Level, facility Facility, text []byte) {
	if n := len(text); n > 0 && text[n-1] == '\n' {
		text = text[:n-1]
	}
	text = text[:min(len(text), RecordMax)]
	locked := l.lock()
	l.ring.add(record{time: arch.Ktime(), level: level, facility: facility}, text)
	l.unlock(locked)

	l.show()
	if wake := l.waker.Load(); wake != nil {
		(*wake)()
	}
}

// read is ring.read, and moves c behind the record that it found. If step is
// false c stays where the record is.
func (l *Log) read(c *cursor, text []byte, step bool) (rec record, lost uint64, ok bool) {
	locked := l.lock()
	defer l.unlock(locked)
	rec, lost, ok = l.ring.read(c, text)
	if ok && step {
		*c = c.after(rec)
	}
	return rec, lost, ok
}

// which returns one of the four levels.
func (l *Log) which(i int) int { return int(l.levels[i].Load() + levelsDefault[i]) }

// setWhich changes one of them.
func (l *Log) setWhich(i, level int) { l.levels[i].Store(int32(level) - levelsDefault[i]) }

// consoleLevel returns the level below which consoles show a record.
func (l *Log) consoleLevel() int { return l.which(LevelsConsole) }

// setConsoleLevel makes the consoles show what is below level, but at least what
// they are never to be without.
func (l *Log) setConsoleLevel(level int) {
	l.setWhich(LevelsConsole, max(level, l.which(LevelsConsoleMin)))
}

// SetConsoleLevel makes the consoles show the messages below level.
func SetConsoleLevel(level int) { kernelLog.setConsoleLevel(level) }

// Levels returns the four levels, by their Levels constants.
func Levels() (levels [LevelsCount]int) {
	for i := range levels {
		levels[i] = kernelLog.which(i)
	}
	return levels
}

// SetLevel changes one of them. Any int32 will do, as Linux has it.
func SetLevel(which, level int) { kernelLog.setWhich(which, level) }

// SetWaker sets the function to call after every new record. It runs in the
// context of whoever logs, maybe with spin locks held, and so must only note
// that readers of KmsgReader and Syslog are to be woken (Linux: irq_work).
func SetWaker(wake func()) {
	kernelLog.waker.Store(&wake)
}
