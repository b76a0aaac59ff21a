//go:build !metal

package sched

import (
	"sync"
	"sync/atomic"
	"testing"
)

var startWorkers sync.Once

// useWorkers starts the workers of all CPUs.
func useWorkers(t *testing.T) {
	spawn := func(name string, cpu int, fn func()) error {
		task := newTask(name, nil, func() {
			ScheduleTail()
			fn()
			Exit()
		})
		task.cpusAllowed.Store(uint64(MaskOf(cpu)))
		WakeUpNewTask(task)
		return nil
	}
	startWorkers.Do(func() {
		for cpu := range testCPUs {
			if err := StartWorkers(cpu, spawn); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWorkRuns(t *testing.T) {
	useWorkers(t)
	g := newTasks(t)
	var on atomic.Uint64
	g.start(AllCPUs, func() {
		var works [testCPUs]*Work
		for cpu := range works {
			works[cpu] = NewWork(func(*Work) { on.Or(uint64(MaskOf(thisCPU()))) })
			if !works[cpu].QueueOn(cpu) {
				t.Error("not queued")
			}
		}
		for _, w := range works {
			w.Flush()
			if w.Busy() {
				t.Error("busy after Flush")
			}
		}
		if CPUMask(on.Load()) != onCPUs(0, 1, 2, 3) {
			t.Errorf("ran on %#x", on.Load())
		}
	})
	g.wait()
}

// TestWorkNotReentrant queues one work from everywhere while it sleeps.
func TestWorkNotReentrant(t *testing.T) {
	useWorkers(t)
	g := newTasks(t)
	var inside, calls, queued atomic.Int32
	w := NewWork(func(*Work) {
		if inside.Add(1) != 1 {
			t.Error("called twice at once")
		}
		calls.Add(1)
		Sleep(100e3)
		inside.Add(-1)
	})
	for i := range 4 {
		g.start(AllCPUs, func() {
			for r := range 50 {
				if w.QueueOn((i + r) % testCPUs) {
					queued.Add(1)
				}
				if r%10 == 0 {
					w.Flush()
				}
				Yield()
			}
			w.Flush()
		})
	}
	g.wait()
	if calls.Load() != queued.Load() {
		t.Errorf("%d calls for %d queueings", calls.Load(), queued.Load())
	}
}

// TestWorksSleep queues works of one CPU that wait for one another.
func TestWorksSleep(t *testing.T) {
	useWorkers(t)
	const n = 10
	g := newTasks(t)
	var links [n + 1]Completion
	var works [n]*Work
	for i := range n {
		works[i] = NewWork(func(*Work) {
			links[i+1].Wait()
			links[i].Complete()
		})
		works[i].QueueOn(1)
	}
	g.start(AllCPUs, func() {
		links[n].Complete()
		links[0].Wait()
	})
	g.wait()
	eventually(t, "superfluous workers gone", func() bool {
		p := &workerPools[1]
		p.lock.Lock()
		defer p.lock.Unlock()
		return p.workers <= maxIdleWorkers+1
	})
}

func TestWorkCancel(t *testing.T) {
	useWorkers(t)
	g := newTasks(t)
	g.start(AllCPUs, func() {
		var started, release Completion
		calls := 0
		w := NewWork(func(*Work) {
			calls++
			started.Complete()
			release.Wait()
		})
		if w.Cancel() || w.CancelSync() || w.Flush() || w.Busy() {
			t.Error("never queued")
		}
		w.Queue()
		started.Wait()
		if !w.Queue() || w.Queue() {
			t.Error("a running work can be queued exactly once")
		}
		if !w.Cancel() || w.Cancel() {
			t.Error("Cancel")
		}
		w.Queue()
		NewTimer(func(*Timer) { release.Complete() }).Start(ktime() + 1e6)
		if !w.CancelSync() {
			t.Error("CancelSync did not find it queued")
		}
		if w.Busy() || calls != 1 {
			t.Errorf("busy %v, %d calls", w.Busy(), calls)
		}
		// It can be used again.
		release.Complete()
		w.Queue()
		w.Flush()
		if calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
	g.wait()
}

func TestDelayedWork(t *testing.T) {
	useWorkers(t)
	g := newTasks(t)
	g.start(AllCPUs, func() {
		var at int64
		var done Completion
		d := NewDelayedWork(func(*Work) {
			at = ktime()
			done.Complete()
		})
		from := ktime()
		if !d.QueueAfter(2e6) || d.QueueAfter(3e6) {
			t.Error("QueueAfter")
		}
		done.Wait()
		if at-from < 3e6 {
			t.Errorf("called after %d ns", at-from)
		}
		d.QueueAfter(1e12)
		if !d.Flush() || !done.TryWait() {
			t.Error("Flush did not call it")
		}
		d.QueueAfter(1e12)
		if !d.CancelSync() || d.Cancel() || done.TryWait() {
			t.Error("Cancel")
		}
		d.QueueAfter(0)
		done.Wait()
	})
	g.wait()
}
