//go:build !metal

package kernel

import (
	"strings"
	"testing"

	"onsen/kernel/sched"
)

// TestSelfTests runs on the host what the kernel runs on the machine.
func TestSelfTests(t *testing.T) {
	var last string
	inTask(t, func() {
		all := func(string) bool { return true }
		if n := RunSelfTests(all, func(line string) { t.Log(line); last = line }); n != 0 {
			t.Errorf("%d failed", n)
		}
	})
	if !strings.HasSuffix(last, " passed, 0 failed") {
		t.Error(last)
	}
}

func TestSelfTestsReport(t *testing.T) {
	old := selfTests
	defer func() { selfTests = old }()
	selfTests = []selfTest{
		{"good", func() error { return nil }},
		{"bad", func() error { return sched.ErrTimedOut }},
		{"dying", func() error { panic("on purpose") }},
		{"unwanted", func() error { return nil }},
	}
	var lines []string
	inTask(t, func() {
		RunSelfTests(func(name string) bool { return name != "unwanted" },
			func(line string) { lines = append(lines, line) })
	})
	want := []string{
		"selftest: ok good",
		"selftest: FAIL bad: " + sched.ErrTimedOut.Error(),
		"selftest: FAIL dying: the test died",
		"selftest: 1 passed, 2 failed",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("reported\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
