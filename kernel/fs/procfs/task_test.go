package procfs

import (
	"os"
	"testing"

	"onsen/kernel/sched"
)

// TestMain starts a CPU: file systems sleep on locks, which only tasks can.
func TestMain(m *testing.M) {
	go func() {
		t := new(sched.Task)
		sched.InitIdle(t, "idle", 0)
		sched.StartIdle(t)
		sched.Idle()
	}()
	for sched.Active().Count() == 0 {
	}
	os.Exit(m.Run())
}

// inTask runs fn in a task and waits for it.
func inTask(fn func()) {
	done := make(chan struct{})
	t := new(sched.Task)
	sched.InitTask(t, "test", nil, func() {
		sched.ScheduleTail()
		fn()
		close(done)
		sched.Exit()
	})
	sched.WakeUpNewTask(t)
	<-done
}
