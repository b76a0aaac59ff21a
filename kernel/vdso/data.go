package vdso

import (
	"sync/atomic"

	"onsen/arch/spec"
)

// Clocks is how many clocks have a place in Data, by their CLOCK_* number.
const Clocks = 12

// Data is the page that the code reads, which programs see as [vvar]. The code of
// each architecture knows its layout. There is one writer at a time. A reader looks
// again if seq is odd or has changed meanwhile; so a writer must not be held up.
type Data struct {
	seq     atomic.Uint32
	user    atomic.Uint32 // 0: the kernel has to be asked
	ticks   atomic.Uint64
	mult    atomic.Uint64
	shift   atomic.Uint64
	ns      atomic.Int64
	offsets [Clocks]atomic.Int64 // from the monotonic clock, ns
}

// Set changes what the clocks show. All fields are written as atomics, which keeps
// them in order.
func (d *Data) Set(s spec.ClockScale, offsets *[Clocks]int64) {
	n := d.seq.Load()
	d.seq.Store(n + 1)
	user := uint32(0)
	if s.User {
		user = 1
	}
	d.user.Store(user)
	d.ticks.Store(s.Ticks)
	d.mult.Store(s.Mult)
	d.shift.Store(s.Shift)
	d.ns.Store(s.NS)
	for i := range offsets {
		d.offsets[i].Store(offsets[i])
	}
	d.seq.Store(n + 2)
}
