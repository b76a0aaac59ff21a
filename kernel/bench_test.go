//go:build !metal

package kernel

import (
	"regexp"
	"testing"
)

func TestBenchmarksReport(t *testing.T) {
	line := regexp.MustCompile(`^bench: [a-z-]+ \d+ insn/op$`)
	want := map[string]bool{"call": true, "yield": true, "kernel-thread": true, "timer-set-and-stop": true}
	var lines []string
	inTask(t, func() {
		RunBenchmarks(func(name string) bool { return want[name] },
			func(line string) { lines = append(lines, line) })
	})
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d", len(lines), len(want))
	}
	for _, l := range lines {
		if !line.MatchString(l) {
			t.Errorf("line %q", l)
		}
	}
}
