//go:build !metal

package tty

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// bench is a discipline with the program's and the driver's ends.
type bench struct {
	Discipline
	signals []syscall.Signal
	flushes int
}

func newBench(change func(*Termios)) *bench {
	b := new(bench)
	b.Signal = func(sig int) { b.signals = append(b.signals, syscall.Signal(sig)) }
	b.FlushOutput = func() { b.flushes++ }
	b.Held = func(bool) {}
	set := Standard
	if change != nil {
		change(&set)
	}
	b.SetTermios(&set)
	return b
}

func (b *bench) typed(s string) *bench {
	for len(s) > 0 {
		n := min(len(s), b.InRoom())
		if n == 0 {
			break
		}
		b.Receive([]byte(s[:n]))
		s = s[n:]
	}
	return b
}

// screen takes all output there is.
func (b *bench) screen() string {
	var s []byte
	for out := b.Output(); len(out) > 0; out = b.Output() {
		s = append(s, out...)
		b.Sent(len(out))
	}
	return string(s)
}

// lines reads everything, a | behind each read.
func (b *bench) lines() string {
	var s strings.Builder
	buf := make([]byte, 8192)
	for b.Readable(1) {
		n, _ := b.Discipline.Read(buf)
		s.Write(buf[:n])
		s.WriteByte('|')
	}
	return s.String()
}

func TestCanonicalInput(t *testing.T) {
	clearL := func(bits uint32) func(*Termios) { return func(t *Termios) { t.Lflag &^= bits } }
	for _, c := range []struct {
		name         string
		change       func(*Termios)
		typed        string
		lines, shown string
	}{
		{"line", nil, "ls\r", "ls\n|", "ls\r\n"},
		{"two lines", nil, "a\nb\n", "a\n|b\n|", "a\r\nb\r\n"},
		{"unfinished", nil, "abc", "", "abc"},
		{"erase", nil, "abx\x7fc\n", "abc\n|", "abx\b \bc\r\n"},
		{"erase nothing", nil, "\x7f\x7fa\n", "a\n|", "a\r\n"},
		{"erase control character", nil, "\x01\x7f\n", "\n|", "^A\b \b\b \b\r\n"},
		{"erase control character not shown", clearL(ECHOCTL), "\x01\x7f\n", "\n|", "\x01\r\n"},
		{"erase tab", nil, "ab\t\x7fc\n", "abc\n|", "ab\t\b\b\b\b\b\bc\r\n"},
		{"erase tab behind tab", nil, "a\tbc\t\x7f\n", "a\tbc\n|", "a\tbc\t\b\b\b\b\b\b\r\n"},
		{"erase without ECHOE", clearL(ECHOE), "ab\x7f\n", "a\n|", "ab^?\r\n"},
		{"erase one of two bytes", nil, "é\x7f\n", "\xc3\n|", "é\b \b\r\n"},
		{"erase a character of UTF-8", func(t *Termios) { t.Iflag |= IUTF8 }, "aé\x7f\n", "a\n|", "aé\b \b\r\n"},
		{"kill", nil, "ab\x15c\n", "c\n|", "ab\b \b\b \bc\r\n"},
		{"kill without ECHOKE", clearL(ECHOKE), "ab\x15c\n", "c\n|", "ab^U\r\nc\r\n"},
		{"kill without ECHOK", clearL(ECHOKE | ECHOK), "ab\x15c\n", "c\n|", "ab^Uc\r\n"},
		{"kill without ECHO", clearL(ECHO), "ab\x15c\n", "c\n|", ""},
		{"word erase", nil, "one two  \x17x\n", "one x\n|", "one two  " + strings.Repeat("\b \b", 5) + "x\r\n"},
		{"word erase in a path", nil, "/a/b\x17\n", "/a/\n|", "/a/b\b \b\r\n"},
		{"literal next", nil, "\x16\x03\x16\x7f\n", "\x03\x7f\n|", "^\b^C^\b^?\r\n"},
		{"literal newline", nil, "\x16\na\n", "\na\n|", "^\b^Ja\r\n"},
		{"reprint", nil, "ab\x12c\n", "abc\n|", "ab^R\r\nabc\r\n"},
		{"end of file", nil, "\x04", "|", ""},
		{"end of file behind text", nil, "ab\x04c\n", "ab|c\n|", "abc\r\n"},
		{"VEOL", func(t *Termios) { t.CC[VEOL] = ';' }, "a;b\n", "a;|b\n|", "a;b\r\n"},
		{"VEOL2 needs IEXTEN", func(t *Termios) { t.CC[VEOL2] = ';'; t.Lflag &^= IEXTEN }, "a;b\n", "a;b\n|", "a;b\r\n"},
		{"no ICRNL", func(t *Termios) { t.Iflag &^= ICRNL }, "a\rb\n", "a\rb\n|", "a^Mb\r\n"},
		{"IGNCR", func(t *Termios) { t.Iflag |= IGNCR }, "a\rb\n", "ab\n|", "ab\r\n"},
		{"INLCR", func(t *Termios) { t.Iflag = INLCR }, "a\n\x04", "a\r|", "a^M"},
		{"ISTRIP", func(t *Termios) { t.Iflag |= ISTRIP }, "\xe1\n", "a\n|", "a\r\n"},
		{"IUCLC", func(t *Termios) { t.Iflag |= IUCLC }, "AbC\n", "abc\n|", "abc\r\n"},
		{"ECHONL", func(t *Termios) { t.Lflag = t.Lflag&^ECHO | ECHONL }, "ab\n", "ab\n|", "\r\n"},
		{"ECHOPRT", func(t *Termios) { t.Lflag |= ECHOPRT; t.Lflag &^= ECHOE }, "abc\x7f\x7fd\n", "ad\n|", "abc\\cb/d\r\n"},
		{"NUL is no character", func(t *Termios) { t.CC[VEOL] = 0 }, "a\x00b\n", "a\x00b\n|", "a^@b\r\n"},
		{"PARMRK", func(t *Termios) { t.Iflag |= PARMRK }, "\xff\n", "\xff\xff\n|", "\xff\r\n"},
	} {
		b := newBench(c.change).typed(c.typed)
		if got := b.lines(); got != c.lines {
			t.Errorf("%s: read %q, want %q", c.name, got, c.lines)
		}
		if got := b.screen(); got != c.shown {
			t.Errorf("%s: shown %q, want %q", c.name, got, c.shown)
		}
	}
}

