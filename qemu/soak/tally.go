package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// tally counts boots. Its methods may be called from any goroutine.
type tally struct {
	mu     sync.Mutex
	times  []time.Duration // of every boot that ended; mu
	failed int             // mu
}

// add counts boot number i and says so when it failed or a round number is
// reached.
func (t *tally) add(i int, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times = append(t.times, took)
	if err != nil {
		t.failed++
		fmt.Printf("  boot %d failed after %.1f s: %v\n", i, took.Seconds(), err)
	}
	if n := len(t.times); n%10 == 0 {
		fmt.Printf("  SOAK    %d boots, %d failed\n", n, t.failed)
	}
}

// String is the sum of it: counts and times.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.times)
	if n == 0 {
		return "no boot ended"
	}
	times := slices.Sorted(slices.Values(t.times))
	return fmt.Sprintf("%d boots, %d failed; host time of one: shortest %.1f s, median %.1f s, longest %.1f s",
		n, t.failed, times[0].Seconds(), times[n/2].Seconds(), times[n-1].Seconds())
}
