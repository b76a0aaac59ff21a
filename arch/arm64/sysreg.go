//go:build metal && arm64

package arm64

import "runtime"

// What has no body here is defined in sysreg_arm64.s.

// IRQSave masks interrupts on this CPU and returns what IRQRestore needs.
//
//go:nosplit
func IRQSave() uintptr { return runtime.IRQSave() }

// IRQRestore undoes the matching IRQSave.
//
//go:nosplit
func IRQRestore(flags uintptr) { runtime.IRQRestore(flags) }

// IRQEnable unmasks interrupts on this CPU.
func IRQEnable()

// IRQDisable masks interrupts on this CPU.
func IRQDisable()

// IRQDisabled reports whether interrupts are masked on this CPU.
func IRQDisabled() bool

// CPURelax is called in every loop that waits for another CPU. It stops this
// CPU if a panic on another one asks for it, and answers RetireMM.
func CPURelax()

// position returns where the caller is.
func position() (pc, sp, fp uintptr)

// readMPIDR and readMIDR return MPIDR_EL1 and MIDR_EL1.
func readMPIDR() uint64
func readMIDR() uint64

// readFeatures stores the identification registers that hwcap wants.
//
//go:noescape
func readFeatures(id *[idRegisters]uint64)

// readCounter returns the virtual counter, not earlier than anything the caller
// has done before.
func readCounter() uint64

// firmwareHz returns CNTFRQ_EL0, the counter's frequency as the firmware has
// set it.
func firmwareHz() uint64

// setTimer makes the virtual timer fire when the counter reaches v.
func setTimer(v uint64)

// disarmTimer makes sure that the virtual timer does not fire.
func disarmTimer()

// waitForInterrupt waits until an interrupt is pending, masked or not.
func waitForInterrupt()

// storeBarrier makes the caller's stores visible to all CPUs before any store
// or system register write that follows.
func storeBarrier()

// publishTables makes new entries of the page tables visible to the table
// walkers of all CPUs. Arm ARM D8.2.8 and D8.16.
func publishTables()

// flushAll makes all CPUs forget all translations.
func flushAll()

// flushRange makes all CPUs forget the translations of [start, end), which
// starts at a page boundary.
func flushRange(start, end uintptr)

// ZeroPage clears the page at va.
func ZeroPage(va uintptr)

// clearUncached clears the page at pa, which lies in memory accessed with the
// MMU off. The compiler would use DC ZVA, which needs the MMU.
func clearUncached(pa uintptr)

// sections returns the table of the image's parts, at the address where the
// caller runs.
func sections() *imageSections

// hvc and smc call the firmware at EL2 or EL3.
func hvc(function, a0, a1, a2 uintptr) uintptr
func smc(function, a0, a1, a2 uintptr) uintptr

// load8 and store8 access a byte-wide device register.
func load8(addr uintptr) uint8
func store8(addr uintptr, v uint8)

// readIAR acknowledges an interrupt and returns its number. GICv3 12.2,
// ICC_IAR1_EL1.
func readIAR() uintptr

// writeEOIR ends an interrupt. GICv3 12.2, ICC_EOIR1_EL1.
func writeEOIR(irq uintptr)

// writeSGI1R sends a software generated interrupt. GICv3 12.2, ICC_SGI1R_EL1.
func writeSGI1R(v uint64)

// enableSystemRegisters gives this CPU access to the GICv3 CPU interface by
// system registers. It reports false if a higher exception level denies it.
func enableSystemRegisters() bool

// initCPUInterface lets interrupts more urgent than priority through.
func initCPUInterface(priority uint64)

// signalReturn, idleEntry, threadEntry and secondaryEntry return the addresses
// of assembly code.
func signalReturn() uintptr
func idleEntry() uintptr
func threadEntry() uintptr
func secondaryEntry() uintptr

// onKernelStack calls f on the kernel stack of the running thread, with
// interrupts masked. f is a function of this package, nosplit, no closure.
func onKernelStack(f func() uintptr) uintptr

// SwitchStack saves this kernel stack in *save and continues on the one that
// was saved as to. Interrupts are masked.
//
//go:noescape
func SwitchStack(save *uintptr, to uintptr)

// HWCAP returns what the auxiliary vector says about the processor.
//
//go:nosplit
func HWCAP() uintptr {
	var id [idRegisters]uint64
	readFeatures(&id)
	return uintptr(hwcap(&id))
}

// HWCAP2 returns the second word of it.
func HWCAP2() uintptr {
	var id [idRegisters]uint64
	readFeatures(&id)
	return uintptr(hwcap2(&id))
}

// CPUInfo returns what /proc/cpuinfo shows of a CPU behind its number.
func CPUInfo(cpu int) string {
	return cpuInfo(cpus[cpu].midr, uint64(HWCAP()), uint64(HWCAP2()), CounterHz())
}
