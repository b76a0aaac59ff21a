//go:build metal && amd64

package amd64

import "sync/atomic"

// stopping says that an NMI means StopOtherCPUs.
var stopping atomic.Uint32

// stopWait is how long StopOtherCPUs waits for the others, in nanoseconds.
const stopWait = 100_000_000

// StopOtherCPUs stops all other CPUs with a non-maskable interrupt: one that
// spins with interrupts masked stops, too.
//
//go:nosplit
func StopOtherCPUs() {
	me := CPU()
	if !stopping.CompareAndSwap(0, 1) {
		return
	}
	n := int(onlineCPUs.Load())
	for i := range n {
		if i != me {
			sendNMI(percpus[i].apicID)
		}
	}
	deadline := Ktime() + stopWait
	for i := range n {
		for i != me && percpus[i].stopped.Load() == 0 && Ktime() < deadline {
			CPURelax()
		}
	}
}

// stopHere is the answer of a CPU that is to stop.
//
//go:nosplit
func stopHere(f *Frame) {
	if stopping.Load() == 0 {
		return // the machine's own NMI, which nobody has asked for
	}
	c := this()
	c.stopFrame = *f
	c.flush.Store(0)
	c.stopped.Store(1)
	Halt()
}

// StoppedFrame returns the registers with which a CPU was stopped, or nil.
func StoppedFrame(cpu int) *Frame {
	c := &percpus[cpu]
	if c.stopped.Load() == 0 {
		return nil
	}
	return &c.stopFrame
}
