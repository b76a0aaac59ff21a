//go:build !metal

package sched

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestWaitQueueStorm lets producers and consumers on all CPUs meet at one
// queue. A lost wake-up hangs it.
func TestWaitQueueStorm(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		const pairs, rounds = 4, 1000
		g := newTasks(t)
		var q WaitQueue
		var items atomic.Int64
		take := func() bool {
			for {
				n := items.Load()
				if n == 0 {
					return false
				}
				if items.CompareAndSwap(n, n-1) {
					return true
				}
			}
		}
		for range pairs {
			g.start(AllCPUs, func() {
				for range rounds {
					if exclusive {
						_ = q.WaitExclusive(take)
					} else {
						q.Wait(take)
					}
				}
			})
			g.start(AllCPUs, func() {
				for r := range rounds {
					items.Add(1)
					q.Wake()
					if r%7 == 0 {
						Yield()
					}
				}
			})
		}
		g.wait()
		if items.Load() != 0 || !q.Empty() {
			t.Errorf("%d items left, empty %v", items.Load(), q.Empty())
		}
	}
}

func TestWakeExclusiveWakesOne(t *testing.T) {
	g := newTasks(t)
	var q WaitQueue
	var permits, woken, all atomic.Int32
	for range 3 {
		g.start(AllCPUs, func() {
			_ = q.WaitExclusive(func() bool { return permits.Load() != 0 })
			woken.Add(1)
		})
	}
	g.start(AllCPUs, func() {
		q.Wait(func() bool { return permits.Load() != 0 })
		all.Add(1)
	})
	eventually(t, "four waiters", func() bool { return q.length() == 4 })
	permits.Store(1)
	q.Wake()
	eventually(t, "one of each", func() bool { return woken.Load() == 1 && all.Load() == 1 })
	time.Sleep(5 * time.Millisecond)
	if woken.Load() != 1 {
		t.Errorf("%d exclusive waiters woken, want 1", woken.Load())
	}
	q.WakeAll()
	g.wait()
}

func (q *WaitQueue) length() int {
	q.lock.Lock()
	defer q.lock.Unlock()
	n := 0
	for e := q.first; e != nil; e = e.next {
		n++
	}
	return n
}

func never() bool { return false }

func TestWaitEndings(t *testing.T) {
	fatal := FatalSignalPending
	defer func() { FatalSignalPending = fatal }()
	var isFatal atomic.Bool
	FatalSignalPending = func(*Task) bool { return isFatal.Load() }
	tests := []struct {
		name   string
		wait   func(q *WaitQueue) error
		signal uint32
		fatal  bool
		want   error
	}{
		{"timeout", func(q *WaitQueue) error { return q.WaitTimeout(2e6, never) }, 0, false, ErrTimedOut},
		{"timeout despite signal", func(q *WaitQueue) error { return q.WaitTimeout(2e6, never) }, TIFSigPending, true, ErrTimedOut},
		{"true at once", func(q *WaitQueue) error {
			return q.WaitInterruptible(func() bool { return true })
		}, TIFSigPending, true, nil},
		{"interruptible", func(q *WaitQueue) error { return q.WaitInterruptible(never) }, TIFSigPending, false, ErrRestart},
		{"queued first", func(q *WaitQueue) error { return q.WaitInterruptibleQueued(never) }, TIFSigPending, false, ErrRestart},
		{"queued first, true at once", func(q *WaitQueue) error {
			return q.WaitInterruptibleQueued(func() bool { return true })
		}, TIFSigPending, false, nil},
		{"notified", func(q *WaitQueue) error { return q.WaitExclusive(never) }, TIFNotifySignal, false, ErrRestart},
		{"interruptible, timeout", func(q *WaitQueue) error { return q.WaitInterruptibleTimeout(2e6, never) }, 0, false, ErrTimedOut},
		{"interruptible timeout, signal", func(q *WaitQueue) error { return q.WaitInterruptibleTimeout(1e12, never) }, TIFSigPending, false, ErrRestart},
		{"killable", func(q *WaitQueue) error { return q.WaitKillable(never) }, TIFSigPending, true, ErrRestart},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			isFatal.Store(tt.fatal)
			g := newTasks(t)
			var q WaitQueue
			var err error
			task := g.start(AllCPUs, func() { err = tt.wait(&q) })
			if tt.signal != 0 {
				time.Sleep(time.Millisecond)
				task.SetFlag(tt.signal)
				TryToWakeUp(task, TaskInterruptible|TaskWakekill)
			}
			g.wait()
			if err != tt.want {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if q.length() != 0 || task.wait.Task != nil {
				t.Error("still queued")
			}
		})
	}
}

func TestKillableIgnoresOtherSignals(t *testing.T) {
	g := newTasks(t)
	var q WaitQueue
	var done atomic.Bool
	var err error
	task := g.start(AllCPUs, func() { err = q.WaitKillable(done.Load) })
	eventually(t, "waits", func() bool { return q.length() == 1 })
	task.SetFlag(TIFSigPending)
	TryToWakeUp(task, TaskWakekill)
	eventually(t, "waits again", func() bool { return task.State() == TaskKillable && !task.Running() })
	done.Store(true)
	q.Wake()
	g.wait()
	if err != nil {
		t.Error(err)
	}
}

func TestCompletion(t *testing.T) {
	const n = 8
	g := newTasks(t)
	var c Completion
	var through atomic.Int32
	for range n {
		g.start(AllCPUs, func() {
			c.Wait()
			through.Add(1)
		})
	}
	for i := range int32(3) {
		c.Complete()
		eventually(t, "one more", func() bool { return through.Load() == i+1 })
	}
	time.Sleep(2 * time.Millisecond)
	if through.Load() != 3 {
		t.Errorf("%d through, want 3", through.Load())
	}
	c.CompleteAll()
	g.wait()
	if !c.Done() || !c.TryWait() || !c.Done() {
		t.Error("CompleteAll is not for ever")
	}
	c.Reinit()
	if c.Done() || c.TryWait() {
		t.Error("done after Reinit")
	}
	c.Complete()
	if !c.TryWait() || c.TryWait() {
		t.Error("one Complete is not one TryWait")
	}
}

func TestCompletionEndings(t *testing.T) {
	g := newTasks(t)
	var c Completion
	g.start(AllCPUs, func() {
		if err := c.WaitTimeout(2e6); err != ErrTimedOut {
			t.Errorf("timeout: %v", err)
		}
		Current().SetFlag(TIFSigPending)
		if err := c.WaitInterruptible(); err != ErrRestart {
			t.Errorf("signal: %v", err)
		}
		c.Complete()
		if err := c.WaitKillable(); err != nil {
			t.Errorf("completed: %v", err)
		}
	})
	g.wait()
}

// TestCompletionPingPong catches wake-ups lost between a waiter that comes and
// a Complete that goes.
func TestCompletionPingPong(t *testing.T) {
	g := newTasks(t)
	var ping, pong Completion
	for i := range 2 {
		g.start(AllCPUs, func() {
			for range 700 {
				if i == 0 {
					ping.Complete()
					pong.Wait()
				} else {
					ping.Wait()
					pong.Complete()
				}
			}
		})
	}
	g.wait()
}
