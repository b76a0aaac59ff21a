package kernel

import (
	"os"
	"testing"
	"time"

	"onsen/kernel/sched"
)

const testCPUs = 4

func TestMain(m *testing.M) {
	sched.StartHostCPUs(testCPUs, func(cpu int) *sched.Task {
		p := new(Task)
		initIdle(p, cpu)
		return &p.Task
	})
	// PID 1, whose children the threads of the tests are.
	ready := make(chan error)
	startTask(nil, func() {
		ready <- startKthreadd()
		for {
			sched.Sleep(int64(time.Hour))
		}
	})
	if err := <-ready; err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// startTask starts a task that runs fn, as a child of parent.
func startTask(parent *Task, fn func()) *Task {
	p := &Task{flags: PF_KTHREAD, fn: func(any) int { fn(); return 0 }}
	p.Pid, _ = pids.alloc()
	p.Tgid = p.Pid
	if parent == nil {
		parent = p
	}
	sched.InitTask(&p.Task, "test", nil, p.retFromFork)
	tasklistLock.Lock()
	linkTask(p, parent)
	tasklistLock.Unlock()
	sched.WakeUpNewTask(&p.Task)
	return p
}

// inTask runs fn in a task and waits for it.
func inTask(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan struct{})
	startTask(FindTaskByPid(1), func() {
		defer close(done)
		fn()
	})
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("hangs")
	}
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
