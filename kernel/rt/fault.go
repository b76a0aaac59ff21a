//go:build metal

package rt

import "onsen/arch"

// Fault handles an exception that kernel code has caused. On return f goes on:
// after a page was mapped, in the runtime's signal handler, or not at all.
//
//go:nosplit
func Fault(f *arch.Frame, kind arch.FaultKind, addr uintptr) {
	if kind == arch.FaultTranslation && reserved(addr) {
		if populate(addr) {
			return
		}
		die("rt: no memory left for the kernel heap", f, addr)
	}
	sig, code := signalOf(kind)
	c := thisCPU()
	c.fault = *f
	if sig == 0 || c.cur < 0 || f.OnKernelStack() || !threads[c.cur].push(f, sig, code, addr) {
		die("rt: exception in kernel mode", f, addr)
	}
}

// LastFault returns the registers at the last exception on this CPU that became
// a signal. The caller is a task, and makes sure that it is the one it means.
func LastFault() *arch.Frame { return &thisCPU().fault }

// die reports an error of the lowest layer and ends everything.
//
//go:nosplit
func die(why string, f *arch.Frame, addr uintptr) {
	puts("\n")
	puts(why)
	puts(": cpu ")
	puthex(uintptr(arch.CPU()))
	puts(" address ")
	puthex(addr)
	puts(" pc ")
	puthex(f.PC())
	puts(" sp ")
	puthex(f.SP())
	puts("\n")
	f.Dump()
	exit(2)
}

// OnExit ends the kernel when the runtime gives up, with its exit code. It runs
// in this package's context and must obey its rules.
var OnExit func(code int)

//go:nosplit
func exit(code int) {
	if OnExit != nil {
		OnExit(code)
	}
	puts("rt: runtime exited\n")
	arch.Halt()
}
