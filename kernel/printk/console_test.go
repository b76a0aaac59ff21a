package printk

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

func newLog() *Log {
	return &Log{ring: ring{buf: make([]byte, 4096)}}
}

func (l *Log) info(format string, args ...any) {
	l.printf(LevelInfo, format, args)
}

var timestamp = regexp.MustCompile(`^\[ *\d+\.\d{6}\] `)

// A recorder is a console that keeps its lines without their timestamps.
type recorder struct {
	mu    sync.Mutex
	lines []string

	onWrite func(line string)
}

func (r *recorder) Write(p []byte) {
	line := string(p)
	if !strings.HasSuffix(line, "\n") || strings.Count(line, "\n") != 1 {
		panic(fmt.Sprintf("not one line: %q", line))
	}
	line = strings.TrimSuffix(line, "\n")
	if !strings.HasPrefix(line, "**") {
		stamp := timestamp.FindString(line)
		if stamp == "" {
			panic(fmt.Sprintf("no timestamp: %q", line))
		}
		line = line[len(stamp):]
	}
	r.mu.Lock()
	r.lines = append(r.lines, line)
	r.mu.Unlock()
	if r.onWrite != nil {
		r.onWrite(line)
	}
}

// take returns the lines since the last take.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return lines
}

func (r *recorder) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("console shows %q, want %q", got, want)
	}
}

func mustRegister(t *testing.T, l *Log, name string, dev Console, flags Flags) {
	t.Helper()
	if err := l.register(name, dev, flags); err != nil {
		t.Fatal(err)
	}
}

func TestConsole(t *testing.T) {
	l := newLog()
	l.info("before")
	var replayed, fresh recorder
	mustRegister(t, l, "ttyS0", &replayed, PrintBuffer)
	replayed.expect(t, "before", "printk: console [ttyS0] enabled")
	mustRegister(t, l, "ttyS1", &fresh, 0)
	fresh.expect(t, "printk: console [ttyS1] enabled")
	replayed.expect(t, "printk: console [ttyS1] enabled")

	l.info("one %d\n", 1)
	l.info("two\nlines")
	for _, c := range []*recorder{&replayed, &fresh} {
		c.expect(t, "one 1", "two", "lines")
	}
	if !l.unregister("ttyS0") || l.unregister("ttyS0") {
		t.Error("unregister is confused")
	}
	l.info("three")
	replayed.expect(t)
	fresh.expect(t, "three")
}

func TestBootConsole(t *testing.T) {
	l := newLog()
	l.info("early")
	var boot, other, real recorder
	mustRegister(t, l, "early0", &boot, Boot|PrintBuffer)
	boot.expect(t, "early", "printk: bootconsole [early0] enabled")

	// A console that isn't the preferred one leaves the boot console alone.
	mustRegister(t, l, "ttyS1", &other, 0)
	boot.expect(t, "printk: console [ttyS1] enabled")

	// The preferred one goes on where the boot console stopped.
	mustRegister(t, l, "ttyS0", &real, Preferred|PrintBuffer)
	boot.expect(t)
	real.expect(t, "printk: console [ttyS0] enabled", "printk: bootconsole [early0] disabled")

	if err := l.register("early1", &boot, Boot); err != errTooLate {
		t.Errorf("late boot console: %v", err)
	}
	if err := l.register("ttyS0", &boot, 0); err != errRegistered {
		t.Errorf("second ttyS0: %v", err)
	}
	if names := l.consoleList(); len(names) != 2 || names[0].name != "ttyS0" {
		t.Error("the preferred console is not the first")
	}
}

func TestConsoleLevel(t *testing.T) {
	l := newLog()
	var c recorder
	mustRegister(t, l, "c", &c, 0)
	c.take()
	say := func() {
		for level := LevelEmerg; level <= LevelDebug; level++ {
			l.printf(level, "%d", []any{level})
		}
	}
	tests := []struct {
		level int
		want  string
	}{
		{0, ""},
		{-1, ""},
		{ConsoleLevelDefault, "0 1 2 3 4 5 6"},
		{ConsoleLevelQuiet, "0 1 2 3"},
		{ConsoleLevelDebug, "0 1 2 3 4 5 6 7"},
		{ConsoleLevelMin, "0"},
	}
	say()
	if got := strings.Join(c.take(), " "); got != "0 1 2 3 4 5 6" {
		t.Errorf("a level never set shows %s", got)
	}
	for _, tt := range tests {
		l.setWhich(LevelsConsole, tt.level)
		say()
		if got := strings.Join(c.take(), " "); got != tt.want {
			t.Errorf("level %d shows %s, want %s", tt.level, got, tt.want)
		}
	}
}

func TestConsoleDropped(t *testing.T) {
	l := newLog()
	var fast recorder
	var slow recorder
	slow.onWrite = func(line string) {
		if line != "stall" {
			return
		}
		for i := range 1000 { // what the ring can't hold while this console writes
			l.info("%d", i)
		}
	}
	mustRegister(t, l, "slow", &slow, 0)
	mustRegister(t, l, "fast", &fast, 0)
	slow.take()
	l.info("stall")
	lines := slow.take()
	var dropped int
	if _, err := fmt.Sscanf(lines[1], "** %d printk messages dropped **", &dropped); err != nil {
		t.Fatalf("second line is %q", lines[1])
	}
	if lines[0] != "stall" || dropped+len(lines)-2 != 1000 || lines[len(lines)-1] != "999" {
		t.Errorf("%d dropped, %d lines, last %q", dropped, len(lines), lines[len(lines)-1])
	}
}

func TestConsoleDriverLogs(t *testing.T) {
	l := newLog()
	var c recorder
	said := false
	c.onWrite = func(string) {
		if !said {
			said = true
			l.info("from the driver")
		}
	}
	mustRegister(t, l, "c", &c, 0)
	l.info("next")
	c.expect(t, "printk: console [c] enabled", "from the driver", "next")
}

func TestConsoleDriverAlwaysLogs(t *testing.T) {
	l := newLog()
	var c recorder
	c.onWrite = func(string) { l.info("again") }
	mustRegister(t, l, "c", &c, 0) // must come back
	if n := len(c.take()); n != maxBurst {
		t.Errorf("%d lines in one call, want %d", n, maxBurst)
	}
}

// TestConsoleConcurrent checks that every record is shown, once, and in order,
// whoever it was that added it.
func TestConsoleConcurrent(t *testing.T) {
	l := &Log{ring: ring{buf: make([]byte, 1<<20)}}
	var c recorder
	mustRegister(t, l, "c", &c, 0)
	c.take()
	const writers, messages = 8, 300
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range messages {
				l.info("%d %d", w, i)
			}
		})
	}
	wg.Wait()
	lines := c.take()
	if len(lines) != writers*messages {
		t.Fatalf("%d lines, want %d", len(lines), writers*messages)
	}
	var next [writers]int
	for _, line := range lines {
		var w, i int
		if _, err := fmt.Sscan(line, &w, &i); err != nil || i != next[w] {
			t.Fatalf("line %q, want number %d", line, next[w])
		}
		next[w]++
	}
}

func TestNoAllocation(t *testing.T) {
	l := newLog()
	mustRegister(t, l, "c", discard{}, 0)
	text := []byte("a message that\nhas two lines")
	if n := testing.AllocsPerRun(1000, func() { l.add(LevelInfo, FacilityKern, text) }); n != 0 {
		t.Errorf("adding and showing allocates %v times", n)
	}
}

type discard struct{}

func (discard) Write([]byte) {}
