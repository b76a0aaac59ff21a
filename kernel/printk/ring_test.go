package printk

import (
	"fmt"
	"strings"
	"testing"
)

func newRing(size int) *ring {
	return &ring{buf: make([]byte, size)}
}

// texts reads everything from c on.
func (r *ring) texts(c cursor) (texts []string, lost uint64) {
	var buf [RecordMax]byte
	for {
		rec, n, ok := r.read(&c, buf[:])
		lost += n
		if !ok {
			return texts, lost
		}
		texts = append(texts, string(buf[:rec.textLen]))
		c = c.after(rec)
	}
}

func TestRingRecord(t *testing.T) {
	r := newRing(2048)
	want := record{seq: 0, time: 123456789, textLen: 5, level: LevelErr, facility: FacilityUser}
	r.add(record{seq: 99, time: 123456789, level: LevelErr, facility: FacilityUser}, []byte("hello"))
	var buf [RecordMax]byte
	c := r.first()
	got, lost, ok := r.read(&c, buf[:])
	if got != want || lost != 0 || !ok || string(buf[:5]) != "hello" {
		t.Errorf("got %+v %q, lost %d, %v", got, buf[:5], lost, ok)
	}
	if c = c.after(got); c != r.last() {
		t.Errorf("behind the only record is %+v, not %+v", c, r.last())
	}
	if _, _, ok := r.read(&c, buf[:]); ok {
		t.Error("there is a second record")
	}
}

// TestRingWrap adds records of all lengths, so that headers and texts lie across
// the end of the buffer in every possible way.
func TestRingWrap(t *testing.T) {
	r := newRing(2048)
	var all []string
	for i := range 5000 {
		text := fmt.Sprintf("%d:%s", i, strings.Repeat("x", i*7%(RecordMax-10)))
		r.add(record{}, []byte(text))
		all = append(all, text)

		got, lost := r.texts(cursor{})
		if int(lost) != len(all)-len(got) {
			t.Fatalf("record %d: %d lost, %d left", i, lost, len(got))
		}
		if strings.Join(got, "\n") != strings.Join(all[lost:], "\n") {
			t.Fatalf("record %d: the ring does not have the newest records", i)
		}
		if first := r.first(); first.seq != lost {
			t.Fatalf("record %d: first is %d, want %d", i, first.seq, lost)
		}
	}
	if used := r.tail - r.head; used < 2048-RecordMax-headerSize {
		t.Errorf("only %d of 2048 bytes are used", used)
	}
}

func TestRingMaxRecord(t *testing.T) {
	r := newRing(2048)
	for range 3 {
		r.add(record{}, make([]byte, RecordMax))
	}
	if got, lost := r.texts(cursor{}); len(got) != 1 || lost != 2 {
		t.Errorf("%d records, %d lost", len(got), lost)
	}
}
