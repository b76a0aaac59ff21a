package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	var y tally
	if got := y.String(); got != "no boot ended" {
		t.Errorf("empty tally: %q", got)
	}
	y.add(0, 3*time.Second, nil)
	y.add(1, time.Second, errors.New("hung"))
	y.add(2, 2*time.Second, nil)
	want := "3 boots, 1 failed; host time of one: shortest 1.0 s, median 2.0 s, longest 3.0 s"
	if got := y.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRunCallsEach(t *testing.T) {
	for _, jobs := range []int{0, 1, 3, 50} {
		var sum, now, most atomic.Int64
		run(t.Context(), 20, jobs, func(_ context.Context, i int) {
			most.Store(max(most.Load(), now.Add(1)))
			sum.Add(int64(i) + 1)
			now.Add(-1)
		})
		if sum.Load() != 210 || most.Load() > int64(max(jobs, 1)) {
			t.Errorf("%d jobs: sum %d, up to %d at a time", jobs, sum.Load(), most.Load())
		}
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	run(ctx, 1000, 1, func(context.Context, int) { calls++; cancel() })
	if calls > 2 { // one may be handed out at the same moment
		t.Errorf("%d calls after the end", calls)
	}
}
