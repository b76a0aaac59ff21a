//go:build metal

package kernel

import (
	"fmt"
	"time"

	"onsen/arch"
	"onsen/kernel/params"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
)

// kernelInit is PID 1 before it becomes a program: it completes what needs to
// sleep, and then does what the command line asks for. Once it has a program, it
// returns, and the program begins.
func kernelInit(any) int {
	entryToInit = arch.Ktime()
	startCPUs()
	startWorkqueues()
	startConsoles()
	startProcMonitor()
	startRootfs()
	runMode(bootOptions)
	startDevices()
	initSyscalls()
	startLoadAverages()
	if why := runInit(bootOptions); why != "" {
		Panic("%s", why)
	}
	return 0
}

// entryToInit is how long it took from the kernel's entry to here, in ns.
var entryToInit int64

// runMode does what a test of the kernel itself has asked for, and does not
// return if there is such a thing.
func runMode(o *params.Params) {
	switch {
	case o.SelfTest.On:
		RunSelfTests(o.SelfTest.Has, report)
	case o.Bench.On:
		report(fmt.Sprintf("bench: entry-to-init %d", entryToInit))
		RunBenchmarks(o.Bench.Has, report)
	case o.Echo > 0:
		echo(o.Echo)
	case o.Idle >= 0:
		printk.Info("idle: sleeping for %d s", o.Idle)
		sched.Sleep(int64(o.Idle) * int64(time.Second))
	default:
		return
	}
	PowerOff()
}

// startWorkqueues makes work queues work on every CPU.
func startWorkqueues() {
	for _, cpu := range activeCPUs() {
		if err := startWorkers(cpu); err != nil {
			Panic("work queue of CPU%d: %v", cpu, err)
		}
	}
}

func report(line string) { printk.Notice("%s", line) }
