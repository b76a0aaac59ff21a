//go:build metal && amd64

package amd64

import "math/bits"

// The local APIC (SDM vol. 3, chapter 11). It is reached through a page of
// registers or, in x2APIC mode, through MSRs; the firmware chooses the mode,
// the same for all CPUs.

// Offsets of registers (SDM vol. 3, table 11-1). The MSR of a register in
// x2APIC mode is 0x800 plus its offset divided by 16 (11.12.1.2).
const (
	apicID           = 0x020
	apicTaskPriority = 0x080
	apicEOI          = 0x0b0
	apicSpurious     = 0x0f0
	apicErrorStatus  = 0x280
	apicCommandLow   = 0x300
	apicCommandHigh  = 0x310
	apicLVTTimer     = 0x320
	apicLVTLINT0     = 0x350
	apicLVTLINT1     = 0x360
	apicLVTError     = 0x370
	apicInitialCount = 0x380
	apicCurrentCount = 0x390
	apicDivide       = 0x3e0
)

const (
	msrAPICBase    = 0x1b  // SDM vol. 3, figure 11-26
	msrTSCDeadline = 0x6e0 // SDM vol. 3, 11.5.4.1
	msrX2APIC      = 0x800

	apicBaseX2APIC  = 1 << 10
	apicBaseEnable  = 1 << 11
	apicBaseAddress = 0x000f_ffff_ffff_f000

	cpuid1ECXTSCDeadline = 1 << 24 // SDM vol. 2, CPUID
	cpuid1ECXHypervisor  = 1 << 31
)

// Bits in registers.
const (
	apicEnable     = 1 << 8
	lvtMasked      = 1 << 16
	lvtTSCDeadline = 2 << 17
	divideBy16     = 3

	commandPending = 1 << 12
	commandAssert  = 1 << 14
	deliverNMI     = 4 << 8
	deliverINIT    = 5 << 8
	deliverStartup = 6 << 8
)

// lapic is what the boot CPU has found out about all local APICs. It is
// written before any other CPU runs.
var lapic struct {
	registers   uintptr // virtual address, in xAPIC mode
	x2apic      bool
	tscDeadline bool
	ticksPerNS  uint64 // of the timer, times 2^32
}

//go:nosplit
func readAPIC(offset uintptr) uint32 {
	if lapic.x2apic {
		return uint32(ReadMSR(msrX2APIC + uint32(offset>>4)))
	}
	return load32(lapic.registers + offset)
}

//go:nosplit
func writeAPIC(offset uintptr, v uint32) {
	if lapic.x2apic {
		WriteMSR(msrX2APIC+uint32(offset>>4), uint64(v))
		return
	}
	store32(lapic.registers+offset, v)
}

//go:nosplit
func store32(a uintptr, v uint32) { *(*uint32)(pointer(a)) = v }

// initLocalAPIC brings up this CPU's local APIC: interrupts between CPUs and
// the timer work from here on. The boot CPU first finds out what there is, for
// which it needs the clock. The pins LINT0 and LINT1, for the 8259 and for
// NMI, stay masked.
//
//go:nosplit
func initLocalAPIC() {
	c := this()
	boot := c == &percpus[0]
	if boot {
		findLocalAPIC()
		maskLegacyPIC()
	}
	base := ReadMSR(msrAPICBase) | apicBaseEnable
	WriteMSR(msrAPICBase, base)
	if lapic.x2apic {
		WriteMSR(msrAPICBase, base|apicBaseX2APIC)
	}
	c.apicID = readAPIC(apicID)
	if !lapic.x2apic {
		c.apicID >>= 24
	}
	writeAPIC(apicTaskPriority, 0)
	writeAPIC(apicLVTLINT0, lvtMasked)
	writeAPIC(apicLVTLINT1, lvtMasked)
	writeAPIC(apicLVTError, lvtMasked)
	writeAPIC(apicErrorStatus, 0)
	writeAPIC(apicSpurious, apicEnable|vecSpurious)
	if boot {
		calibrateTimer()
	}
	initTimer()
}

// findLocalAPIC finds out how the local APICs are reached and what they can do.
//
//go:nosplit
func findLocalAPIC() {
	base := ReadMSR(msrAPICBase)
	lapic.x2apic = base&apicBaseX2APIC != 0
	if !lapic.x2apic {
		lapic.registers = MapDevice(uintptr(base&apicBaseAddress), pageSize)
		if lapic.registers == 0 {
			earlyDie("no memory to map the local APIC")
		}
	}
	_, _, c, _ := CPUID(1, 0)
	lapic.tscDeadline = c&cpuid1ECXTSCDeadline != 0
}

// maskLegacyPIC masks all inputs of the two 8259s (8259A data sheet, OCW1).
// Where there are none, writing to them does nothing.
//
//go:nosplit
func maskLegacyPIC() {
	const master, slave, all = 0x21, 0xa1, 0xff
	Out8(master, all)
	Out8(slave, all)
}

// endOfInterrupt lets the local APIC deliver the next interrupt.
//
//go:nosplit
func endOfInterrupt() { writeAPIC(apicEOI, 0) }