func raw(t *Termios) {
	t.Iflag, t.Lflag, t.Oflag = 0, 0, 0
	t.CC[VMIN], t.CC[VTIME] = 1, 0
}

func TestRawInput(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	b := newBench(raw).typed(string(all))
	if got := b.lines(); got != string(all)+"|" {
		t.Errorf("read %q", got)
	}
	if got := b.screen(); got != "" {
		t.Errorf("echoed %q", got)
	}
	b.typed("abc")
	if b.Readable(4) || !b.Readable(3) {
		t.Error("Readable does not count")
	}
}

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		typed string
		lflag uint32 // besides
		sig   syscall.Signal
		lines string
		shown string
		flush int
	}{
		{"abc\x03d\n", 0, syscall.SIGINT, "d\n|", "^Cd\r\n", 1},
		{"abc\x1cd\n", 0, syscall.SIGQUIT, "d\n|", "^\\d\r\n", 1},
		{"abc\x1ad\n", 0, syscall.SIGTSTP, "d\n|", "^Zd\r\n", 1},
		{"abc\x03d\n", NOFLSH, syscall.SIGINT, "abcd\n|", "abc^Cd\r\n", 0},
	} {
		b := newBench(func(t *Termios) { t.Lflag |= c.lflag }).typed(c.typed)
		if fmt.Sprint(b.signals) != fmt.Sprint([]syscall.Signal{c.sig}) || b.flushes != c.flush {
			t.Errorf("%q: signals %v, %d flushes", c.typed, b.signals, b.flushes)
		}
		if got := b.lines(); got != c.lines {
			t.Errorf("%q: read %q, want %q", c.typed, got, c.lines)
		}
		if got := b.screen(); got != c.shown {
			t.Errorf("%q: shown %q, want %q", c.typed, got, c.shown)
		}
	}
	b := newBench(func(t *Termios) { t.Lflag &^= ISIG }).typed("\x03\n")
	if b.signals != nil || b.lines() != "\x03\n|" {
		t.Error("^C means something without ISIG")
	}
}

