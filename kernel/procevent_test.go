package kernel

import "testing"

func TestProcEventLines(t *testing.T) {
	for want, e := range map[string]procEvent{
		"have 0 1 0 \"init\"\n":       {kind: procHave, pid: 1, name: "init"},
		"fork 12 7 1 \"a b\"\n":       {kind: procFork, at: 12_999, pid: 7, par: 1, name: "a b"},
		"exec 1 7 \"\\\"\\n\\x80\"\n": {kind: procExec, at: 1000, pid: 7, name: "\"\n\x80"},
		"exit 2 7 256\n":              {kind: procExit, at: 2000, pid: 7, code: 256, name: "x"},
		"lost 3\n":                    {kind: procLost, code: 3},
	} {
		if got := string(e.appendLine(nil)); got != want {
			t.Errorf("%+v is %q, want %q", e, got, want)
		}
	}
}

func TestProcEventQueue(t *testing.T) {
	var q procEventQueue
	for i := range len(q.ring) + 5 {
		q.put(procEvent{kind: procFork, pid: i})
	}
	for i := range len(q.ring) {
		if e, ok := q.take(); !ok || e.pid != i {
			t.Fatalf("event %d is %+v, %v", i, e, ok)
		}
	}
	if e, ok := q.take(); !ok || e.kind != procLost || e.code != 5 {
		t.Errorf("after the last one: %+v, %v; want 5 lost", e, ok)
	}
	if e, ok := q.take(); ok {
		t.Errorf("an empty queue has %+v", e)
	}
}
