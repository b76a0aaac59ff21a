package printk

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var timeStamps = regexp.MustCompile(`\[ *\d+\.\d{6}\]`)

// Every line of these tests is len("<6>[    0.123456] x\n") long.
const lineLen = 20

// syslogText performs a reading action and replaces the times by T.
func syslogText(t *testing.T, l *Log, action, size int) string {
	t.Helper()
	buf := make([]byte, size)
	n, errno := l.syslogAction(action, buf, size)
	if errno != 0 {
		return errno.Error()
	}
	return timeStamps.ReplaceAllString(string(buf[:n]), "T")
}

func syslogInt(t *testing.T, l *Log, action, arg int) int {
	t.Helper()
	n, errno := l.syslogAction(action, nil, arg)
	if errno != 0 {
		t.Errorf("action %d: %v", action, errno)
	}
	return n
}

func say(l *Log, texts string) {
	for _, s := range texts {
		l.info("%c", s)
	}
}

func TestSyslogRead(t *testing.T) {
	l := newLog()
	if l.syslogReady() {
		t.Error("an empty log is ready")
	}
	if got := syslogText(t, l, SyslogRead, 100); got != syscall.EAGAIN.Error() {
		t.Errorf("empty: %q", got)
	}
	say(l, "abc")
	if !l.syslogReady() || syslogInt(t, l, SyslogSizeUnread, 0) != 3*lineLen {
		t.Error("SIZE_UNREAD is not three lines")
	}
	if got := syslogText(t, l, SyslogRead, 2*lineLen+5); got != "<6>T a\n<6>T b\n" {
		t.Errorf("whole records only: %q", got)
	}
	// A buffer too short for even one record gives it in parts.
	var parts strings.Builder
	for range 4 {
		if unread := syslogInt(t, l, SyslogSizeUnread, 0); unread != lineLen-parts.Len() {
			t.Errorf("SIZE_UNREAD = %d after %d bytes", unread, parts.Len())
		}
		buf := make([]byte, 6)
		n, errno := l.syslogAction(SyslogRead, buf, len(buf))
		if errno != 0 {
			t.Fatal(errno)
		}
		parts.Write(buf[:n])
	}
	if got := timeStamps.ReplaceAllString(parts.String(), "T"); got != "<6>T c\n" {
		t.Errorf("parts make %q", got)
	}
	if l.syslogReady() || syslogInt(t, l, SyslogSizeUnread, 0) != 0 {
		t.Error("something is left")
	}
}

func TestSyslogReadOverwritten(t *testing.T) {
	l := newLog()
	say(l, "a")
	l.syslogAction(SyslogRead, make([]byte, 5), 5) // now within a record
	say(l, strings.Repeat("x", 1000))
	say(l, "y")
	unread := syslogInt(t, l, SyslogSizeUnread, 0)
	got := syslogText(t, l, SyslogRead, 1<<20)
	lines := strings.Count(got, "\n")
	if !strings.HasPrefix(got, "<6>T x\n") || !strings.HasSuffix(got, "<6>T y\n") || unread != lines*lineLen {
		t.Errorf("%d unread, %d lines read, first %.10q", unread, lines, got)
	}
}

func TestSyslogReadAll(t *testing.T) {
	l := newLog()
	say(l, "abcd")
	tests := []struct {
		size int
		want string
	}{
		{1000, "<6>T a\n<6>T b\n<6>T c\n<6>T d\n"},
		{4 * lineLen, "<6>T a\n<6>T b\n<6>T c\n<6>T d\n"},
		{4*lineLen - 1, "<6>T b\n<6>T c\n<6>T d\n"},
		{lineLen, "<6>T d\n"},
		{lineLen - 1, ""},
		{0, ""},
	}
	for _, tt := range tests {
		if got := syslogText(t, l, SyslogReadAll, tt.size); got != tt.want {
			t.Errorf("size %d: %q, want %q", tt.size, got, tt.want)
		}
	}
	// READ and READ_ALL have nothing to do with each other.
	if got := syslogText(t, l, SyslogRead, lineLen); got != "<6>T a\n" {
		t.Errorf("READ: %q", got)
	}
	if got := syslogText(t, l, SyslogReadClear, 2*lineLen); got != "<6>T c\n<6>T d\n" {
		t.Errorf("READ_CLEAR: %q", got)
	}
	if got := syslogText(t, l, SyslogReadAll, 1000); got != "" {
		t.Errorf("after READ_CLEAR: %q", got)
	}
	say(l, "e")
	if got := syslogText(t, l, SyslogReadAll, 1000); got != "<6>T e\n" {
		t.Errorf("after READ_CLEAR and a message: %q", got)
	}
	syslogInt(t, l, SyslogClear, 0)
	if got := syslogText(t, l, SyslogReadAll, 1000); got != "" {
		t.Errorf("after CLEAR: %q", got)
	}
	if got := syslogText(t, l, SyslogRead, 1000); got != "<6>T b\n<6>T c\n<6>T d\n<6>T e\n" {
		t.Errorf("READ after CLEAR: %q", got)
	}
}

