//go:build !metal

package sched

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testCPUs = 4

func TestMain(m *testing.M) {
	for cpu := range testCPUs {
		go func() {
			t := new(Task)
			InitIdle(t, "idle", cpu)
			StartIdle(t)
			Idle()
		}()
	}
	for Active().Count() < testCPUs {
		time.Sleep(time.Millisecond)
	}
	os.Exit(m.Run())
}

// tasks is a group of tasks that a test waits for.
type tasks struct {
	t  *testing.T
	wg sync.WaitGroup
}

func newTasks(t *testing.T) *tasks { return &tasks{t: t} }

func newTask(name string, parent *Task, fn func()) *Task {
	t := new(Task)
	InitTask(t, name, parent, fn)
	return t
}

// start makes a task that runs fn on the CPUs of m.
func (g *tasks) start(m CPUMask, fn func()) *Task {
	g.wg.Add(1)
	task := newTask(g.t.Name(), nil, func() {
		ScheduleTail()
		fn()
		g.wg.Done()
		Exit()
	})
	task.cpusAllowed.Store(uint64(m))
	WakeUpNewTask(task)
	return task
}

// wait fails the test if the tasks take too long.
func (g *tasks) wait() {
	g.t.Helper()
	done := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		g.t.Fatal("tasks hang")
	}
}

func onCPUs(cpus ...int) (m CPUMask) {
	for _, cpu := range cpus {
		m |= MaskOf(cpu)
	}
	return m
}

// eventually waits for something that happens soon after what it is told by.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 1000 {
		if cond() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("never:", what)
}

func TestTaskRunsAndDies(t *testing.T) {
	g := newTasks(t)
	var current *Task
	task := g.start(AllCPUs, func() { current = Current() })
	g.wait()
	if current != task {
		t.Errorf("Current is %p, want %p", current, task)
	}
	eventually(t, "dead", func() bool { return task.State() == TaskDead && !task.Running() })
}

func TestYieldAlternates(t *testing.T) {
	g := newTasks(t)
	var order []int // both tasks run on one CPU
	for i := range 2 {
		g.start(onCPUs(1), func() {
			for range 50 {
				order = append(order, i)
				Yield()
			}
		})
	}
	g.wait()
	changes := 0
	for i := 1; i < len(order); i++ {
		if order[i] != order[i-1] {
			changes++
		}
	}
	if changes < 80 {
		t.Errorf("%d changes in 100 turns: %v", changes, order)
	}
}

// TestOneContext checks that no task ever runs on two CPUs at once, while they
// are woken, moved and preempted from everywhere.
func TestOneContext(t *testing.T) {
	const n, rounds = 12, 400
	g := newTasks(t)
	var all [n]*Task
	var inside [n]atomic.Int32
	var stop atomic.Bool
	var ready sync.WaitGroup
	ready.Add(n)
	for i := range n {
		all[i] = g.start(AllCPUs, func() {
			ready.Done()
			for !stop.Load() {
				SetCurrentState(TaskInterruptible)
				if inside[i].Add(1) != 1 {
					t.Error("a task runs twice at once")
				}
				inside[i].Add(-1)
				Schedule()
			}
		})
	}
	ready.Wait()
	var wakers sync.WaitGroup
	for range 3 {
		wakers.Go(func() {
			for r := range rounds {
				task := all[r%n]
				if r%5 == 0 {
					_ = SetCPUsAllowed(task, onCPUs(r%testCPUs, (r+1)%testCPUs))
				}
				TryToWakeUp(task, TaskNormal)
			}
		})
	}
	wakers.Wait()
	stop.Store(true)
	for _, task := range all {
		for task.State() != TaskDead {
			TryToWakeUp(task, TaskNormal)
			time.Sleep(100 * time.Microsecond)
		}
	}
	g.wait()
}

