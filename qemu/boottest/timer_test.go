package boottest

import (
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// The counter's frequency has to come from somewhere: machines lack one source
// or another.
func TestMissingTimers(t *testing.T) {
	for _, machine := range []string{
		"q35,hpet=off",
		"microvm,pit=off,pic=off,rtc=off",
	} {
		bootAndSelfTest(t, machine, qemu.AMD64, essentials, func(m *qemu.Config) {
			m.Machine, m.CPU, m.CPUs = machine, "qemu64", 1
		})
	}
}

// Without ACPI there is no way to switch a PC off. The kernel says so.
func TestNoACPI(t *testing.T) {
	t.Parallel()
	m := qemutest.Kernel(t, qemu.AMD64)
	m.Machine = "microvm,acpi=off"
	m.Append = append(m.Append, essentials)
	g := qemutest.Boot(t, m)
	expectSelfTests(t, g)
	g.Expect(`^reboot: Power down$`)
	g.Expect(`cannot be switched off`)
}
