package printk

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var timeField = regexp.MustCompile(`^(\d+,\d+),\d+,`)

// readKmsg returns what Read gives, with the time replaced by T.
func readKmsg(k *KmsgReader) string {
	var p [8192]byte
	n, errno := k.Read(p[:])
	if errno != 0 {
		return errno.Error()
	}
	return timeField.ReplaceAllString(string(p[:n]), "$1,T,")
}

func TestKmsgRead(t *testing.T) {
	l := newLog()
	k := l.openKmsg()
	if r, lost := k.Poll(); r || lost {
		t.Error("an empty log is readable")
	}
	if got := readKmsg(k); got != syscall.EAGAIN.Error() {
		t.Errorf("empty log: %q", got)
	}
	l.info("one")
	l.printf(LevelErr, "two\ttabs", nil)
	if r, lost := k.Poll(); !r || lost {
		t.Error("not readable")
	}
	for _, want := range []string{"6,0,T,-;one\n", "3,1,T,-;two\\x09tabs\n", syscall.EAGAIN.Error()} {
		if got := readKmsg(k); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	// A reader of its own starts at the oldest; a short buffer skips a record.
	k2 := l.openKmsg()
	if n, errno := k2.Read(make([]byte, 5)); n != 0 || errno != syscall.EINVAL {
		t.Errorf("short buffer: %d, %v", n, errno)
	}
	if got := readKmsg(k2); !strings.Contains(got, "two") {
		t.Errorf("after the short buffer: %q", got)
	}
}

func TestKmsgOverwritten(t *testing.T) {
	l := newLog()
	l.info("first")
	k := l.openKmsg()
	for i := range 500 {
		l.info("message %d", i)
	}
	if r, lost := k.Poll(); !r || !lost {
		t.Error("Poll does not tell that records are lost")
	}
	if got := readKmsg(k); got != syscall.EPIPE.Error() {
		t.Errorf("overwritten: %q", got)
	}
	if r, lost := k.Poll(); !r || lost {
		t.Error("Poll tells it twice")
	}
	want := fmt.Sprintf("6,%d,T,-;message %d\n", l.ring.first().seq, l.ring.first().seq-1)
	if got := readKmsg(k); got != want {
		t.Errorf("oldest left: %q, want %q", got, want)
	}
}

func TestKmsgSeek(t *testing.T) {
	l := newLog()
	k := l.openKmsg()
	for _, s := range []string{"a", "b"} {
		l.info("%s", s)
	}
	l.syslogAction(SyslogClear, nil, 0)
	l.info("c")
	tests := []struct {
		offset int64
		whence int
		errno  syscall.Errno
		next   string
	}{
		{0, io.SeekEnd, 0, syscall.EAGAIN.Error()},
		{0, io.SeekStart, 0, "6,0,T,-;a\n"},
		{0, seekData, 0, "6,2,T,-;c\n"},
		{0, io.SeekCurrent, syscall.EINVAL, syscall.EAGAIN.Error()},
		{0, 99, syscall.EINVAL, syscall.EAGAIN.Error()},
		{1, io.SeekStart, syscall.ESPIPE, syscall.EAGAIN.Error()},
		{-1, io.SeekEnd, syscall.ESPIPE, syscall.EAGAIN.Error()},
	}
	for _, tt := range tests {
		if pos, errno := k.Llseek(tt.offset, tt.whence); pos != 0 || errno != tt.errno {
			t.Errorf("Llseek(%d, %d) = %d, %v; want %v", tt.offset, tt.whence, pos, errno, tt.errno)
		}
		if got := readKmsg(k); got != tt.next {
			t.Errorf("after Llseek(%d, %d): %q, want %q", tt.offset, tt.whence, got, tt.next)
		}
	}

	// SEEK_DATA to a place that is overwritten by now is no loss.
	for i := range 500 {
		l.info("%d", i)
	}
	k.Llseek(0, seekData)
	if got := readKmsg(k); !strings.HasPrefix(got, "6,") {
		t.Errorf("SEEK_DATA: %q", got)
	}
}

func TestKmsgWrite(t *testing.T) {
	tests := []struct{ in, want string }{
		{"hello", "12,0,T,-;hello\n"},
		{"hello\n", "12,0,T,-;hello\n"},
		{"<3>bad", "11,0,T,-;bad\n"},
		{"<0>kernel is not for programs", "8,0,T,-;kernel is not for programs\n"},
		{"<29>daemon", "29,0,T,-;daemon\n"},
		{"<7>", "15,0,T,-;\n"},
		{"", "12,0,T,-;\n"},
		{"<x>y", "12,0,T,-;<x>y\n"},
		{"<>y", "12,0,T,-;<>y\n"},
		{"<3y", "12,0,T,-;<3y\n"},
		{"3>y", "12,0,T,-;3>y\n"},
		{"<-3>y", "12,0,T,-;<-3>y\n"},
		{"<99999999999>y", "12,0,T,-;<99999999999>y\n"},
	}
	for _, tt := range tests {
		l := newLog()
		if n, errno := l.writeKmsg([]byte(tt.in)); n != len(tt.in) || errno != 0 {
			t.Errorf("write %q: %d, %v", tt.in, n, errno)
		}
		if got := readKmsg(l.openKmsg()); got != tt.want {
			t.Errorf("write %q: %q, want %q", tt.in, got, tt.want)
		}
	}
	l := newLog()
	if _, errno := l.writeKmsg(make([]byte, RecordMax+1)); errno != syscall.EINVAL {
		t.Errorf("too long: %v", errno)
	}
	if n, errno := l.writeKmsg(make([]byte, RecordMax)); n != RecordMax || errno != 0 {
		t.Errorf("longest: %d, %v", n, errno)
	}
}

func TestLongMessageIsCut(t *testing.T) {
	l := newLog()
	l.info("%s", strings.Repeat("x", RecordMax+100))
	if got, want := readKmsg(l.openKmsg()), "6,0,T,-;"+strings.Repeat("x", RecordMax)+"\n"; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

// TestKmsgConcurrent reads while the ring is overwritten under the reader.
func TestKmsgConcurrent(t *testing.T) {
	l := newLog()
	const messages = 20000
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range messages {
			l.info("%d %s", i, strings.Repeat("z", i%50))
		}
	})
	k := l.openKmsg()
	last := -1
	for last < messages-1 {
		line := readKmsg(k)
		if !strings.HasPrefix(line, "6,") {
			continue // EAGAIN or EPIPE
		}
		var seq, i int
		var z string
		fmt.Sscanf(line, "6,%d,T,-;%d %s\n", &seq, &i, &z)
		if seq != i || i <= last || z != strings.Repeat("z", i%50) {
			t.Fatalf("after %d comes %q", last, line)
		}
		last = i
	}
	wg.Wait()
}

func FuzzKmsgWrite(f *testing.F) {
	f.Add([]byte("<14>text"))
	f.Add([]byte("<\n>\\\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		l := newLog()
		n, errno := l.writeKmsg(p)
		if len(p) > RecordMax {
			if errno != syscall.EINVAL {
				t.Fatalf("%d bytes: %v", len(p), errno)
			}
			return
		}
		if n != len(p) || errno != 0 {
			t.Fatalf("%d, %v", n, errno)
		}
		var pri, seq, us int
		line := readKmsg(l.openKmsg())
		if _, err := fmt.Sscanf(strings.Replace(line, ",T,", ",0,", 1), "%d,%d,%d,-;", &pri, &seq, &us); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if pri>>3 == 0 || pri>>3 > 255 {
			t.Errorf("%q writes with priority %d", p, pri)
		}
		if strings.Count(line, "\n") != 1 {
			t.Errorf("%q is not one line", line)
		}
	})
}