func TestFlowControl(t *testing.T) {
	b := newBench(nil)
	b.Discipline.Write([]byte("one"))
	b.typed("\x13")
	if got := b.screen(); got != "" || !b.Stopped() {
		t.Errorf("stopped, but shows %q", got)
	}
	b.typed("x")
	if got := b.screen(); got != "" {
		t.Errorf("any character starts: %q", got)
	}
	b.typed("\x11")
	if got := b.screen(); got != "onex" {
		t.Errorf("shows %q", got)
	}
	b = newBench(func(t *Termios) { t.Iflag |= IXANY }).typed("\x13a")
	if b.Stopped() {
		t.Error("IXANY does not start")
	}
	b.Stop()
	b.typed("\x11a")
	if !b.Stopped() {
		t.Error("a character undoes TCOOFF")
	}
	b.Start()
	if b.Stopped() {
		t.Error("TCOON does not start")
	}
	set := *b.typed("\x13").Termios()
	set.Iflag &^= IXON
	b.SetTermios(&set)
	if b.Stopped() {
		t.Error("stopped without IXON")
	}
}

func TestOutputProcessing(t *testing.T) {
	for _, c := range []struct {
		oflag    uint32
		in, want string
	}{
		{0, "a\n\tb\r", "a\n\tb\r"},
		{OPOST, "a\n", "a\n"},
		{OPOST | ONLCR, "a\nb\n", "a\r\nb\r\n"},
		{OPOST | OCRNL, "a\rb", "a\nb"},
		{OPOST | ONOCR, "\ra\rb", "a\rb"},
		{OPOST | ONLRET | ONOCR, "a\n\rb", "a\nb"},
		{OPOST | OLCUC, "abC", "ABC"},
		{OPOST | XTABS, "ab\tc\t", "ab      c       "},
		{OPOST | XTABS, "abc\b\b\tx", "abc\b\b       x"},
		{OPOST | XTABS | ONLCR, "abc\n\tx", "abc\r\n        x"},
	} {
		b := newBench(func(t *Termios) { t.Oflag = c.oflag })
		if n := b.Discipline.Write([]byte(c.in)); n != len(c.in) {
			t.Errorf("%o %q: wrote %d", c.oflag, c.in, n)
		}
		if got := b.screen(); got != c.want {
			t.Errorf("%o %q: %q, want %q", c.oflag, c.in, got, c.want)
		}
	}
}

func TestOutputFull(t *testing.T) {
	b := newBench(nil)
	in := bytes.Repeat([]byte("x\n"), BufSize)
	var shown strings.Builder
	for at := 0; at < len(in); {
		n := b.Discipline.Write(in[at:])
		if n == 0 {
			t.Fatal("takes nothing")
		}
		at += n
		shown.WriteString(b.screen())
	}
	if shown.String() != strings.Repeat("x\r\n", BufSize) {
		t.Error("output is not what it should be")
	}
}

func TestPartialReads(t *testing.T) {
	b := newBench(nil).typed("abc\x04def\n")
	var got []string
	buf := make([]byte, 3)
	for b.Readable(1) {
		n, ended := b.Discipline.Read(buf)
		got = append(got, fmt.Sprintf("%s %v", buf[:n], ended))
	}
	// The end of file that follows at once belongs to the read in front of it.
	if want := "[abc true def false \n true]"; fmt.Sprint(got) != want {
		t.Errorf("%q, want %q", fmt.Sprint(got), want)
	}
}

func TestLongLine(t *testing.T) {
	b := newBench(func(t *Termios) { t.Lflag &^= ECHO }).typed(strings.Repeat("a", 2*BufSize) + "b")
	if b.Readable(1) {
		t.Fatal("readable without an end")
	}
	b.typed("\n")
	got := b.lines()
	if len(got) != BufSize+1 || !strings.HasSuffix(got, "a\n|") {
		t.Errorf("a line of %d bytes that ends with %q", len(got), got[len(got)-3:])
	}
	if b.InRoom() != BufSize-1 {
		t.Errorf("room for %d", b.InRoom())
	}
	b = newBench(raw).typed(strings.Repeat("a", 2*BufSize))
	if n := len(b.lines()); n != BufSize {
		t.Errorf("raw input of %d bytes", n)
	}
}

