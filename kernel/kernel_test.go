//go:build !metal

package kernel

import (
	"os"
	"testing"
	"time"

	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

const testCPUs = 4

// TestMain boots as the machine does: CPU 0 becomes idle and starts init, which
// brings up the others. The threads of the tests are children of init, which reaps
// them.
func TestMain(m *testing.M) {
	if err := mm.InitHost(64 << 20); err != nil {
		panic(err)
	}
	ready := make(chan error)
	go func() {
		startBootIdle()
		restInit(func(any) int {
			ready <- startTestCPUs()
			for {
				w := waitOpts{typ: pidTypeAny, flags: WEXITED | __WALL}
				if w.wait() != nil {
					sched.Sleep(1e6) // there are no children
				}
			}
		})
	}()
	if err := <-ready; err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func startTestCPUs() error {
	for cpu := 1; cpu < testCPUs; cpu++ {
		idle, err := ForkIdle(cpu)
		if err != nil {
			return err
		}
		go CPUStartup(idle)
		for !sched.Active().Has(cpu) {
			sched.Sleep(1e5)
		}
	}
	for cpu := range testCPUs {
		if err := startWorkers(cpu); err != nil {
			return err
		}
	}
	return nil
}

// startTask starts a kernel thread that runs fn. Unlike KernelThread it may be
// called by a goroutine that is no task.
func startTask(fn func()) { startTaskAs(true, fn) }

// startTaskAs starts a kernel thread, or a task that waits for its children and
// gets signals as a program does.
func startTaskAs(kthread bool, fn func()) (pid int) {
	init := FindTaskByPid(1)
	args := &KernelCloneArgs{Name: "test", Kthread: kthread, Fn: func(any) int { fn(); return 0 }}
	p := dupTask(init, args)
	for _, step := range copySteps {
		if err := step.do(p, init, args); err != nil {
			panic(err)
		}
	}
	if err := publish(p, init, args); err != nil {
		panic(err)
	}
	pid = p.Pid
	sched.SetEntry(&p.Task, p.retFromFork)
	sched.WakeUpNewTask(&p.Task)
	return pid
}

// inTask runs fn in a task and waits for it.
func inTask(t *testing.T, fn func()) {
	t.Helper()
	inTaskAs(t, true, fn)
}

// inProcess runs fn in a task that is no kernel thread and waits for it.
func inProcess(t *testing.T, fn func()) {
	t.Helper()
	inTaskAs(t, false, fn)
}

func inTaskAs(t *testing.T, kthread bool, fn func()) {
	t.Helper()
	done := make(chan struct{})
	pid := startTaskAs(kthread, func() {
		defer close(done)
		fn()
	})
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		t.Fatal("hangs")
	}
	for FindTaskByPid(pid) != nil { // until init has reaped it, it counts
		time.Sleep(100 * time.Microsecond)
	}
}
