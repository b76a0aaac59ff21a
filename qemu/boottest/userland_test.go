package boottest

import (
	"fmt"
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// withUserland boots an initramfs of build/, whose name has %s for the architecture, on
// every architecture with one CPU and with four, and gives the guest to use.
func withUserland(t *testing.T, initrd, memory string, use func(t *testing.T, g *qemutest.Guest)) {
	for _, arch := range qemu.Arches {
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s,%d", arch, cpus), func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = cpus
				m.Memory = memory
				m.Initrd = filepath.Join(qemutest.Root(t), "build", fmt.Sprintf(initrd, arch))
				use(t, qemutest.Boot(t, m))
			})
		}
	}
}
