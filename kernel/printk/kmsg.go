package printk

import (
	"bytes"
	"io"
	"strconv"
	"syscall"
)

// seekData is lseek(2)'s SEEK_DATA.
const seekData = 3

// A KmsgReader is an open /dev/kmsg. It has its own place in the log. It must
// not be used by two at a time.
type KmsgReader struct {
	log  *Log
	next cursor
	line []byte // the record that Read gives, exclusive to Read
}

// OpenKmsg returns a reader that starts with the oldest record.
func OpenKmsg() *KmsgReader {
	return kernelLog.openKmsg()
}

func (l *Log) openKmsg() *KmsgReader {
	locked := l.lock()
	defer l.unlock(locked)
	return &KmsgReader{log: l, next: l.ring.first()}
}

// Read gives one record:
//
//	<facility*8+level>,<sequence number>,<µs since boot>,-;<text>\n
//
// EAGAIN says that there is no newer record; whoever wants to wait waits until
// Poll says that there is one. EPIPE says that records the reader had not seen
// are lost; the next Read gives the oldest one left. EINVAL says that p is too
// short, and skips the record. All as in Linux's devkmsg_read.
func (k *KmsgReader) Read(p []byte) (int, syscall.Errno) {
	var text [RecordMax]byte
	at := k.next
	rec, lost, ok := k.log.read(&at, text[:], false)
	switch {
	case lost > 0:
		k.next = at
		return 0, syscall.EPIPE
	case !ok:
		return 0, syscall.EAGAIN
	}
	k.next = at.after(rec)
	k.line = rec.appendExtended(k.line[:0], text[:rec.textLen])
	if len(k.line) > len(p) {
		return 0, syscall.EINVAL
	}
	return copy(p, k.line), 0
}

// Poll tells whether Read has something to give, and whether that is EPIPE, for
// which poll(2) adds POLLERR and POLLPRI.
func (k *KmsgReader) Poll() (readable, lost bool) {
	at := k.next
	_, n, ok := k.log.read(&at, nil, false)
	return ok, n > 0
}

// Llseek moves the reader: SEEK_SET to the oldest record, SEEK_END behind the
// newest, SEEK_DATA to the first one since the last SYSLOG_ACTION_CLEAR.
// "-ESPIPE is returned for non-zero offset. -EINVAL is returned for other
// operations, e.g. SEEK_CUR." - Documentation/ABI/testing/dev-kmsg
func (k *KmsgReader) Llseek(offset int64, whence int) (int64, syscall.Errno) {
	if offset != 0 {
		return 0, syscall.ESPIPE
	}
	l := k.log
	locked := l.lock()
	defer l.unlock(locked)
	switch whence {
	case io.SeekStart:
		k.next = l.ring.first()
	case seekData:
		k.next = l.ring.atLeast(l.syslog.clear) // no EPIPE: it never was there
	case io.SeekEnd:
		k.next = l.ring.last()
	default:
		return 0, syscall.EINVAL
	}
	return 0, 0
}

// WriteKmsg logs what a program writes to /dev/kmsg: "Injecting messages: Every
// write() to the opened device node places a log entry in the kernel's printk
// buffer. The logged line can be prefixed with a <N> syslog prefix, which
// carries the syslog priority and facility. [...] If no prefix is given, the
// priority number is the default kernel log priority and the facility number is
// set to LOG_USER (1). It is not possible to inject messages from userspace
// with the facility number LOG_KERN (0)". EINVAL if p is over RecordMax.
func WriteKmsg(p []byte) (int, syscall.Errno) {
	return kernelLog.writeKmsg(p)
}

func (l *Log) writeKmsg(p []byte) (int, syscall.Errno) {
	if len(p) > RecordMax {
		return 0, syscall.EINVAL
	}
	level, facility, text := parsePriority(p, Level(l.which(LevelsMessage)&7))
	l.add(level, facility, text)
	return len(p), 0
}

// parsePriority takes a "<N>" off the front of a line; without one it has level.
func parsePriority(line []byte, level Level) (Level, Facility, []byte) {
	facility := FacilityUser
	digits, text, closed := bytes.Cut(line, []byte{'>'})
	if !closed || len(digits) == 0 || digits[0] != '<' {
		return level, facility, line
	}
	n, err := strconv.ParseUint(string(digits[1:]), 10, 32)
	if err != nil {
		return level, facility, line
	}
	if f := Facility(n >> 3); f != FacilityKern {
		facility = f
	}
	return Level(n & 7), facility, text
}
