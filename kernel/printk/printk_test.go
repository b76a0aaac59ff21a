package printk

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// newest returns the newest records of the kernel's log as /dev/kmsg shows them,
// without sequence number and time.
func newest(n int) []string {
	k := OpenKmsg()
	var lines []string
	for {
		line := readKmsg(k)
		if line == syscall.EAGAIN.Error() {
			return lines[max(0, len(lines)-n):]
		}
		level, _, _ := strings.Cut(line, ",")
		_, text, _ := strings.Cut(line, ";")
		lines = append(lines, level+" "+strings.TrimSuffix(text, "\n"))
	}
}

func TestLevels(t *testing.T) {
	for _, f := range []func(string, ...any){Emerg, Alert, Crit, Err, Warn, Notice, Info, Debug} {
		f("number %d", 5)
	}
	Print(LevelInfo, "100%d")
	want := []string{
		"0 number 5", "1 number 5", "2 number 5", "3 number 5",
		"4 number 5", "5 number 5", "6 number 5", "7 number 5", "6 100%d",
	}
	if got := newest(len(want)); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestOnce(t *testing.T) {
	said.Clear() // for go test -count
	Info("start")
	for i := range 3 {
		WarnOnce("warn %d", i)
		InfoOnce("info %d", i)
	}
	WarnOnce("another place")
	want := []string{"6 start", "4 warn 0", "6 info 0", "4 another place"}
	if got := newest(len(want)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWaker(t *testing.T) {
	woken := 0
	SetWaker(func() {
		woken++
		if !SyslogReady() {
			t.Error("woken, but there is nothing to read")
		}
	})
	defer kernelLog.waker.Store(nil)
	Info("one")
	Info("two")
	if woken != 2 {
		t.Errorf("woken %d times, want 2", woken)
	}
}

func TestSetConsoleLevel(t *testing.T) {
	defer SetConsoleLevel(ConsoleLevelDefault)
	for _, tt := range []struct{ set, want int }{{4, 4}, {15, 15}, {0, 1}, {-3, 1}} {
		SetConsoleLevel(tt.set)
		if got := kernelLog.consoleLevel(); got != tt.want {
			t.Errorf("level %d becomes %d, want %d", tt.set, got, tt.want)
		}
	}
}

// TestEmergency reads what the early console of the host, standard error, gets.
func TestEmergency(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := syscall.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(w.Fd()), 2, 0); err != nil {
		t.Fatal(err)
	}
	Emergency("help\n")
	EmergencyHex(0xffffffff80abcdef)
	EmergencyHex(0)
	EarlyConsole{}.Write([]byte("line\n"))
	syscall.Dup3(saved, 2, 0)
	w.Close()
	var buf [200]byte
	n, _ := r.Read(buf[:])
	if got, want := string(buf[:n]), "help\r\n0xffffffff80abcdef0x0000000000000000line\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
