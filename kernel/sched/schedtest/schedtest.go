// Package schedtest runs tests of other packages in tasks, on the host.
package schedtest

import (
	"sync"
	"testing"
	"time"

	"onsen/kernel/sched"
)

// CPUs is how many CPUs Main starts.
const CPUs = 2

// Main starts the CPUs and runs the tests; the caller exits with its result.
func Main(m *testing.M) int {
	for cpu := range CPUs {
		go func() {
			t := new(sched.Task)
			sched.InitIdle(t, "idle", cpu)
			sched.StartIdle(t)
			sched.Idle()
		}()
	}
	for sched.Active().Count() < CPUs {
		time.Sleep(time.Millisecond)
	}
	return m.Run()
}

// Run runs every function in a task of its own and returns when all have
// returned. They use t.Error, not t.Fatal.
func Run(t testing.TB, fns ...func()) {
	t.Helper()
	g := Go(t, fns...)
	g.Wait()
}

// Group is a set of tasks.
type Group struct {
	t     testing.TB
	wg    sync.WaitGroup
	Tasks []*sched.Task
}

// Go starts every function in a task of its own.
func Go(t testing.TB, fns ...func()) *Group {
	g := &Group{t: t}
	for _, fn := range fns {
		g.wg.Add(1)
		task := new(sched.Task)
		sched.InitTask(task, t.Name(), nil, func() {
			sched.ScheduleTail()
			fn()
			g.wg.Done()
			sched.Exit()
		})
		g.Tasks = append(g.Tasks, task)
		sched.WakeUpNewTask(task)
	}
	return g
}

// Wait returns when the functions have returned.
func (g *Group) Wait() {
	g.t.Helper()
	done := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		g.t.Fatal("tasks hang")
	}
}

// Asleep waits until a task sleeps.
func Asleep(t testing.TB, task *sched.Task) {
	t.Helper()
	for range 5000 {
		if task.State()&sched.TaskNormal != 0 && !task.Running() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the task does not go to sleep")
}
