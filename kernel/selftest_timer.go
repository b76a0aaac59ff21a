package kernel

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/sched"
)

// testTimerOrder sets timers in no order, on every CPU, and checks that they go
// off in order and not early.
func testTimerOrder() error {
	const timers = 50
	var c crew
	c.startEach(func(cpu int) {
		var fired []int64 // by this CPU's timers only
		var left atomic.Int32
		left.Store(timers)
		base := arch.Ktime() + 2e6
		for i := range int64(timers) {
			deadline := base + i*7919%timers*100e3
			sched.NewTimer(func(*sched.Timer) {
				if early := deadline - arch.Ktime(); early > 0 {
					c.errorf("%d ns early", early)
				}
				if sched.CPU() != cpu {
					c.errorf("CPU %d ran a timer of CPU %d", sched.CPU(), cpu)
				}
				fired = append(fired, deadline)
				left.Add(-1)
			}).Start(deadline)
		}
		for left.Load() != 0 {
			sched.Sleep(1e6)
		}
		if !slices.IsSorted(fired) {
			c.errorf("out of order: %v", fired)
		}
	})
	return c.wait()
}

// testTimerCancel stops and restarts timers from all CPUs.
func testTimerCancel() error {
	var fired atomic.Int32
	t := sched.NewTimer(func(*sched.Timer) { fired.Add(1) })
	t.Start(arch.Ktime() + 2e6)
	if !t.Stop() || t.Stop() {
		return errors.New("stop does not tell whether the timer was set")
	}
	sched.Sleep(5e6)
	if fired.Load() != 0 {
		return errors.New("a stopped timer went off")
	}
	var c crew
	c.startEach(func(cpu int) {
		for r := range 200 {
			t.Start(arch.Ktime() + int64(r%5)*20e3)
			if r%3 == 0 {
				t.StopSync()
			}
			sched.CondResched()
		}
	})
	if err := c.wait(); err != nil {
		return err
	}
	t.StopSync()
	n := fired.Load()
	sched.Sleep(5e6)
	if fired.Load() != n {
		return errors.New("a timer went off after StopSync")
	}
	return nil
}

// testTimerAccuracy sleeps on all CPUs. No sleep may be short; of the long ones
// only the best counts, because an emulated CPU may stand still at any time.
func testTimerAccuracy() error {
	const sleep, tolerance = 3e6, 5e6
	var c crew
	c.startEach(func(cpu int) {
		best := int64(1 << 62)
		for range 10 {
			before := arch.Ktime()
			sched.Sleep(sleep)
			late := arch.Ktime() - before - sleep
			if late < 0 {
				c.errorf("CPU %d: a sleep was %d ns short", cpu, -late)
			}
			best = min(best, late)
		}
		if best > tolerance {
			c.errorf("CPU %d: every sleep was more than %d ns late", cpu, best)
		}
	})
	if err := c.wait(); err != nil {
		return err
	}
	var q sched.WaitQueue
	if err := q.WaitTimeout(sleep, func() bool { return false }); err != sched.ErrTimedOut {
		return fmt.Errorf("a wait with timeout ends with %v", err)
	}
	return nil
}
