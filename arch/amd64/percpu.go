//go:build metal && amd64

package amd64

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"onsen/arch/spec"
)

// percpu is what the assembly knows of a processor; GS points to it in kernel
// mode. Offsets in assembly come from go_asm.h.
type percpu struct {
	self    uintptr
	kstack  uintptr // top of the running thread's kernel stack
	scratch uintptr // stack pointer while a system call enters
	id      uint64  // index
	current uintptr // the running task
	tls     uintptr // thread pointer of the running thread
	user    uintptr // the UserContext that was loaded last
	goSP    uintptr // stack pointer of its goroutine meanwhile,
	goBP    uintptr // and its frame pointer
	mm      uintptr // the MMContext whose page tables are in use; 0: the kernel's

	extended uintptr // the UserContext whose extended state was loaded last
	debug    uint64  // debugRegs.id of the debug registers

	events  atomic.Uint32 // recorded interrupt events
	flush   atomic.Uint32 // another CPU waits for a TLB flush here
	stopped atomic.Uint32 // the CPU was stopped for a panic
	apicID  uint32

	irqs [maxIRQ / 64]atomic.Uint64 // recorded device lines

	stopFrame Frame // registers when it was stopped

	gdt     [10]uint64
	tss     [26]uint32
	gdtr    descriptor
	idleSP  uintptr    // top of the idle loop's stack
	irqIdle uintptr    // top of the stack for interrupts in the idle loop
	dummy   [2]uintptr // what FS points behind while no thread runs
}

// maxIRQ bounds the device lines (global system interrupts) in use.
const maxIRQ = 192

var percpus [spec.MaxCPUs]percpu

// onlineCPUs is one more than the highest index that runs.
var onlineCPUs atomic.Int32

// this returns the record of this CPU.
//
//go:nosplit
func this() *percpu { return (*percpu)(runtime.CPURecord()) }

// CPU returns the index of this CPU.
//
//go:nosplit
func CPU() int { return int(this().id) }

// Current returns the word that SetCurrent stored on this CPU.
//
//go:nosplit
func Current() uintptr { return this().current }

// SetCurrent sets the running task's word.
//
//go:nosplit
func SetCurrent(t uintptr) { this().current = t }

// PendingEvents returns the events recorded for this CPU.
//
//go:nosplit
func PendingEvents() spec.Event { return spec.Event(this().events.Load()) }

// EventWord returns the word in which events are recorded for this CPU.
//
//go:nosplit
func EventWord() *atomic.Uint32 { return &this().events }

// TakeEvents returns and clears the events recorded for this CPU.
//
//go:nosplit
func TakeEvents() spec.Event { return spec.Event(this().events.Swap(0)) }

// ClearEvents forgets events recorded for this CPU.
//
//go:nosplit
func ClearEvents(e spec.Event) { this().events.And(^uint32(e)) }

// LoadThread makes top the kernel stack and tls the thread pointer of the
// thread that runs next. Zeros stand for the idle loop, which has an interrupt
// stack of its own and must not touch the thread pointer of a thread that may
// already run elsewhere.
//
//go:nosplit
func LoadThread(top, tls uintptr) {
	c := this()
	if top == 0 {
		top, tls = c.irqIdle, uintptr(unsafe.Pointer(&c.dummy[1]))
	}
	c.kstack = top
	c.setIST(istInterrupt, top)
	if tls == 0 {
		tls = uintptr(unsafe.Pointer(&c.dummy[1]))
	}
	SetTLS(tls)
}

// SetTLS sets the thread pointer of the running thread.
//
//go:nosplit
func SetTLS(tls uintptr) {
	this().tls = tls
	if hasFSGSBASE {
		writeFSBase(tls)
	} else {
		WriteMSR(msrFSBase, uint64(tls))
	}
}
