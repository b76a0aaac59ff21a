//go:build metal && arm64

package arm64

import (
	"math/bits"
	_ "unsafe" // for linkname

	"onsen/arch/spec"
)

// The lowest layer of the kernel, called from the entry code. Package rt
// imports package arch and so cannot be imported here.

//go:linkname rtStart onsen/kernel/rt.Start
func rtStart(top uintptr) uintptr

//go:linkname rtIdleStart onsen/kernel/rt.IdleStart
func rtIdleStart()

//go:linkname rtSecondaryStart onsen/kernel/rt.SecondaryStart
func rtSecondaryStart(cpu int)

//go:linkname rtThreadStart onsen/kernel/rt.ThreadStart
func rtThreadStart()

//go:linkname rtSyscall onsen/kernel/rt.Syscall
func rtSyscall(f *Frame)

//go:linkname rtInterrupt onsen/kernel/rt.Interrupt
func rtInterrupt(f *Frame)

//go:linkname rtFault onsen/kernel/rt.Fault
func rtFault(f *Frame, kind spec.FaultKind, addr uintptr)

// upcalls are what the entry code calls, on the kernel stack of the running
// thread, with interrupts masked.
var upcalls = [...]func(*Frame){
	upcallSyscall:    rtSyscall,
	upcallInterrupt:  interrupt,
	upcallFault:      fault,
	upcallUnexpected: unexpected,
}

const (
	upcallSyscall    = iota // SVC
	upcallInterrupt         // an interrupt
	upcallFault             // any other exception of running code
	upcallUnexpected        // what should not happen: see unexpected
)

// interrupt handles an interrupt of a thread.
//
//go:nosplit
func interrupt(f *Frame) {
	record(f)
	rtInterrupt(f)
}

// fault handles a fault.
//
//go:nosplit
func fault(f *Frame) {
	addr := faultAddress(f.ESR, f.FAR, f.IP)
	if fixUserAccess(f, addr) {
		return
	}
	rtFault(f, faultOf(f.ESR), addr)
}

// unexpected handles system errors, overflows of a kernel stack, and exceptions
// that cannot happen.
//
//go:nosplit
func unexpected(f *Frame) { rtFault(f, spec.FaultOther, uintptr(f.FAR)) }

// record acknowledges one interrupt and records it for ordinary Go to handle.
// f is the interrupted code, nil in the idle loop.
//
//go:nosplit
func record(f *Frame) {
	token, irq := acknowledge()
	switch {
	case irq >= maxIRQ: // gone again
		return
	case irq == gic.timer:
		disarmTimer()
		thisCPU().events.Or(uint32(spec.EventTimer))
	case irq >= firstSPI:
		MaskIRQ(int(irq))
		c := thisCPU()
		c.irqs[irq/64].Or(1 << (irq % 64))
		c.events.Or(uint32(spec.EventDevice))
	}
	endInterrupt(token)
	if irq == sgiRetire {
		answerRetire()
	}
	if irq == sgiStop {
		stopThisCPU(f)
	}
}

// TakeIRQ returns one device line recorded by this CPU, if there is one. The
// line stays masked until UnmaskIRQ.
//
//go:nosplit
func TakeIRQ() (irq int, ok bool) {
	c := thisCPU()
	for i := range c.irqs {
		w := &c.irqs[i]
		if v := w.Load(); v != 0 {
			b := bits.TrailingZeros64(v) & 63
			w.And(^(uint64(1) << b))
			return i*64 + b, true
		}
	}
	return 0, false
}

// IdleWait waits for one interrupt and records it. Interrupts are masked
// before and after; an interrupt that is pending already ends the wait. It may
// return without one.
//
//go:nosplit
func IdleWait() {
	if gic.version == 0 {
		return
	}
	waitForInterrupt()
	record(nil)
}
