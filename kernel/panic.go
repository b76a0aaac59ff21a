//go:build metal

package kernel

import (
	"fmt"
	"runtime"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/oops"
	"onsen/kernel/printk"
	"onsen/kernel/rt"
	"onsen/kernel/sched"
)

// maxTrace is how many calls a panic shows of its own stack.
const maxTrace = 64

func init() {
	die = func(why string) { Panic("%s", why) }
	Oops = reportOops
}

// Panic stops the machine because the kernel cannot go on: it prints what
// happened and where every CPU was, and then restarts, or halts, as panic= says.
// It may be called anywhere in ordinary Go, and does not return.
func Panic(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	if !printk.EnterPanic() {
		arch.Halt() // somebody else panics; this CPU only gets in the way
	}
	goOnAlone()
	printk.Emerg("Kernel panic - not syncing: %s", why)
	reportHere()
	reportStopped()
	printk.Emerg("---[ end Kernel panic - not syncing: %s ]---", why)
	endPanic(panicTimeout.Load())
}

// endPanic waits for the time that panic= or /proc/sys/kernel/panic gives and
// restarts: at once if it is negative, never if it is zero.
//
//go:nosplit
func endPanic(seconds int64) {
	if seconds == 0 {
		arch.Halt()
	}
	deadline := arch.Ktime() + seconds*1e9
	for arch.Ktime() < deadline {
		arch.CPURelax()
	}
	arch.Restart()
}

// reportHere prints the stack of the caller's caller.
func reportHere() {
	pcs := make([]uintptr, maxTrace)
	r := oops.Report{
		Where: where(arch.CPU()),
		Trace: oops.Trace{PCs: pcs[:runtime.Callers(3, pcs)]},
	}
	r.Print(emergency)
}

// reportStopped prints where the other CPUs were stopped.
func reportStopped() {
	for m := sched.Active(); m != 0; m &= m - 1 {
		cpu := m.First()
		f := arch.StoppedFrame(cpu)
		if f == nil {
			continue
		}
		r := oops.Report{Where: where(cpu), Registers: f, Memory: readKernel}
		r.Print(emergency)
	}
}

// where names a CPU and the task it runs.
func where(cpu int) string {
	running := sched.RunningOn(cpu)
	if running == nil {
		return fmt.Sprintf("CPU: %d", cpu)
	}
	t := taskOf(running)
	return fmt.Sprintf("CPU: %d PID: %d Comm: %s", cpu, t.Pid, t.Name())
}

// readKernel copies kernel memory as far as it is mapped: an oops.Memory.
func readKernel(addr uintptr, p []byte) (n int) {
	for n < len(p) && addr+uintptr(n) >= arch.DirectMapBase && arch.KernelPageMapped(addr+uintptr(n)) {
		at := addr + uintptr(n)
		chunk := min(len(p)-n, int(arch.PageSize-at%arch.PageSize))
		n += copy(p[n:n+chunk], unsafe.Slice((*byte)(unsafe.Add(nil, at)), chunk))
	}
	return n
}

func emergency(line string) { printk.Emerg("%s", line) }

// reportOops prints why a task dies of a panic in its Go code.
func reportOops(t *Task, v any, pcs []uintptr) {
	p := oops.CaptureGoPanic()
	if len(p.Trace.PCs) == 0 {
		p.Trace.PCs = pcs
	}
	r := oops.Report{
		Title:  "Oops: " + oops.PanicValue(v),
		Where:  where(arch.CPU()),
		PC:     p.PC,
		Trace:  p.Trace,
		Memory: readKernel,
	}
	if f := rt.LastFault(); p.PC != 0 && f.PC() == p.PC {
		r.Registers = f
	}
	r.Print(func(line string) { printk.Alert("%s", line) })
	printk.Alert("---[ end trace ]---")
}

// runtimeDied ends the kernel after the Go runtime has printed why it cannot go
// on. It runs in the lowest layer.
//
//go:nosplit
func runtimeDied(code int) {
	arch.StopOtherCPUs()
	printk.Emergency("Kernel panic - not syncing: the Go runtime has exited\n")
	endPanic(panicTimeout.Load())
}
