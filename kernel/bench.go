package kernel

import (
	"fmt"

	"onsen/arch"
	"onsen/kernel/sched"
)

// bench is a measurement of the running kernel.
type bench struct {
	name string
	cpus int // how many it needs
	// run does the operation n times and returns how many counts of
	// arch.Counter one took.
	run func(n int) (counts float64, err error)
	n   int
}

// benches is every measurement. Files for bare metal only add to it.
var benches = []bench{
	{"call", 1, benchCall, 100_000},
	{"yield", 1, benchYield, 5_000},
	{"switch-to", 1, benchSwitch, 5_000},
	{"wake-and-switch", 1, benchWakeSwitch, 5_000},
	{"mutex", 1, benchMutex, 10_000},
	{"timer-set-and-stop", 1, benchTimer, 5_000},
	{"timer-wake-up", 1, benchTimerWakeUp, 100},
	{"kernel-thread", 1, benchKernelThread, 200},
	{"kthread", 1, benchKthread, 200},
	{"work", 1, benchWork, 500},
	{"ipi-round-trip", 2, benchCallOn, 200},
	{"remote-wake-up", 2, benchRemoteWakeUp, 200},
}

// RunBenchmarks makes the measurements that want asks for and the machine has
// CPUs for, and calls report with a line for each:
//
//	bench: <name> <n> insn/op
//
// On a machine where one instruction takes one ns, which is what QEMU's -icount
// shift=0 makes, n is the number of instructions. The caller is a task.
func RunBenchmarks(want func(name string) bool, report func(line string)) {
	for _, b := range benches {
		if !want(b.name) || sched.Active().Count() < b.cpus {
			continue
		}
		counts, err := b.measure()
		if err != nil {
			report(fmt.Sprintf("bench %s: %v", b.name, err))
			continue
		}
		ns := counts * 1e9 / float64(arch.CounterHz())
		report(fmt.Sprintf("bench: %s %.0f insn/op", b.name, ns))
	}
}

// measure runs the measurement in a kernel thread on the boot CPU, once to warm
// up and once for the result.
func (b bench) measure() (counts float64, err error) {
	t, startErr := KthreadCreateOnCPU(func(any) int {
		if _, err = b.run(b.n/10 + 1); err == nil {
			counts, err = b.run(b.n)
		}
		return 0
	}, nil, activeCPUs()[0], "bench")
	if startErr != nil {
		return 0, startErr
	}
	sched.WakeUpProcess(&t.Task)
	t.kthread.exited.Wait()
	if t.exitCode != 0 {
		return 0, fmt.Errorf("died with status %#x", t.exitCode)
	}
	return counts, err
}

// perOp returns the counts since start, per operation.
func perOp(start uint64, ops int) float64 {
	return float64(arch.Counter()-start) / float64(ops)
}

// benchCall measures the loop and a call of an empty function, which are part
// of every other figure.
func benchCall(n int) (float64, error) {
	start := arch.Counter()
	for range n {
		nothing()
	}
	return perOp(start, n), nil
}

//go:noinline
func nothing() {}

// benchYield measures Yield when nobody else is there.
func benchYield(n int) (float64, error) {
	start := arch.Counter()
	for range n {
		sched.Yield()
	}
	return perOp(start, n), nil
}

// pair runs two threads on this CPU, which take turns, and measures one turn.
func pair(n int, first, second func()) (counts float64, err error) {
	var c crew
	var begin sched.Completion
	cpu := sched.MaskOf(sched.CPU())
	var start uint64
	c.start(cpu, func() {
		begin.Wait()
		start = arch.Counter()
		for range n {
			first()
		}
	})
	c.start(cpu, func() {
		begin.Wait()
		for range n {
			second()
		}
		counts = perOp(start, 2*n)
	})
	sched.Sleep(1e6)
	begin.CompleteAll()
	err = c.wait()
	return counts, err
}

// benchSwitch measures SwitchTo between two kernel threads by way of the
// scheduler, with everything that Yield does.
func benchSwitch(n int) (float64, error) {
	return pair(n, sched.Yield, sched.Yield)
}

// benchWakeSwitch measures waking a thread, sleeping, and the switch to it.
func benchWakeSwitch(n int) (float64, error) {
	var ping, pong sched.Completion
	return pair(n,
		func() { ping.Complete(); pong.Wait() },
		func() { ping.Wait(); pong.Complete() })
}

// benchMutex measures locking and unlocking a free mutex.
func benchMutex(n int) (float64, error) {
	var m sched.Mutex
	start := arch.Counter()
	for range n {
		m.Lock()
		m.Unlock() //lint:ignore SA2001 locking is what is measured
	}
	return perOp(start, n), nil
}

// benchTimer measures setting a timer and stopping it before it goes off, which
// is what most timers are for.
func benchTimer(n int) (float64, error) {
	t := sched.NewTimer(func(*sched.Timer) {})
	deadline := arch.Ktime() + 3600e9
	start := arch.Counter()
	for range n {
		t.Start(deadline)
		t.Stop()
	}
	return perOp(start, n), nil
}

// benchTimerWakeUp measures how late a sleeping thread runs on an idle CPU.
func benchTimerWakeUp(n int) (float64, error) {
	var late int64
	for range n {
		deadline := arch.Ktime() + 200e3
		sched.SetCurrentState(sched.TaskUninterruptible)
		sched.ScheduleTimeout(deadline - arch.Ktime())
		late += arch.Ktime() - deadline
	}
	return float64(late) / float64(n) * float64(arch.CounterHz()) / 1e9, nil
}

// benchKernelThread measures KernelThread and the life of what it starts, until
// its end is noticed.
func benchKernelThread(n int) (float64, error) {
	var done sched.Completion
	fn := func(any) int { done.Complete(); return 0 }
	start := arch.Counter()
	for range n {
		if _, err := KernelThread(fn, nil, CLONE_FS); err != nil {
			return 0, err
		}
		done.Wait()
	}
	return perOp(start, n), nil
}

// benchKthread measures a thread from kthreadd: create, run, stop.
func benchKthread(n int) (float64, error) {
	fn := func(any) int { return 0 }
	start := arch.Counter()
	for range n {
		t, err := KthreadRun(fn, nil, "bench-kthread")
		if err != nil {
			return 0, err
		}
		KthreadStop(t)
	}
	return perOp(start, n), nil
}

// benchWork measures a work from Queue to the end of Flush.
func benchWork(n int) (float64, error) {
	w := sched.NewWork(func(*sched.Work) {})
	start := arch.Counter()
	for range n {
		w.Queue()
		w.Flush()
	}
	return perOp(start, n), nil
}

// otherCPU returns a CPU that is not the caller's.
func otherCPU() int { return sched.Active().After(sched.CPU()) }

// benchCallOn measures a function call on another CPU, which is idle.
func benchCallOn(n int) (float64, error) {
	to := otherCPU()
	start := arch.Counter()
	for range n {
		sched.CallOn(to, nothing)
	}
	return perOp(start, n), nil
}

// benchRemoteWakeUp measures waking a thread on another CPU, until it has woken
// the caller in turn.
func benchRemoteWakeUp(n int) (float64, error) {
	var ping, pong sched.Completion
	var c crew
	c.start(sched.MaskOf(otherCPU()), func() {
		for range n {
			ping.Wait()
			pong.Complete()
		}
	})
	start := arch.Counter()
	for range n {
		ping.Complete()
		pong.Wait()
	}
	counts := perOp(start, n)
	return counts, c.wait()
}
