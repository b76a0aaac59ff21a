//go:build !metal

package sched

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTimersInOrder(t *testing.T) {
	g := newTasks(t)
	var mu sync.Mutex
	var fired []int64
	var left sync.WaitGroup
	g.start(onCPUs(1), func() {
		base := ktime() + 5e6
		for range 100 {
			left.Add(1)
			deadline := base + rand.Int64N(20e6)
			NewTimer(func(tm *Timer) {
				if now := ktime(); now < deadline {
					t.Errorf("%d ns early", deadline-now)
				}
				mu.Lock()
				fired = append(fired, deadline)
				mu.Unlock()
				left.Done()
			}).Start(deadline)
		}
	})
	g.wait()
	left.Wait()
	for i := 1; i < len(fired); i++ {
		if fired[i] < fired[i-1] {
			t.Fatal("out of order")
		}
	}
}

func TestTimerStop(t *testing.T) {
	g := newTasks(t)
	var fired atomic.Int32
	g.start(AllCPUs, func() {
		tm := NewTimer(func(*Timer) { fired.Add(1) })
		if tm.Stop() || tm.StopSync() || tm.Queued() {
			t.Error("never started, but stopped")
		}
		if tm.Start(ktime()+5e6) || !tm.Start(ktime()+6e6) || !tm.Queued() {
			t.Error("Start does not tell whether the timer was set")
		}
		if !tm.Stop() || tm.Stop() {
			t.Error("Stop does not tell whether the timer was set")
		}
		Sleep(10e6)
		if fired.Load() != 0 {
			t.Error("fired after Stop")
		}
		tm.Start(ktime() + 1e6)
		Sleep(10e6)
		if fired.Load() != 1 || tm.StopSync() {
			t.Errorf("fired %d times", fired.Load())
		}
	})
	g.wait()
}

func TestTimerPeriodic(t *testing.T) {
	g := newTasks(t)
	var fired atomic.Int32
	g.start(AllCPUs, func() {
		var tm Timer
		tm.Init(func(tm *Timer) {
			fired.Add(1)
			tm.Start(tm.key + 1e6)
		})
		tm.Start(ktime() + 1e6)
		for fired.Load() < 10 {
			Sleep(1e6)
		}
		tm.StopSync()
		n := fired.Load()
		Sleep(5e6)
		if fired.Load() != n {
			t.Error("fires after StopSync")
		}
	})
	g.wait()
}

// TestTimerTorture starts and stops shared timers from all CPUs. StopSync
// means that the function is not running.
func TestTimerTorture(t *testing.T) {
	const n, rounds = 6, 400
	g := newTasks(t)
	type shared struct {
		Timer
		inside atomic.Int32
	}
	var timers [3]shared
	for i := range timers {
		s := &timers[i]
		s.Init(func(*Timer) {
			if s.inside.Add(1) != 1 {
				t.Error("a timer's function runs twice at once")
			}
			for range 10 {
				thisCPU()
			}
			s.inside.Add(-1)
		})
	}
	for range n {
		g.start(AllCPUs, func() {
			for r := range rounds {
				s := &timers[r%len(timers)]
				s.Start(ktime() + rand.Int64N(50_000))
				switch r % 5 {
				case 0:
					s.StopSync()
				case 1:
					s.Stop()
				}
				CondResched()
			}
		})
	}
	g.wait()
	g = newTasks(t)
	g.start(AllCPUs, func() {
		for i := range timers {
			timers[i].StopSync()
			if timers[i].inside.Load() != 0 {
				t.Error("runs after StopSync")
			}
		}
	})
	g.wait()
}

// TestTimerFromOutside starts timers from a goroutine that is no task.
func TestTimerFromOutside(t *testing.T) {
	var fired atomic.Int32
	for i := range 20 {
		NewTimer(func(*Timer) { fired.Add(1) }).Start(ktime() + int64(i)*1e5)
	}
	eventually(t, "all fired", func() bool { return fired.Load() == 20 })
}

func TestSleep(t *testing.T) {
	g := newTasks(t)
	for range 20 {
		g.start(AllCPUs, func() {
			for range 5 {
				want := rand.Int64N(3e6)
				before := ktime()
				Sleep(want)
				if took := ktime() - before; took < want {
					t.Errorf("slept %d of %d ns", took, want)
				}
			}
		})
	}
	g.wait()
}

func TestSleepInterrupted(t *testing.T) {
	g := newTasks(t)
	var left int64
	task := g.start(AllCPUs, func() { left = SleepInterruptible(1e12) })
	eventually(t, "sleeps", func() bool { return task.State() == TaskInterruptible })
	task.SetFlag(TIFSigPending)
	TryToWakeUp(task, TaskInterruptible)
	g.wait()
	if left <= 0 || left >= 1e12 {
		t.Errorf("%d ns left", left)
	}
	if task.timer.Queued() {
		t.Error("the timer is still set")
	}
}

func TestScheduleTimeoutWoken(t *testing.T) {
	g := newTasks(t)
	var left int64
	task := g.start(AllCPUs, func() {
		SetCurrentState(TaskUninterruptible)
		left = ScheduleTimeout(int64(time.Hour))
	})
	eventually(t, "sleeps", func() bool { return task.State() == TaskUninterruptible && !task.Running() })
	WakeUpProcess(task)
	g.wait()
	if left <= 0 || left > int64(time.Hour) {
		t.Errorf("%d ns left", left)
	}
}