func TestModeChange(t *testing.T) {
	b := newBench(nil).typed("abc")
	set := Standard
	raw(&set)
	b.SetTermios(&set)
	if got := b.lines(); got != "abc|" {
		t.Errorf("raw: %q", got)
	}
	b.typed("def")
	set = Standard
	b.SetTermios(&set)
	if got := b.lines(); got != "def|" {
		t.Errorf("canonical: %q", got)
	}
	if got := b.typed("x\x7f\n").lines(); got != "\n|" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestInQueue(t *testing.T) {
	b := newBench(nil).typed("ab\x04c\nd")
	if n := b.InQueue(); n != 4 {
		t.Errorf("canonical: %d, want 4", n)
	}
	b = newBench(raw).typed("abc")
	if n := b.InQueue(); n != 3 {
		t.Errorf("raw: %d, want 3", n)
	}
}

func TestBreak(t *testing.T) {
	b := newBench(func(t *Termios) { raw(t); t.Iflag = BRKINT })
	b.Break()
	if len(b.signals) != 1 || b.signals[0] != syscall.SIGINT {
		t.Errorf("BRKINT: %v", b.signals)
	}
	b = newBench(func(t *Termios) { raw(t); t.Iflag = PARMRK })
	b.Break()
	if got := b.lines(); got != "\xff\x00\x00|" {
		t.Errorf("PARMRK: %q", got)
	}
	b = newBench(func(t *Termios) { raw(t); t.Iflag = IGNBRK })
	b.Break()
	if b.Readable(1) {
		t.Error("IGNBRK: readable")
	}
}

func TestSpeeds(t *testing.T) {
	for _, baud := range append(append([]uint32{}, bauds[1:]...), append(baudsX[:], 123456)...) {
		var s Termios
		s.SetSpeed(baud)
		s.Ispeed = 0
		s.computeSpeeds()
		if s.Ospeed != baud || s.Ispeed != baud {
			t.Errorf("%d: %d %d, bits %o", baud, s.Ospeed, s.Ispeed, s.Cflag)
		}
	}
	s := Termios{Cflag: 0o013 | 0o015<<ibShift}
	if s.computeSpeeds(); s.Ospeed != 2400 || s.Ispeed != 9600 {
		t.Errorf("split: %d %d", s.Ospeed, s.Ispeed)
	}
}

func TestOldTermio(t *testing.T) {
	s := Standard
	s.Lflag |= 0xabc0000
	o := s.old()
	c := s
	c.setOld(&o)
	if c != s {
		t.Errorf("%+v, want %+v", c, s)
	}
}

// FuzzDiscipline looks for settings and input that break what always holds: no
// more comes out than went in, echoes fit, and nothing panics.
func FuzzDiscipline(f *testing.F) {
	f.Add(uint32(0), uint32(0), uint32(0), []byte("a\x7f\n\x03\x04"))
	f.Add(Standard.Iflag, Standard.Oflag, Standard.Lflag, []byte("ls\tx\x7f\x7f\x17\x16\x03\x12\n\x04"))
	f.Add(uint32(PARMRK|IUTF8), uint32(OPOST|XTABS), uint32(ICANON|ECHO|ECHOPRT), []byte("\xff\x80\x80\x7f\n"))
	f.Fuzz(func(t *testing.T, iflag, oflag, lflag uint32, in []byte) {
		b := newBench(func(s *Termios) { s.Iflag, s.Oflag, s.Lflag = iflag, oflag, lflag })
		took := 0
		buf := make([]byte, 64)
		for i, c := range in {
			if b.InRoom() > 0 {
				b.Receive([]byte{c})
				took++
			}
			switch c % 16 {
			case 1:
				n, _ := b.Discipline.Read(buf[:c%64])
				took -= n
			case 2:
				b.screen()
			case 3:
				b.Discipline.Write(in[:i])
			case 4:
				s := *b.Termios()
				s.Lflag ^= ICANON
				b.SetTermios(&s)
			case 5:
				b.Break()
				took += 3
			}
			if b.head-b.tail > BufSize || b.Unsent() > BufSize || b.InQueue() > BufSize {
				t.Fatalf("%d in, %d out", b.head-b.tail, b.Unsent())
			}
			if b.lflag(ICANON) && b.head-b.canon > b.head-b.tail {
				t.Fatal("the line begins in front of the input")
			}
		}
		if slack := took; iflag&PARMRK == 0 && int(b.head-b.tail) > slack {
			t.Fatalf("%d bytes left of %d", b.head-b.tail, slack)
		}
	})
}
