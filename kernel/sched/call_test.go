//go:build !metal

package sched

import (
	"sync/atomic"
	"testing"
)

// TestCallOn lets all CPUs call one another at the same time.
func TestCallOn(t *testing.T) {
	g := newTasks(t)
	var calls atomic.Int32
	for from := range testCPUs {
		g.start(MaskOf(from), func() {
			for r := range 50 {
				to := (from + r) % testCPUs
				CallOn(to, func() {
					if thisCPU() != to {
						t.Errorf("called on CPU %d, want %d", thisCPU(), to)
					}
					calls.Add(1)
				})
			}
		})
	}
	g.wait()
	if calls.Load() != 50*testCPUs {
		t.Errorf("%d calls", calls.Load())
	}
	g = newTasks(t)
	g.start(AllCPUs, func() {
		var seen CPUMask
		CallAll(func(cpu int) { seen |= MaskOf(cpu) })
		if seen != Active() {
			t.Errorf("CallAll reached %#x", seen)
		}
	})
	g.wait()
}
