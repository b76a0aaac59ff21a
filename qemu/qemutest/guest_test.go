package qemutest

import (
	"testing"
	"time"
)

type withDeadline struct{ end time.Time }

func (w withDeadline) Deadline() (time.Time, bool) { return w.end, !w.end.IsZero() }

func TestStepDeadline(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, tt := range map[string]struct {
		t    any
		want time.Time
	}{
		"a benchmark has none": {struct{}{}, now.Add(step)},
		"-timeout 0":           {withDeadline{}, now.Add(step)},
		"far":                  {withDeadline{now.Add(time.Hour)}, now.Add(step)},
		"near":                 {withDeadline{now.Add(20 * time.Second)}, now.Add(15 * time.Second)},
	} {
		if got := stepDeadline(tt.t, now); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestLogName(t *testing.T) {
	got := logName("TestBoot/amd64/pc,2/../x y")
	if want := "TestBoot-amd64-pc-2-..-x-y.log"; got != want {
		t.Errorf("logName = %q, want %q", got, want)
	}
}