// TestNoLostWakeup hands a token around tasks on all CPUs by the protocol of
// the package comment.
func TestNoLostWakeup(t *testing.T) {
	const n, rounds = 7, 3000
	g := newTasks(t)
	var turn atomic.Int64
	var all [n]*Task
	var started sync.WaitGroup
	started.Add(1)
	for i := range n {
		all[i] = g.start(AllCPUs, func() {
			started.Wait()
			for r := i; r < rounds; r += n {
				for {
					SetCurrentState(TaskUninterruptible)
					if turn.Load() == int64(r) {
						break
					}
					Schedule()
				}
				SetCurrentState(TaskRunning)
				turn.Add(1)
				TryToWakeUp(all[(i+1)%n], TaskNormal)
			}
		})
	}
	started.Done()
	g.wait()
	if turn.Load() != rounds {
		t.Errorf("%d turns, want %d", turn.Load(), rounds)
	}
}

func TestAffinity(t *testing.T) {
	g := newTasks(t)
	for cpu := range testCPUs {
		g.start(MaskOf(cpu), func() {
			for range 100 {
				if thisCPU() != cpu {
					t.Errorf("on CPU %d, want %d", thisCPU(), cpu)
				}
				Yield()
			}
		})
	}
	g.wait()
}

func TestMigrateSelf(t *testing.T) {
	g := newTasks(t)
	g.start(AllCPUs, func() {
		for r := range 200 {
			cpu := r * 3 % testCPUs
			if err := SetCPUsAllowed(Current(), MaskOf(cpu)); err != nil {
				t.Error(err)
			}
			CondResched()
			if thisCPU() != cpu {
				t.Errorf("on CPU %d, want %d", thisCPU(), cpu)
			}
		}
	})
	g.wait()
}

func TestMigrateQueued(t *testing.T) {
	g := newTasks(t)
	var hold, moved atomic.Bool
	hold.Store(true)
	g.start(onCPUs(0), func() {
		for hold.Load() {
			time.Sleep(time.Millisecond) // keeps the CPU
		}
	})
	eventually(t, "CPU 0 busy", func() bool { return NrRunning(0) == 1 })
	task := g.start(onCPUs(0), func() { moved.Store(thisCPU() == 2) })
	if task.Running() {
		t.Error("two tasks run on CPU 0")
	}
	if err := SetCPUsAllowed(task, onCPUs(2)); err != nil {
		t.Error(err)
	}
	eventually(t, "moved", moved.Load)
	hold.Store(false)
	g.wait()
}

func TestSetCPUsAllowedRefusesAbsent(t *testing.T) {
	g := newTasks(t)
	g.start(AllCPUs, func() {
		if SetCPUsAllowed(Current(), MaskOf(testCPUs)) == nil {
			t.Error("accepted a CPU that is not there")
		}
		if Current().CPUsAllowed() != AllCPUs {
			t.Error("changed the mask all the same")
		}
	})
	g.wait()
}

// TestWorkConserving starts more tasks than CPUs on one CPU, lets them loose,
// and wants every CPU to get one.
func TestWorkConserving(t *testing.T) {
	g := newTasks(t)
	var loose atomic.Bool
	var seen atomic.Uint64
	for range testCPUs {
		task := g.start(onCPUs(0), func() {
			for CPUMask(seen.Load()).Count() < testCPUs {
				if loose.Load() {
					seen.Or(uint64(MaskOf(thisCPU())))
				}
				time.Sleep(100 * time.Microsecond)
				CondResched()
			}
		})
		defer func() { _ = task }()
		task.cpusAllowed.Store(uint64(AllCPUs))
	}
	loose.Store(true)
	g.wait()
}

// TestPreemptedComesBack lets a task be preempted by one that it wakes itself,
// so that nothing but the scheduler can see to it that it runs again.
func TestPreemptedComesBack(t *testing.T) {
	g := newTasks(t)
	var done atomic.Bool
	var ready Completion
	other := g.start(onCPUs(2), func() {
		ready.Wait()
		for !done.Load() {
			time.Sleep(50 * time.Microsecond) // keeps the CPU
			CondResched()
		}
	})
	eventually(t, "waits", func() bool { return other.State() == TaskUninterruptible && !other.Running() })
	time.Sleep(10 * time.Millisecond) // makes it urgent
	g.start(onCPUs(2), func() {
		for range 10 {
			time.Sleep(time.Millisecond)
		}
		ready.Complete()
		CondResched()
		done.Store(true)
	})
	g.wait()
}

