//go:build metal

package kernel

import (
	"runtime"
	"runtime/debug"

	"onsen/arch"
	"onsen/arch/bootinfo"
	"onsen/kernel/irq"
	"onsen/kernel/mm"
	"onsen/kernel/params"
	"onsen/kernel/printk"
	"onsen/kernel/rt"
	"onsen/kernel/sched"
)

// What the kernel was started with. Written by StartKernel on the boot CPU and
// only read afterwards.
var (
	machine     *bootinfo.Info
	bootOptions = params.Default()
)

// StartKernel brings the kernel up on the boot CPU, in the order in which the
// parts need each other, and then becomes that CPU's idle task. The Go runtime
// works, in the early pool's memory; there are no interrupts but the timer's
// and no other CPUs. It does not return.
func StartKernel() {
	runtime.LockOSThread()
	rt.PinTask(0)
	rt.OnExit = runtimeDied
	startLog()
	startBootIdle()
	readBootInfo()
	startMemory()
	startInterrupts()
	startTimekeeping()
	restInit(kernelInit)
}

// startLog says who is there, and lets everybody hear it.
func startLog() {
	printk.Notice("Onsen %s (%s) on %s", Version, runtime.Version(), runtime.GOARCH)
	if err := printk.Register("earlycon", printk.EarlyConsole{}, printk.Boot|printk.PrintBuffer); err != nil {
		printk.Err("printk: early console: %v", err)
	}
}

// readBootInfo finds out what machine this is and what was asked of the kernel.
func readBootInfo() {
	info, err := arch.Probe()
	if err != nil {
		// Nobody could say what panic= is, and there may be no console to wait
		// in front of.
		panicTimeout.Store(-1)
		Panic("boot information: %v", err)
	}
	machine = info
	bootOptions = params.ParseCommandLine(info.CommandLine)
	panicTimeout.Store(int64(bootOptions.Panic))
	CommandLine = func() string { return bootOptions.CommandLine }
	printk.SetConsoleLevel(bootOptions.LogLevel)
	printk.Notice("Command line: %s", bootOptions.CommandLine)
	if info.Model != "" {
		printk.Info("Machine: %s (%s)", info.Model, info.Firmware)
	} else {
		printk.Info("Machine: %s", info.Firmware)
	}
	sayDiagnostics(0)
	for _, d := range bootOptions.Diagnostics {
		if d.Notice {
			printk.Notice("%s", d)
		} else {
			printk.Warn("%s", d)
		}
	}
}

// gcPercent is how much the heap may grow between two collections.
const gcPercent = 400

// startMemory hands all free memory to the page allocator.
func startMemory() {
	c := mm.Config{Memory: machine.Memory, Limit: bootOptions.Mem}
	for _, r := range machine.Reserved {
		c.Reserved = append(c.Reserved, r.Range)
	}
	if err := mm.Init(c); err != nil {
		Panic("%v", err)
	}
	s := mm.ReadStats()
	initMaxThreads(uint64(s.Total) * arch.PageSize)
	printk.Info("Memory: %dK/%dK available", s.Free*arch.PageSize>>10, s.Total*arch.PageSize>>10)
	// The live heap is a few MiB: pages, page tables and user memory are kept
	// outside of it. So it may grow to a multiple between two collections, which
	// are a good part of what a short-lived process costs. The limit makes the
	// collector work harder before the heap takes memory that programs could use.
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(int64(s.Total * arch.PageSize / 4))
}

// sayDiagnostics prints what is odd about the machine, from the n-th remark on.
func sayDiagnostics(n int) {
	for _, d := range machine.Diagnostics[n:] {
		printk.Warn("Firmware: %s", d)
	}
}

// startInterrupts lets devices interrupt.
func startInterrupts() {
	said := len(machine.Diagnostics)
	defer func() { sayDiagnostics(said) }()
	if err := arch.InitIRQ(machine); err != nil {
		Panic("interrupt controller: %v", err)
	}
	sched.HandleDevices = irq.RunPending
	irq.Isolate = sched.IsolateHandler
}
