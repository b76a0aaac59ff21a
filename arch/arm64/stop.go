//go:build metal && arm64

package arm64

import (
	"sync/atomic"

	"onsen/arch/spec"
)

// stopper is one more than the index of the CPU that has stopped the others, 0
// before. CPURelax looks at it, for CPUs that wait with interrupts masked.
var stopper atomic.Uint32

// stopTimeout is how long StopOtherCPUs waits for them, in nanoseconds.
const stopTimeout = 100e6

// StopOtherCPUs stops all other CPUs for good, for a panic. It waits for them
// for a tenth of a second. If another CPU has already done it, the caller is
// one of those who stop.
//
//go:nosplit
func StopOtherCPUs() {
	me := thisCPU()
	if !stopper.CompareAndSwap(0, uint32(me.id)+1) {
		answerStop()
		return
	}
	end := Ktime() + stopTimeout
	for i := range cpus {
		if c := &cpus[i]; c != me && c.online.Load() != 0 && gic.version != 0 {
			sendSGI(c, sgiStop)
		}
	}
	for i := range cpus {
		c := &cpus[i]
		for c != me && c.online.Load() != 0 && c.stopped.Load() == 0 && Ktime() < end {
			CPURelax()
		}
	}
}

// StoppedFrame returns the registers with which a CPU was stopped, or nil. For
// one that was waiting in CPURelax these are only IP, Stack and the frame
// pointer.
func StoppedFrame(cpu int) *Frame {
	c := &cpus[cpu%spec.MaxCPUs]
	if c.stopped.Load() == 0 {
		return nil
	}
	return &c.stopFrame
}

// answerStop stops this CPU if another one asks for it. CPURelax calls it.
//
//go:nosplit
func answerStop() {
	if s := stopper.Load(); s != 0 && s != uint32(thisCPU().id)+1 {
		stopThisCPU(nil)
	}
}

// stopThisCPU records where the CPU is, in f or here, and parks it.
//
//go:nosplit
func stopThisCPU(f *Frame) {
	IRQDisable()
	c := thisCPU()
	if f != nil {
		c.stopFrame = *f
	} else {
		pc, sp, fp := position()
		c.stopFrame.IP, c.stopFrame.Stack, c.stopFrame.R[29] = uint64(pc), uint64(sp), uint64(fp)
	}
	c.stopped.Store(1)
	Halt()
}

// Halt stops this CPU for good. An interrupt that is pending would keep it from
// sleeping, even masked, so the loop takes what comes.
//
//go:nosplit
func Halt() {
	IRQDisable()
	disarmTimer()
	for {
		waitForInterrupt()
		if gic.version == 0 {
			continue
		}
		if token, irq := acknowledge(); irq < maxIRQ {
			MaskIRQ(int(irq))
			endInterrupt(token)
		}
	}
}
