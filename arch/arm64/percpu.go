//go:build metal && arm64

package arm64

import (
	"runtime"
	"sync/atomic"

	"onsen/arch/spec"
)

// percpu is the record of a processor; TPIDR_EL1 points to it. Offsets in
// assembly come from go_asm.h.
type percpu struct {
	id      uint64  // index
	current uintptr // the running task
	kstack  uintptr // top of the running thread's kernel stack
	mm      uintptr // *MMContext in TTBR0_EL1, or 0
	retire  uint32  // not 0: mm may be one to forget
	user    uintptr // *UserContext whose thread pointer is in TPIDR_EL0, or 0
	debug   uint64  // debugRegs.id of the breakpoints in the CPU, or 0

	idleStack  uintptr // top of the stack of the idle loop
	emergency  uintptr // top of the stack for a kernel stack overflow
	overflowSP uintptr // stack pointer at the overflow

	midr          uint64 // MIDR_EL1
	mpidr         uint64 // affinity, see mpidrMask
	redistributor uintptr
	gicSGI        uint64 // GICv3: how to send SGI 0 to this CPU
	gicTarget     uint32 // GICv2: the CPU's bit in target lists

	events    atomic.Uint32                // recorded interrupt events
	irqs      [maxIRQ/64 + 1]atomic.Uint64 // recorded device lines
	online    atomic.Uint32                // the CPU runs its idle loop
	stopped   atomic.Uint32                // the CPU was stopped for a panic
	stopFrame Frame                        // its registers then

	_ [64]byte // keeps other CPUs' records out of the cache line
}

var cpus [spec.MaxCPUs]percpu

// thisCPU returns the record of this CPU.
//
//go:nosplit
func thisCPU() *percpu { return (*percpu)(runtime.CPURecord()) }

// CPU returns the index of this CPU.
//
//go:nosplit
func CPU() int { return int(thisCPU().id) }

// Current returns the word that SetCurrent stored on this CPU.
//
//go:nosplit
func Current() uintptr { return thisCPU().current }

// SetCurrent stores the address of the running task.
//
//go:nosplit
func SetCurrent(t uintptr) { thisCPU().current = t }

// LoadThread makes top the kernel stack of the thread that runs next. The stack
// pointer itself gets there with the switch of stacks; there is no thread
// pointer.
//
//go:nosplit
func LoadThread(top, _ uintptr) { thisCPU().kstack = top }

// SetTLS does nothing: Go keeps no thread pointer on this architecture.
//
//go:nosplit
func SetTLS(uintptr) {}

// PendingEvents returns the events recorded for this CPU.
//
//go:nosplit
func PendingEvents() spec.Event { return spec.Event(thisCPU().events.Load()) }

// EventWord returns the word in which events are recorded for this CPU.
//
//go:nosplit
func EventWord() *atomic.Uint32 { return &thisCPU().events }

// TakeEvents returns and clears the events recorded for this CPU.
//
//go:nosplit
func TakeEvents() spec.Event { return spec.Event(thisCPU().events.Swap(0)) }

// ClearEvents forgets events recorded for this CPU.
//
//go:nosplit
func ClearEvents(e spec.Event) { thisCPU().events.And(^uint32(e)) }

// SendIPI records e for a CPU, this one included, and interrupts it.
//
//go:nosplit
func SendIPI(cpu int, e spec.Event) {
	c := &cpus[cpu%spec.MaxCPUs]
	c.events.Or(uint32(e))
	if gic.version != 0 {
		sendSGI(c, sgiWake)
	}
}
