package boottest

import (
	"testing"

	"onsen/qemu"
)

// The counter's frequency has to come from somewhere: machines lack one source
// or another.
func TestMissingTimers(t *testing.T) {
	for _, machine := range []string{
		"q35,hpet=off",
		"microvm,pit=off,pic=off,rtc=off",
		"microvm,acpi=off",
	} {
		bootAndSelfTest(t, machine, qemu.AMD64, func(m *qemu.Config) {
			m.Machine, m.CPU, m.CPUs = machine, "qemu64", 1
		})
	}
}