func TestSyslogConsole(t *testing.T) {
	l := newLog()
	steps := []struct {
		action, arg int
		errno       syscall.Errno
		level       int
	}{
		{SyslogConsoleOn, 0, 0, 7}, // without an Off
		{SyslogConsoleOff, 0, 0, 1},
		{SyslogConsoleOff, 0, 0, 1},
		{SyslogConsoleOn, 0, 0, 7},
		{SyslogConsoleLevel, 4, 0, 4},
		{SyslogConsoleLevel, 0, syscall.EINVAL, 4},
		{SyslogConsoleLevel, 9, syscall.EINVAL, 4},
		{SyslogConsoleLevel, -1, syscall.EINVAL, 4},
		{SyslogConsoleLevel, 8, 0, 8},
		{SyslogConsoleOff, 0, 0, 1},
		{SyslogConsoleLevel, 5, 0, 5},
		{SyslogConsoleOn, 0, 0, 5},
	}
	for i, s := range steps {
		if n, errno := l.syslogAction(s.action, nil, s.arg); n != 0 || errno != s.errno {
			t.Errorf("step %d: %d, %v", i, n, errno)
		}
		if got := l.consoleLevel(); got != s.level {
			t.Errorf("step %d: console level %d, want %d", i, got, s.level)
		}
	}
}

// TestOtherLevels is what the other three levels are for.
func TestOtherLevels(t *testing.T) {
	l := newLog()
	l.setWhich(LevelsConsoleMin, 3)
	for _, s := range []struct{ action, arg, want int }{
		{SyslogConsoleOff, 0, 3}, {SyslogConsoleOn, 0, 7}, {SyslogConsoleLevel, 2, 3}, {SyslogConsoleLevel, 5, 5},
	} {
		l.syslogAction(s.action, nil, s.arg)
		if got := l.consoleLevel(); got != s.want {
			t.Errorf("action %d, %d: console level %d, want %d", s.action, s.arg, got, s.want)
		}
	}
	l.setWhich(LevelsMessage, 14) // as Linux, of which 3 bits count
	l.writeKmsg([]byte("text"))
	var raw [RecordMax]byte
	var c cursor
	if rec, _, ok := l.read(&c, raw[:], false); !ok || rec.level != LevelInfo {
		t.Errorf("a message without a level has %v, %v", rec.level, ok)
	}
}

func TestSyslogArguments(t *testing.T) {
	l := newLog()
	buf := make([]byte, 10)
	tests := []struct {
		action int
		buf    []byte
		n      int
		want   int
		errno  syscall.Errno
	}{
		{SyslogOpen, nil, 0, 0, 0},
		{SyslogClose, nil, 0, 0, 0},
		{SyslogRead, nil, 10, 0, syscall.EINVAL},
		{SyslogRead, buf, -1, 0, syscall.EINVAL},
		{SyslogRead, buf, 0, 0, 0},
		{SyslogReadAll, nil, 10, 0, syscall.EINVAL},
		{SyslogReadAll, buf, -1, 0, syscall.EINVAL},
		{SyslogReadClear, nil, 0, 0, syscall.EINVAL},
		{SyslogSizeBuffer, nil, 0, 4096, 0},
		{-1, buf, 10, 0, syscall.EINVAL},
		{11, buf, 10, 0, syscall.EINVAL},
	}
	for _, tt := range tests {
		if n, errno := l.syslogAction(tt.action, tt.buf, tt.n); n != tt.want || errno != tt.errno {
			t.Errorf("action %d, n %d: %d, %v; want %d, %v", tt.action, tt.n, n, errno, tt.want, tt.errno)
		}
	}
}
