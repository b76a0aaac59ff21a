//go:build !metal

package kernel

import (
	"math"
	"testing"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
)

// TestLongSleeps: a time that never comes is not one that has passed.
func TestLongSleeps(t *testing.T) {
	for _, ns := range []int64{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2} {
		var sleeper *Task
		ready, done := make(chan bool, 1), make(chan error, 1)
		startTask(func() {
			sleeper = Current()
			ready <- true
			done <- sleeper.sleepFor(timekeeping.CLOCK_MONOTONIC, ns, 0)
		})
		<-ready
		eventually(t, "sleeps", func() bool { return sleeper.State() == sched.TaskInterruptible && !sleeper.Running() })
		sleeper.SetFlag(sched.TIFSigPending)
		sched.TryToWakeUp(&sleeper.Task, sched.TaskInterruptible)
		if err := <-done; err != errno.ERESTART_RESTARTBLOCK {
			t.Errorf("a sleep of %d ns: %v", ns, err)
		}
	}
}