func TestSelectTaskRq(t *testing.T) {
	// The CPUs are idle now, or about to be.
	eventually(t, "all idle", func() bool { return CPUMask(idleCPUs.Load()) == onCPUs(0, 1, 2, 3) })
	tests := []struct {
		name    string
		allowed CPUMask
		last    int
		fork    bool
		want    int
	}{
		{"idle where it was", AllCPUs, 2, false, 2},
		{"only one allowed", onCPUs(3), 1, false, 3},
		{"idle sibling", onCPUs(1, 3), 2, false, 3},
		{"new task", AllCPUs, 1, true, 1},
		{"nothing allowed is active", onCPUs(40), 1, false, 1},
	}
	for _, tt := range tests {
		task := &Task{}
		task.cpusAllowed.Store(uint64(tt.allowed))
		task.runq.Store(&runqueues[tt.last])
		if got := selectTaskRq(task, tt.fork); got != tt.want {
			t.Errorf("%s: CPU %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestIsolated(t *testing.T) {
	Isolate(onCPUs(3))
	defer Isolate(0)
	if got := usable(AllCPUs); got != onCPUs(0, 1, 2) {
		t.Errorf("usable: %#x", got)
	}
	if got := usable(onCPUs(3)); got != onCPUs(3) {
		t.Errorf("usable by affinity: %#x", got)
	}
}

// TestShares runs two tasks of different weight on one CPU and compares.
func TestShares(t *testing.T) {
	g := newTasks(t)
	var stop atomic.Bool
	var got [2]atomic.Int64
	for i, nice := range []int{0, 5} { // weights 1024 and 335
		task := g.start(onCPUs(1), func() {
			for !stop.Load() {
				time.Sleep(50 * time.Microsecond)
				CondResched()
			}
			got[i].Store(Current().sumExec)
		})
		task.SetNice(nice)
	}
	time.Sleep(400 * time.Millisecond)
	stop.Store(true)
	g.wait()
	ratio := float64(got[0].Load()) / float64(got[1].Load())
	if ratio < 1.5 || ratio > 12 { // other programs share the host's CPUs
		t.Errorf("ratio %.2f, want about 3", ratio)
	}
}

func TestNice(t *testing.T) {
	task := newTask("n", nil, func() {})
	for _, tt := range []struct{ set, want int }{{0, 0}, {-20, -20}, {19, 19}, {-100, -20}, {100, 19}} {
		task.SetNice(tt.set)
		if got := task.Nice(); got != tt.want {
			t.Errorf("SetNice(%d): %d, want %d", tt.set, got, tt.want)
		}
	}
	if task.SetPolicy(7) || !task.SetPolicy(PolicyIdle) || task.weight != idleWeight {
		t.Error("SetPolicy")
	}
}

func TestSchedFork(t *testing.T) {
	parent := newTask("p", nil, func() {})
	parent.SetNice(-5)
	parent.cpusAllowed.Store(6)
	child := newTask("c", parent, func() {})
	if child.Nice() != -5 || child.CPUsAllowed() != 6 {
		t.Errorf("nice %d, affinity %#x", child.Nice(), child.CPUsAllowed())
	}
	parent.SetResetOnFork(true)
	if child := newTask("c", parent, func() {}); child.Nice() != 0 || child.resetOnFork {
		t.Error("reset-on-fork was not honoured")
	}
	parent.SetNice(5)
	if child := newTask("c", parent, func() {}); child.Nice() != 5 {
		t.Error("reset-on-fork must not improve the nice value")
	}
}

func TestNameIsCut(t *testing.T) {
	task := newTask("a name that is too long", nil, func() {})
	if got := task.Name(); got != "a name that is " {
		t.Errorf("%q", got)
	}
}
