//go:build !metal

package sched

import (
	"sync/atomic"
	"testing"
)

func TestMutexExcludes(t *testing.T) {
	const n, rounds = 8, 300
	g := newTasks(t)
	var m Mutex
	count := 0 // m
	for range n {
		g.start(AllCPUs, func() {
			for r := range rounds {
				m.Lock()
				was := count
				if r%3 == 0 {
					Yield() // sleeping locks may be held across a switch
				}
				count = was + 1
				m.Unlock()
			}
		})
	}
	g.wait()
	if count != n*rounds {
		t.Errorf("count %d, want %d", count, n*rounds)
	}
	if m.owner.Load() != 0 || m.contended.Load() {
		t.Error("not free at the end")
	}
}

func TestMutexOrder(t *testing.T) {
	g := newTasks(t)
	var m Mutex
	var release atomic.Bool
	var order []int // m
	g.start(AllCPUs, func() {
		m.Lock()
		for !release.Load() {
			Sleep(1e6)
		}
		m.Unlock()
	})
	eventually(t, "held", func() bool { return m.owner.Load() != 0 })
	for i := range 5 {
		task := g.start(AllCPUs, func() {
			m.Lock()
			order = append(order, i)
			m.Unlock()
		})
		eventually(t, "waits", func() bool { return task.State() == TaskUninterruptible })
	}
	release.Store(true)
	g.wait()
	for i, got := range order {
		if got != i {
			t.Fatalf("order %v", order)
		}
	}
}

func TestMutexInterrupted(t *testing.T) {
	g := newTasks(t)
	var m Mutex
	var done Completion
	g.start(AllCPUs, func() {
		m.Lock()
		done.Wait()
		m.Unlock()
	})
	eventually(t, "held", func() bool { return m.owner.Load() != 0 })
	var err error
	task := g.start(AllCPUs, func() { err = m.LockInterruptible() })
	eventually(t, "waits", func() bool { return task.State() == TaskInterruptible })
	task.SetFlag(TIFSigPending)
	TryToWakeUp(task, TaskInterruptible)
	eventually(t, "gave up", func() bool { return task.State() == TaskDead })
	if err != ErrRestart || m.contended.Load() {
		t.Errorf("%v, contended %v", err, m.contended.Load())
	}
	done.Complete()
	g.wait()
}

func TestMutexMisuse(t *testing.T) {
	g := newTasks(t)
	var m, other Mutex
	panics := func(f func()) (p bool) {
		defer func() { p = recover() != nil }()
		f()
		return
	}
	g.start(AllCPUs, func() {
		m.Lock()
		if !m.Held() || m.TryLock() {
			t.Error("held, but does not look so")
		}
		if !panics(m.Lock) {
			t.Error("locking twice did not panic")
		}
		if !panics(other.Unlock) {
			t.Error("unlocking a free mutex did not panic")
		}
		m.Unlock()
		if m.Held() || !m.TryLock() {
			t.Error("free, but does not look so")
		}
	})
	g.wait()
}

func TestRWSem(t *testing.T) {
	const n, rounds = 8, 200
	g := newTasks(t)
	var r RWSem
	var readers, writers, most atomic.Int32
	for i := range n {
		g.start(AllCPUs, func() {
			for k := range rounds {
				if (i+k)%4 == 0 {
					r.Lock()
					if writers.Add(1) != 1 || readers.Load() != 0 {
						t.Error("a writer is not alone")
					}
					Yield()
					writers.Add(-1)
					if k%8 == 0 {
						r.Downgrade()
						r.RUnlock()
					} else {
						r.Unlock()
					}
				} else {
					r.RLock()
					most.Store(max(most.Load(), readers.Add(1)))
					if writers.Load() != 0 {
						t.Error("a reader beside a writer")
					}
					Yield()
					readers.Add(-1)
					r.RUnlock()
				}
			}
		})
	}
	g.wait()
	if most.Load() < 2 {
		t.Error("readers never shared")
	}
	if r.state.Load() != 0 || r.writer != 0 || r.waiters.first != nil {
		t.Error("not free at the end")
	}
}

// TestRWSemGivingUp checks that readers behind a writer who gives up get in.
func TestRWSemGivingUp(t *testing.T) {
	fatal := FatalSignalPending
	defer func() { FatalSignalPending = fatal }()
	FatalSignalPending = func(*Task) bool { return true }
	g := newTasks(t)
	var r RWSem
	var done Completion
	var in atomic.Bool
	g.start(AllCPUs, func() {
		r.RLock()
		done.Wait()
		r.RUnlock()
	})
	eventually(t, "read", func() bool {
		r.lock.Lock()
		defer r.lock.Unlock()
		return r.state.Load() == 1
	})
	var err error
	writer := g.start(AllCPUs, func() { err = r.LockKillable() })
	eventually(t, "writer waits", func() bool { return writer.State() == TaskKillable })
	reader := g.start(AllCPUs, func() {
		r.RLock()
		in.Store(true)
		r.RUnlock()
	})
	eventually(t, "reader waits", func() bool { return reader.State() == TaskUninterruptible })
	writer.SetFlag(TIFSigPending)
	TryToWakeUp(writer, TaskWakekill)
	eventually(t, "reader in", in.Load)
	done.Complete()
	g.wait()
	if err != ErrRestart {
		t.Error(err)
	}
}
