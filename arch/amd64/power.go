//go:build metal && amd64

package amd64

import (
	"strconv"
	"strings"

	"onsen/arch/bootinfo"
)

// power is how the machine is switched off and reset. It is prepared while all
// is well, so that it needs nothing when all is lost.
var power struct {
	known bool
	bootinfo.Power
	exitPort uint16 // of QEMU's isa-debug-exit, 0 if it is not to be used
}

// Power management registers (ACPI 4.8.3.2 and 4.8.3.7).
const (
	pm1SCIEnable      = 1 << 0
	pm1SleepTypeShift = 10
	pm1SleepTypeMask  = 7 << pm1SleepTypeShift
	pm1SleepEnable    = 1 << 13

	sleepTypeShift = 2
	sleepEnable    = 1 << 5
	sleepWakeBit   = 1 << 7
)

// initPower remembers what PowerOff and Restart need, and maps registers.
func initPower(info *bootinfo.Info) {
	power.Power = info.Power
	for _, r := range []*bootinfo.Register{
		&power.PM1aControl, &power.PM1bControl, &power.SleepControl, &power.SleepStatus, &power.Reset,
	} {
		if r.Valid() && r.Space == bootinfo.SpaceMemory {
			va := MapDevice(uintptr(r.Address), uintptr(r.Width/8))
			if va == 0 {
				*r = bootinfo.Register{}
			}
			r.Address = uint64(va)
		}
	}
	power.exitPort = exitPort(info.CommandLine)
	power.known = true
}

// exitPort finds the word onsen.debugexit or onsen.debugexit=PORT on the
// command line.
func exitPort(commandLine string) uint16 {
	const word, usual = "onsen.debugexit", 0xf4
	for _, w := range strings.Fields(commandLine) {
		if w == word {
			return usual
		}
		if v, ok := strings.CutPrefix(w, word+"="); ok {
			port, _ := strconv.ParseUint(v, 0, 16)
			return uint16(port)
		}
	}
	return 0
}

// readRegister reads a register of up to 32 bits.
func readRegister(r bootinfo.Register) uint32 {
	if r.Space == bootinfo.SpaceMemory {
		switch r.Width {
		case 8:
			return uint32(*(*uint8)(pointer(uintptr(r.Address))))
		case 16:
			return uint32(load16(uintptr(r.Address)))
		}
		return load32(uintptr(r.Address))
	}
	switch r.Width {
	case 8:
		return uint32(In8(uint16(r.Address)))
	case 16:
		return uint32(In16(uint16(r.Address)))
	}
	return In32(uint16(r.Address))
}

// writeRegister writes a register of up to 32 bits.
//
//go:nosplit
func writeRegister(r bootinfo.Register, v uint32) {
	if r.Space == bootinfo.SpaceMemory {
		switch r.Width {
		case 8:
			*(*uint8)(pointer(uintptr(r.Address))) = uint8(v)
		case 16:
			*(*uint16)(pointer(uintptr(r.Address))) = uint16(v)
		default:
			store32(uintptr(r.Address), v)
		}
		return
	}
	switch r.Width {
	case 8:
		Out8(uint16(r.Address), uint8(v))
	case 16:
		Out16(uint16(r.Address), uint16(v))
	default:
		Out32(uint16(r.Address), v)
	}
}

// giveUp is how long each way of ending is given to work, in nanoseconds.
const giveUp = 50_000_000

//go:nosplit
func wait(ns int64) {
	for end := Ktime() + ns; Ktime() < end; {
		CPURelax()
	}
}

// PowerOff switches the machine off. Where the firmware gives no way, it says
// so and stops this CPU.
func PowerOff() {
	if power.exitPort != 0 {
		const success = 0x10 // QEMU's exit status is twice this plus 1
		Out32(power.exitPort, success)
		wait(giveUp)
	}
	if power.HasS5 {
		enterS5()
		wait(giveUp)
	}
	earlyPuts("This machine cannot be switched off by software; it is stopped.\r\n")
	Halt()
}

// enterS5 asks for the state "soft off" (ACPI 7.4.2).
func enterS5() {
	if power.HardwareReduced {
		if power.SleepStatus.Valid() {
			writeRegister(power.SleepStatus, sleepWakeBit)
		}
		if power.SleepControl.Valid() {
			writeRegister(power.SleepControl, uint32(power.SleepTypeA)<<sleepTypeShift|sleepEnable)
		}
		return
	}
	enableACPI()
	a, b := power.PM1aControl, power.PM1bControl
	for _, enable := range []uint32{0, pm1SleepEnable} {
		if a.Valid() {
			v := readRegister(a) &^ (pm1SleepTypeMask | pm1SleepEnable)
			writeRegister(a, v|uint32(power.SleepTypeA)<<pm1SleepTypeShift|enable)
		}
		if b.Valid() {
			v := readRegister(b) &^ (pm1SleepTypeMask | pm1SleepEnable)
			writeRegister(b, v|uint32(power.SleepTypeB)<<pm1SleepTypeShift|enable)
		}
	}
}

// enableACPI takes over power management from the firmware (ACPI 16.3.1). Only
// then do the PM1 registers do anything.
func enableACPI() {
	if power.SMICommand == 0 || power.ACPIEnable == 0 || !power.PM1aControl.Valid() {
		return
	}
	if readRegister(power.PM1aControl)&pm1SCIEnable != 0 {
		return
	}
	Out8(power.SMICommand, power.ACPIEnable)
	for end := Ktime() + giveUp; Ktime() < end; {
		if readRegister(power.PM1aControl)&pm1SCIEnable != 0 {
			return
		}
	}
}

// Restart resets the machine, by the way the firmware names and then by those
// that PCs have had.
//
//go:nosplit
func Restart() {
	if r := power.Reset; r.Valid() && r.Space <= bootinfo.SpaceIO {
		writeRegister(r, uint32(power.ResetValue))
		wait(giveUp)
	}
	resetByChipset()
	resetByKeyboard()
	tripleFault()
}

// resetByChipset uses the reset control register of Intel's chipsets, since the
// PIIX: bit 1 chooses a hard reset, the rise of bit 2 does it.
//
//go:nosplit
func resetByChipset() {
	const port, hard, do = 0xcf9, 1 << 1, 1 << 2
	Out8(port, hard)
	wait(50_000)
	Out8(port, hard|do)
	wait(giveUp)
}

// resetByKeyboard pulses output line 0 of the 8042 keyboard controller, the
// processor's reset.
//
//go:nosplit
func resetByKeyboard() {
	const status, inputFull, pulseReset = 0x64, 1 << 1, 0xfe
	for end := Ktime() + giveUp; Ktime() < end && In8(status)&inputFull != 0; {
		CPURelax()
	}
	Out8(status, pulseReset)
	wait(giveUp)
}

// noTable is an interrupt table without entries.
var noTable descriptor

// tripleFault makes the processor shut down, on which PCs reset: it gets an
// exception that it has no handler for.
//
//go:nosplit
func tripleFault() {
	IRQDisable()
	loadTables(&percpus[CPU()].gdtr, &noTable)
	for {
		load64(0)
	}
}
