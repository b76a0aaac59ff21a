//go:build metal && arm64

package arm64

import (
	"fmt"
	"syscall"

	"onsen/arch/bootinfo"
)

// firmware is how to call PSCI: a guess, then what Probe has found.
var firmware bootinfo.PSCI

// Function identifiers since PSCI 0.2, chapter 5.
const (
	psciSystemOff   = 0x8400_0008
	psciSystemReset = 0x8400_0009
)

// guessFirmware makes it possible to end the machine without a device tree. A
// kernel entered at EL2 has its firmware at EL3, any other most likely a
// hypervisor at EL2.
//
//go:nosplit
func guessFirmware(level uint64) {
	firmware.Conduit = bootinfo.ConduitHVC
	if level == 2 {
		firmware.Conduit = bootinfo.ConduitSMC
	}
	firmware.SystemOff, firmware.SystemReset = psciSystemOff, psciSystemReset
}

// call calls a PSCI function, which must exist. PSCI 5.2.
//
//go:nosplit
func call(function uint32, a0, a1, a2 uintptr) int32 {
	if firmware.Conduit == bootinfo.ConduitHVC {
		return int32(hvc(uintptr(function), a0, a1, a2))
	}
	return int32(smc(uintptr(function), a0, a1, a2))
}

// haveCall reports whether a PSCI function can be called; 0 stands for one
// that does not exist.
//
//go:nosplit
func haveCall(function uint32) bool {
	return firmware.Conduit != bootinfo.ConduitNone && function != 0
}

// PowerOff switches the machine off. If the firmware cannot, it says so and
// halts.
//
//go:nosplit
func PowerOff() {
	if haveCall(firmware.SystemOff) {
		call(firmware.SystemOff, 0, 0, 0)
	}
	puts("arm64: the firmware cannot power off\r\n")
	Halt()
}

// Restart resets the machine. If the firmware cannot, it says so and halts.
//
//go:nosplit
func Restart() {
	if haveCall(firmware.SystemReset) {
		call(firmware.SystemReset, 0, 0, 0)
	}
	puts("arm64: the firmware cannot restart\r\n")
	Halt()
}

// cpuOn asks the firmware to start a CPU at a physical address, with context in
// x0. PSCI 5.6.
func cpuOn(mpidr uint64, entry, context uintptr) error {
	if !haveCall(firmware.CPUOn) {
		return fmt.Errorf("the firmware cannot start CPUs: %w", syscall.ENOTSUP)
	}
	if r := call(firmware.CPUOn, uintptr(mpidr), entry, context); r != 0 {
		return fmt.Errorf("PSCI error %d: %w", r, syscall.EIO)
	}
	return nil
}
