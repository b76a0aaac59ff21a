package boottest

import (
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// What the kernel's heap needed for thousands of processes is there for programs
// when they have ended.
func TestHeapGivesWay(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.CPUs = 2
			m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(arch), "soak.cpio")
			m.Append = append(m.Append, "--", "alive=2500", "fill=85")
			g := qemutest.Boot(t, m)
			g.Expect(`^soak: alive 2500, \d+ KiB each$`)
			g.Expect(`^soak: fill \d+ of \d+ KiB, status 0$`)
			g.Exit(qemu.PoweredOff)
		})
	}
}
