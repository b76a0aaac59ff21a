package boottest

import (
	"strings"
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
		for _, tt := range []struct {
			word string
			want int
		}{
			{"maxcpus=1", 1},
			{"maxcpus=3", 3},
			{"maxcpus=64", 4},
			{"nr_cpus=2", 2},
			{"nosmp", 1},
		} {
			t.Run(string(arch)+","+tt.word, func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = 4
				m.Append = append(m.Append, tt.word)
				expectCPUs(t, qemutest.Boot(t, m), tt.want)
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
			m.Append = append(m.Append, "nosuchword", "nosuch=17", "nosuch.param", "loglevel=zz", "=", "onsen.idle=0", `"open`)
			g := qemutest.Boot(t, m)
			g.Expect(`(?i)loglevel=zz`) // the command line itself
			g.Expect(`(?i)loglevel=zz`)
			g.Expect(`(?i)unknown.*nosuchword|nosuchword.*unknown`)
			g.Expect(`^reboot: Power down$`)
			g.Exit(qemu.PoweredOff)
		})
	}
}

// quiet keeps the log off the console as soon as the command line is read; a
// panic still appears.
func TestQuiet(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.Append = append(m.Append, "quiet")
			g := qemutest.Boot(t, m)
			g.Expect(`^Kernel panic - not syncing: No working init found\.`)
			g.Exit(qemu.ResetByGuest)
			for _, line := range g.Console.Lines() {
				if strings.HasPrefix(line, "Memory:") || strings.HasPrefix(line, "smp:") {
					t.Errorf("quiet, but the console shows %q", line)
				}
			}
		})
	}
}
