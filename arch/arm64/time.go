//go:build metal && arm64

package arm64

import (
	"math"

	"onsen/arch/spec"
)

// The counter and its scales. They are set before a second CPU runs.
var (
	counterZero uint64 // value of the counter when Ktime is 0
	counterHz   uint64
	toNano      scale
	toTicks     scale
)

// guessHz is used until the frequency is known, if the firmware did not set it.
const guessHz = 100e6

// setCounterHz makes hz the frequency of the counter, if it is not 0. Ktime goes
// on from where it was. Only one CPU runs.
//
//go:nosplit
func setCounterHz(hz uint64) {
	if hz == 0 {
		return
	}
	ns := uint64(0)
	if counterHz != 0 {
		ns = uint64(Ktime())
	}
	counterHz = hz
	toNano, toTicks = newScale(hz, 1e9), newScale(1e9, hz)
	if ns != 0 {
		counterZero = Counter() - toTicks.of(ns)
	}
}

// Ktime returns nanoseconds since boot. It never goes backwards and is the
// same on all CPUs.
//
//go:nosplit
func Ktime() int64 { return int64(toNano.of(Counter() - counterZero)) }

// Counter returns the virtual counter.
//
//go:nosplit
func Counter() uint64 { return readCounter() }

// CounterHz returns the frequency of Counter.
//
//go:nosplit
func CounterHz() uint64 { return counterHz }

// ArmTimer makes this CPU's timer fire once, when Ktime reaches deadline. A
// deadline in the past fires at once; math.MaxInt64 disarms.
//
//go:nosplit
func ArmTimer(deadline int64) {
	if deadline == math.MaxInt64 {
		disarmTimer()
		return
	}
	// One tick more, because the division rounds down.
	setTimer(counterZero + toTicks.of(uint64(max(deadline, 0))) + 1)
}

// RefineClock does nothing: the counter's frequency is known.
func RefineClock() {}

// UserClockScale returns how programs get at the time; see package arch. They may
// read the virtual counter (CNTKCTL_EL1).
func UserClockScale() spec.ClockScale {
	return spec.ClockScale{Ticks: counterZero, Mult: toNano.mul, Shift: uint64(toNano.shift), User: true}
}
