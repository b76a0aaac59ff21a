package boottest

import (
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// Without an init the kernel says so in Linux's words, and panic=-1 ends the
// machine at once.
func TestNoInit(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			g := qemutest.Boot(t, qemutest.Kernel(t, arch))
			g.Expect(`^Kernel panic - not syncing: No working init found\.`)
			g.Exit(qemu.ResetByGuest)
		})
	}
}

func TestCPULimits(t *testing.T) {
	for _, arch := range qemu.Arches {
		for _, tt := range []struct{ word, want string }{
			{"maxcpus=1", "1"},
			{"maxcpus=3", "3"},
			{"maxcpus=64", "4"},
			{"nr_cpus=2", "2"},
			{"nosmp", "1"},
		} {
			t.Run(string(arch)+","+tt.word, func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = 4
				m.Append = append(m.Append, tt.word)
				g := qemutest.Boot(t, m)
				if n := g.Expect(`^smp: (\d+) CPUs? online`)[1]; n != tt.want {
					t.Errorf("%s CPUs online, want %s", n, tt.want)
				}
			})
		}
	}
}

// Words that mean nothing to the kernel are init's: they are reported, as Linux
// does, and change nothing.
func TestUnknownWords(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.Append = append(m.Append, "nosuchword", "nosuch.param=17", "onsen.selftest", `"open`, "=", "loglevel=zz")
			g := qemutest.Boot(t, m)
			g.Expect(`Unknown kernel command line parameters.*nosuchword.*nosuch\.param=17`)
			expectSelfTests(t, g)
			g.Exit(qemu.PoweredOff)
		})
	}
}

// quiet keeps the log off the console; what the user asked for still appears.
func TestQuiet(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.Append = append(m.Append, "quiet")
			g := qemutest.Boot(t, m)
			g.Expect(`^Kernel panic - not syncing`)
			g.Exit(qemu.ResetByGuest)
			for _, line := range g.Console.Lines() {
				if line == "" {
					continue
				}
				if line[0] == 'O' || line[0] == 's' {
					t.Errorf("quiet, but the console shows %q", line)
				}
			}
		})
	}
}