// sendIPI interrupts the CPU with that APIC ID. What was stored before, with a
// locked instruction last, is visible to it.
//
//go:nosplit
func sendIPI(id uint32, vector uint32) { command(id, commandAssert|vector) }

// sendNMI sends a non-maskable interrupt.
//
//go:nosplit
func sendNMI(id uint32) { command(id, commandAssert|deliverNMI) }

// command writes the interrupt command register (SDM vol. 3, 11.6.1). In xAPIC
// mode it has two halves, between which no interrupt may send another command.
//
//go:nosplit
func command(id uint32, low uint32) {
	if lapic.x2apic {
		WriteMSR(msrX2APIC+apicCommandLow>>4, uint64(id)<<32|uint64(low))
		return
	}
	const attempts = 1 << 20
	flags := IRQSave()
	for range attempts {
		if readAPIC(apicCommandLow)&commandPending == 0 {
			break
		}
		CPURelax()
	}
	writeAPIC(apicCommandHigh, id<<24)
	writeAPIC(apicCommandLow, low)
	IRQRestore(flags)
}

// initTimer prepares this CPU's timer for one-shot use, disarmed.
//
//go:nosplit
func initTimer() {
	if lapic.tscDeadline {
		writeAPIC(apicLVTTimer, lvtTSCDeadline|vecTimer)
		// The mode must have changed before the first deadline is written. A
		// store to a register and WRMSR do not wait for each other; CPUID
		// serializes (SDM vol. 3, 11.5.4.1 and 9.3).
		CPUID(0, 0)
		return
	}
	writeAPIC(apicDivide, divideBy16)
	writeAPIC(apicLVTTimer, vecTimer)
	writeAPIC(apicInitialCount, 0)
}

// ArmTimer arms this CPU's timer; see package arch. A deadline beyond the
// timer's range fires early: the caller looks at the clock and arms it again.
//
//go:nosplit
func ArmTimer(deadline int64) {
	const never = 1<<63 - 1
	switch {
	case lapic.tscDeadline && deadline == never:
		WriteMSR(msrTSCDeadline, 0)
	case lapic.tscDeadline:
		WriteMSR(msrTSCDeadline, tscAt(deadline))
	case deadline == never:
		writeAPIC(apicInitialCount, 0)
	default:
		writeAPIC(apicInitialCount, timerCount(deadline-Ktime()))
	}
}

// timerCount returns the count after which at least ns nanoseconds have gone
// by, if the timer can count that far.
//
//go:nosplit
func timerCount(ns int64) uint32 {
	const longest = 1<<32 - 1
	if ns <= 0 {
		return 1
	}
	hi, lo := bits.Mul64(uint64(ns), lapic.ticksPerNS)
	if hi>>32 != 0 {
		return longest
	}
	return uint32(min(hi<<32|lo>>32, longest-1)) + 1
}

// QEMU and KVM let every local APIC timer count at exactly 1 GHz before the
// divider.
const virtualTimerHz = 1_000_000_000 / 16

// calibrateTimer finds out how fast the timer counts, by the clock. On a
// virtual machine a result close to the usual rate is taken for it; and if it
// is the clock's rate that is unknown, it is the timer that tells it.
//
//go:nosplit
func calibrateTimer() {
	const tolerance = virtualTimerHz / 50
	_, _, c, _ := CPUID(1, 0)
	virtual := c&cpuid1ECXHypervisor != 0
	if virtual && clock.source == clockAssumed {
		ns, count := runTimer(5_000_000)
		if hz := plausibleHz(ns * virtualTimerHz / max(count, 1)); hz != 0 {
			setClock(measurement{hz: hz, ppm: 1000}, clockTimer)
		}
	}
	if lapic.tscDeadline {
		return
	}
	ns, count := runTimer(200_000)
	if count == 0 {
		earlyDie("the local APIC's timer does not count")
	}
	hz := count * 1e9 / ns
	if virtual && hz > virtualTimerHz-tolerance && hz < virtualTimerHz+tolerance {
		hz = virtualTimerHz
	}
	lapic.ticksPerNS = hz << 32 / 1e9
}

// runTimer lets the timer count for at least interval nanoseconds, and returns
// how long it did and how far it came.
//
//go:nosplit
func runTimer(interval int64) (ns, count uint64) {
	writeAPIC(apicDivide, divideBy16)
	writeAPIC(apicLVTTimer, lvtMasked|vecTimer)
	writeAPIC(apicInitialCount, 1<<32-1)
	start, startCount := sampleTimer()
	for Ktime()-start < interval {
		CPURelax()
	}
	end, endCount := sampleTimer()
	writeAPIC(apicInitialCount, 0)
	return uint64(end - start), uint64(startCount - endCount)
}

// sampleTimer reads the timer's count and the time of the reading, of several
// readings the one that took least; see samplePIT.
//
//go:nosplit
func sampleTimer() (ns int64, count uint32) {
	best := int64(1<<63 - 1)
	for range 5 {
		before := Ktime()
		n := readAPIC(apicCurrentCount)
		if took := Ktime() - before; took < best {
			best = took
			ns, count = before+took/2, n
		}
	}
	return ns, count
}
