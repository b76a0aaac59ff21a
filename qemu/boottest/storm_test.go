package boottest

import (
	"path/filepath"
	"strings"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// A program with sixteen threads keeps its registers, its bytes and its sleeps while
// signals come as fast as the machine can send them. "make soak-signals" does that
// for longer.
func TestStormOfSignals(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.CPUs = 4
			m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(arch), "storm.cpio")
			m.Append = append(m.Append, "--", "seconds=3")
			g := qemutest.Boot(t, m)
			g.Expect(`^storm is through$`)
			for _, line := range g.Console.Lines() {
				if strings.Contains(line, "FAIL") {
					t.Error(line)
				}
			}
			g.Exit(qemu.PoweredOff)
		})
	}
}
