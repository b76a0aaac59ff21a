//go:build metal

package kernel

import (
	"runtime"
	"syscall"

	"onsen/arch"
	"onsen/kernel/printk"
	"onsen/kernel/rt"
	"onsen/kernel/sched"
)

const (
	// cpuUpTimeout is how long a started CPU may take to run its idle task, ns.
	cpuUpTimeout = 1_000_000_000
	// cpuUpPoll is the time between two looks, ns.
	cpuUpPoll = 50_000
)

// startCPUs brings up the other CPUs, as many as the command line allows.
func startCPUs() {
	most := min(len(machine.CPUs), arch.MaxCPUs, bootOptions.NrCPUs)
	toStart := min(most, max(bootOptions.MaxCPUs, 1))
	if len(machine.CPUs) > most {
		printk.Warn("smp: %d CPUs present, only %d are used", len(machine.CPUs), most)
	}
	setProcs(toStart)
	online := 1
	for cpu := 1; cpu < most && online < toStart; cpu++ {
		if !machine.CPUs[cpu].Enabled {
			continue
		}
		if err := startCPU(cpu); err != nil {
			printk.Err("smp: CPU%d did not come up: %v", cpu, err)
			continue
		}
		online++
	}
	if online != toStart {
		setProcs(online)
	}
	printk.Info("smp: %d CPUs online", online)
}

// setProcs gives the Go runtime its Ps: one that every CPU's task thread keeps,
// and one per CPU for the threads that do the runtime's own work.
func setProcs(cpus int) { runtime.GOMAXPROCS(2 * cpus) }

// startCPU brings up one CPU and returns when it runs its idle task.
func startCPU(cpu int) error {
	idle, err := ForkIdle(cpu)
	if err != nil {
		return err
	}
	if err := arch.StartCPU(cpu, machine); err != nil {
		return err
	}
	if !cpuUp(func() bool { return rt.Online(cpu) }) {
		return syscall.ETIMEDOUT
	}
	go func() {
		runtime.LockOSThread()
		rt.PinTask(cpu)
		CPUStartup(idle)
	}()
	if !cpuUp(func() bool { return sched.Active().Has(cpu) }) {
		return syscall.ETIMEDOUT
	}
	return nil
}

// cpuUp waits for a step of a CPU's way up, and reports whether it was made.
func cpuUp(done func() bool) bool {
	for deadline := arch.Ktime() + cpuUpTimeout; !done(); sched.Sleep(cpuUpPoll) {
		if arch.Ktime() > deadline {
			return false
		}
	}
	return true
}
