//go:build metal && amd64

package amd64

import (
	"fmt"
	"sync/atomic"

	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// The clock is the time stamp counter. It is taken to count at a constant rate
// and to be the same on all CPUs, as it is on processors with an invariant TSC
// (SDM vol. 3, 18.17.1) and on virtual machines.

// clockSource says how the frequency became known.
type clockSource uint8

const (
	clockAssumed clockSource = iota
	clockCPUID
	clockHypervisor
	clockPIT
	clockTimer
)

// assumedHz is the frequency as long as nothing is known.
const assumedHz = 1_000_000_000

// clock is the scale in use. There are two copies of it, so that a reader never
// waits for a writer, which it may have interrupted: readers use copies[seq&1]
// and look again if seq has changed meanwhile. There is one writer at a time.
var clock = struct {
	seq    atomic.Uint32
	copies [2]scale

	measurement
	source clockSource
	start  pitSample // the first reading, with clockPIT
}{
	copies:      [2]scale{{nsPerTick: 1 << 32, ticksPerNS: 1 << 32}, {nsPerTick: 1 << 32, ticksPerNS: 1 << 32}},
	measurement: measurement{hz: assumedHz},
}

// setScale puts a scale to use.
//
//go:nosplit
func setScale(s *scale) {
	n := clock.seq.Load()
	clock.copies[(n+1)&1] = *s
	clock.seq.Store(n + 1)
	clock.copies[n&1] = *s
	clock.seq.Store(n + 2)
}

// Ktime returns nanoseconds since boot; see package arch. Before
// initEarlyClock it is a rough guess.
//
//go:nosplit
func Ktime() int64 {
	for {
		n := clock.seq.Load()
		t := clock.copies[n&1].timeAt(ReadTSC())
		if clock.seq.Load() == n {
			return t
		}
	}
}

// tscAt returns where the TSC is when Ktime reaches ns, now if it has. It counts
// from now, not from boot: the factors of both directions are rounded, and their
// error grows with the distance.
//
//go:nosplit
func tscAt(ns int64) uint64 {
	for {
		n := clock.seq.Load()
		s := &clock.copies[n&1]
		now := ReadTSC()
		t := now + s.ticksIn(ns-s.timeAt(now))
		if clock.seq.Load() == n {
			return t
		}
	}
}

// Counter returns the TSC.
//
//go:nosplit
func Counter() uint64 { return ReadTSC() }

// CounterHz returns the frequency of the TSC.
//
//go:nosplit
func CounterHz() uint64 { return clock.hz }

// initEarlyClock starts the clock, which counts from the kernel's entry.
//
//go:nosplit
func initEarlyClock() {
	if hz := askCPUID(); hz != 0 {
		setClock(measurement{hz: hz}, clockCPUID)
	} else if hz := askHypervisor(); hz != 0 {
		setClock(measurement{hz: hz}, clockHypervisor)
	} else if m := measureWithPIT(); m.hz != 0 {
		setClock(m, clockPIT)
	} else {
		setClock(measurement{hz: assumedHz}, clockAssumed)
	}
}

// setClock makes the clock count from the kernel's entry at a known frequency.
//
//go:nosplit
func setClock(m measurement, source clockSource) {
	clock.measurement, clock.source = m, source
	s := scale{ticks: entryTSC}
	s.setHz(m.hz)
	setScale(&s)
}

// plausibleHz returns hz, or 0 if no processor counts like that.
//
//go:nosplit
func plausibleHz(hz uint64) uint64 {
	if hz < 10_000_000 || hz > 20_000_000_000 {
		return 0
	}
	return hz
}

// askCPUID returns the frequency that the processor states, or 0: that of its
// crystal times a ratio, or its base frequency if it does not know the crystal
// (SDM vol. 3, 19.7.3).
//
//go:nosplit
func askCPUID() uint64 {
	const leafTSC, leafFrequency = 0x15, 0x16
	last, _, _, _ := CPUID(0, 0)
	if last < leafTSC {
		return 0
	}
	denominator, numerator, crystal, _ := CPUID(leafTSC, 0)
	if denominator == 0 || numerator == 0 {
		return 0
	}
	if crystal != 0 {
		return plausibleHz(uint64(crystal) * uint64(numerator) / uint64(denominator))
	}
	if last < leafFrequency {
		return 0
	}
	mhz, _, _, _ := CPUID(leafFrequency, 0)
	return plausibleHz(uint64(mhz&0xffff) * 1_000_000)
}

// askHypervisor returns the frequency that VMware's timing leaf states in kHz,
// or 0. QEMU with KVM can have it too (vmware-cpuid-freq).
//
//go:nosplit
func askHypervisor() uint64 {
	const leafFirst, leafTiming, leafEnd = 0x4000_0000, 0x4000_0010, 0x4001_0000
	if _, _, c, _ := CPUID(1, 0); c&cpuid1ECXHypervisor == 0 {
		return 0
	}
	if last, _, _, _ := CPUID(leafFirst, 0); last < leafTiming || last >= leafEnd {
		return 0
	}
	khz, _, _, _ := CPUID(leafTiming, 0)
	return plausibleHz(uint64(khz) * 1000)
}

// measureWithPIT compares the TSC with the PIT for half a millisecond, which
// gives two or three digits; RefineClock gives more. The frequency is 0 if the
// PIT does not count.
//
//go:nosplit
func measureWithPIT() (m measurement) {
	const interval, attempts = pitHz / 2000, 10_000
	startPIT()
	clock.start = samplePIT()
	for range attempts {
		if readPIT()-clock.start.pit < interval {
			continue
		}
		end := samplePIT()
		m = measure(end.tsc-clock.start.tsc, uint64(end.pit-clock.start.pit), end.took+clock.start.took)
		m.hz = plausibleHz(m.hz)
		break
	}
	return m
}

// RefineClock makes the clock more precise if its frequency was measured: the
// longer ago the kernel was entered, the more. Ktime goes on without a jump.
// Probe calls it; it should be called again, once, some seconds later. Ordinary
// Go, one call at a time.
func RefineClock() {
	if clock.source != clockPIT {
		return
	}
	flags := IRQSave()
	end := samplePIT()
	m, ok := clock.refine(end.tsc-clock.start.tsc, end.pit-clock.start.pit, end.took+clock.start.took)
	if ok {
		clock.measurement = m
		now := ReadTSC()
		s := scale{ticks: now, ns: clock.copies[0].timeAt(now)}
		s.setHz(m.hz)
		setScale(&s)
	}
	IRQRestore(flags)
}

// describeClock tells the log about the clock.
func describeClock(info *bootinfo.Info) {
	from := ""
	switch clock.source {
	case clockCPUID:
		from = "stated by the processor"
	case clockHypervisor:
		from = "stated by the hypervisor"
	case clockPIT:
		from = fmt.Sprintf("measured with the PIT to %d ppm", clock.ppm)
	case clockTimer:
		from = "measured with the local APIC's timer"
	case clockAssumed:
		from = "assumed"
		info.Note("The frequency of the TSC is not stated, and there is nothing to measure it with: time is wrong by some factor.")
	}
	info.Timer.CounterSource = fmt.Sprintf("TSC at %d.%03d MHz, %s", clock.hz/1e6, clock.hz/1e3%1e3, from)
	if !invariantTSC() {
		info.Note("The processor does not promise a TSC with a constant rate: time may be wrong.")
	}
}

// invariantTSC reports whether the TSC can be relied on. On virtual machines
// that bit is often missing, but the TSC is fine.
func invariantTSC() bool {
	const leafPower, edxInvariant = 0x8000_0007, 1 << 8 // SDM vol. 2, CPUID
	if _, _, c, _ := CPUID(1, 0); c&cpuid1ECXHypervisor != 0 {
		return true
	}
	if last, _, _, _ := CPUID(0x8000_0000, 0); last < leafPower {
		return false
	}
	_, _, _, d := CPUID(leafPower, 0)
	return d&edxInvariant != 0
}

// UserClockScale returns how programs get at the time; see package arch. CR4.TSD is
// clear, so they may read the TSC. They do without a look at the kernel only if it
// counts at a constant rate.
func UserClockScale() spec.ClockScale {
	for {
		n := clock.seq.Load()
		s := clock.copies[n&1]
		if clock.seq.Load() == n {
			return spec.ClockScale{Ticks: s.ticks, NS: s.ns, Mult: s.nsPerTick, Shift: 32, User: invariantTSC()}
		}
	}
}
