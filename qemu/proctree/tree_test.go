package main

import (
	"strings"
	"testing"
)

const story = `onsen-events 1
have 10 1 0 "init"
have 10 2 0 "kthreadd"
fork 2000000 20 1 "init"
exec 2000100 20 "sh"
fork 2000200 21 20 "sh"
fork 2000300 22 21 "sh"
exec 2000400 22 "a \"b\""
exit 2000500 21 256
exit 2000600 2 9
lost 7
`

func TestTree(t *testing.T) {
	tr := newTree()
	var words []string
	if err := tr.follow(strings.NewReader(story), func(w string) { words = append(words, w) }); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	tr.print(&b)
	if want := "1 init\n  20 sh\n  22 a \"b\"\n"; b.String() != want {
		t.Errorf("the tree is\n%swant\n%s", b.String(), want)
	}
	if tr.lost != 7 {
		t.Errorf("%d lost", tr.lost)
	}
	for i, want := range map[int]string{3: "2s fork 20 init", 8: "2.0005s exit 21 sh, exited with 1", 9: "2.0006s exit 2 kthreadd, killed by signal 9", 10: "7 events were lost"} {
		if words[i] != want {
			t.Errorf("line %d: %q, want %q", i, words[i], want)
		}
	}
}

func TestBadLines(t *testing.T) {
	for _, line := range []string{"", "fork", "fork 1 2", "fork x 2 3 \"a\"", "exec 1 2 a", "born 1 2 3 \"a\"", "onsen-events 2", "lost many", "exit 1 2", "have 1 0 0 \"a\""} {
		tr := newTree()
		if _, err := tr.change(line); err == nil || len(tr.processes) != 0 {
			t.Errorf("%q: %v, %v", line, err, tr.processes)
		}
	}
}

// Whatever a guest writes, it is printed or refused.
func FuzzChange(f *testing.F) {
	for line := range strings.Lines(story) {
		f.Add(line, line)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		tr := newTree()
		_, _ = tr.change(one)
		_, _ = tr.change(two)
		var b strings.Builder
		tr.print(&b)
	})
}
