package boottest

import (
	"fmt"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// A panic says where every CPU was, with functions and lines, and panic=-1 then
// ends the machine.
func TestPanicShowsEveryCPU(t *testing.T) {
	const cpus = 4
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.CPUs = cpus
			g := qemutest.Boot(t, m)
			g.Expect(`^Kernel panic - not syncing: No working init found\.`)
			g.Exit(qemu.ResetByGuest)
			for cpu := range cpus {
				expectPrinted(t, g, fmt.Sprintf(`^CPU: %d PID: \d+ Comm: \S+$`, cpu))
			}
			g.Expect(`^ [0-9a-f]{16} onsen/kernel\.kernelInit\+0x[0-9a-f]+ onsen/kernel/init\.go:\d+$`)
			for range cpus - 1 {
				g.Expect(`^Code:$`)
				g.Expect(`^> [0-9a-f]{16}: [0-9a-f]+ +[A-Z]`)
				g.Expect(`^Call trace:$`)
				g.Expect(`^ [0-9a-f]{16} onsen/\S+\+0x[0-9a-f]+ onsen/\S+:\d+$`)
			}
			g.Expect(`^---\[ end Kernel panic - not syncing: No working init found\.`)
		})
	}
}
