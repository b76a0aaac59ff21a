//go:build metal && amd64

package amd64

import (
	"math/bits"

	"onsen/arch/spec"
)

// SendIPI records events for a CPU and interrupts it; see package arch.
//
//go:nosplit
func SendIPI(cpu int, e spec.Event) {
	c := &percpus[cpu]
	if e != 0 {
		c.events.Or(uint32(e))
	}
	sendIPI(c.apicID, vecIPI)
}

// recordIRQ masks a device line and notes it for the task side.
//
//go:nosplit
func recordIRQ(c *percpu, irq int) {
	if irq >= maxIRQ {
		return
	}
	MaskIRQ(irq)
	c.irqs[irq/64].Or(1 << (irq % 64))
	c.events.Or(uint32(spec.EventDevice))
}

// TakeIRQ returns one recorded device line of this CPU.
//
//go:nosplit
func TakeIRQ() (irq int, ok bool) {
	c := this()
	for i := range c.irqs {
		w := &c.irqs[i]
		if v := w.Load(); v != 0 {
			bit := bits.TrailingZeros64(v)
			w.And(^(uint64(1) << bit))
			return i*64 + bit, true
		}
	}
	return 0, false
}
