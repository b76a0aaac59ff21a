package kernel

import "onsen/kernel/sched"

// startWorkers makes the work queue of a CPU work.
func startWorkers(cpu int) error {
	return sched.StartWorkers(cpu, func(name string, cpu int, fn func()) error {
		t, err := KthreadCreateOnCPU(func(any) int { fn(); return 0 }, nil, cpu, name)
		if err == nil {
			sched.WakeUpProcess(&t.Task)
		}
		return err
	})
}
