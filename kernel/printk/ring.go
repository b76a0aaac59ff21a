package printk

import "encoding/binary"

// RecordMax is the longest text of a record in bytes; the rest is cut off
// (Linux's PRINTKRB_RECORD_MAX).
const RecordMax = 1024

// A record is one message as the ring keeps it. The text follows it there.
type record struct {
	seq      uint64
	time     int64 // ns since boot
	textLen  int
	level    Level
	facility Facility
}

const (
	headerSize = 24
	alignment  = 8
)

func (r *record) encode(h *[headerSize]byte) {
	binary.NativeEndian.PutUint64(h[0:], r.seq)
	binary.NativeEndian.PutUint64(h[8:], uint64(r.time))
	binary.NativeEndian.PutUint16(h[16:], uint16(r.textLen))
	h[18] = byte(r.level)
	h[19] = byte(r.facility)
}

func (r *record) decode(h *[headerSize]byte) {
	r.seq = binary.NativeEndian.Uint64(h[0:])
	r.time = int64(binary.NativeEndian.Uint64(h[8:]))
	r.textLen = int(binary.NativeEndian.Uint16(h[16:]))
	r.level = Level(h[18])
	r.facility = Facility(h[19])
}

// size returns how much of the ring the record takes.
func (r *record) size() uint64 {
	return (headerSize + uint64(r.textLen) + alignment - 1) &^ (alignment - 1)
}

// A ring holds records one after the other in a fixed buffer and overwrites the
// oldest. Positions count bytes since boot and never wrap; the byte at position
// p is buf[p%len(buf)]. A ring has no lock of its own.
//
// A CPU that panics may use a ring whose lock another CPU holds for good. So at
// any moment the records from head to tail are whole: add moves head before it
// overwrites and tail after it has written.
type ring struct {
	buf        []byte // its length is a power of two, and over headerSize+RecordMax
	head, tail uint64 // positions of the oldest record and behind the newest
	nextSeq    uint64
}

// A cursor is a place in the ring: the record seq, which starts, or will start,
// at position pos. The zero value is the very first record.
type cursor struct {
	pos, seq uint64
}

// add appends a record, whose seq it sets. The text is at most RecordMax long.
func (r *ring) add(rec record, text []byte) {
	rec.seq, rec.textLen = r.nextSeq, len(text)
	for r.tail+rec.size()-r.head > uint64(len(r.buf)) {
		oldest := r.recordAt(r.head)
		r.head += oldest.size()
	}
	var h [headerSize]byte
	rec.encode(&h)
	r.copyIn(r.tail, h[:])
	r.copyIn(r.tail+headerSize, text)
	r.nextSeq++
	r.tail += rec.size()
}

// first is the cursor of the oldest record; last is that of the next to come.
func (r *ring) first() cursor {
	if r.head == r.tail {
		return r.last()
	}
	return cursor{r.head, r.recordAt(r.head).seq}
}

func (r *ring) last() cursor {
	return cursor{r.tail, r.nextSeq}
}

// atLeast returns c, or the oldest record if that of c has been overwritten.
func (r *ring) atLeast(c cursor) cursor {
	if c.pos < r.head {
		return r.first()
	}
	return c
}

// read copies the record at c and as much of its text as fits. If the record
// has been overwritten it moves c to the oldest one and returns how many
// records were lost by that. ok is false when there is no record yet.
func (r *ring) read(c *cursor, text []byte) (rec record, lost uint64, ok bool) {
	was := *c
	*c = r.atLeast(was)
	lost = c.seq - was.seq
	if c.pos == r.tail {
		return record{}, lost, false
	}
	rec = r.recordAt(c.pos)
	r.copyOut(text[:min(len(text), rec.textLen)], c.pos+headerSize)
	return rec, lost, true
}

// after returns the cursor behind the record that read found at c.
func (c cursor) after(rec record) cursor {
	return cursor{c.pos + rec.size(), rec.seq + 1}
}

func (r *ring) recordAt(pos uint64) (rec record) {
	var h [headerSize]byte
	r.copyOut(h[:], pos)
	rec.decode(&h)
	return rec
}

func (r *ring) copyIn(pos uint64, b []byte) {
	n := copy(r.buf[r.index(pos):], b)
	copy(r.buf, b[n:])
}

func (r *ring) copyOut(b []byte, pos uint64) {
	n := copy(b, r.buf[r.index(pos):])
	copy(b[n:], r.buf)
}

func (r *ring) index(pos uint64) int {
	return int(pos & uint64(len(r.buf)-1))
}
