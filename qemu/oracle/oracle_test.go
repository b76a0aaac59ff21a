package oracle

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// programs are the images of user/tests, user/torture and user/programs, with the
// number of facts that each prints at least.
var programs = map[string]int{"checks": 10000, "busybox": 30, "bash": 35, "programs": 100}

// memory is how much a program's machine has, where the default is too little.
var memory = map[string]string{"programs": "512M", "kselftest": "512M"}

// checks runs a test program on a machine and returns the facts it printed.
func checks(t *testing.T, m qemu.Config, program string) []string {
	t.Helper()
	m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(m.Arch), program+".cpio")
	m.Memory = memory[program]
	g := qemutest.Boot(t, m)
	for g.Expect(`^check .*|^checks are through$`)[0] != "checks are through" {
	}
	g.Exit(qemu.PoweredOff)
	return facts(g.Console.Lines())
}

// What a program finds out about the system calls is the same on Linux and here.
func TestSameAsLinux(t *testing.T) {
	qemutest.Need(t)
	for _, arch := range qemu.Arches {
		for program, least := range programs {
			t.Run(fmt.Sprintf("%s,%s", arch, program), func(t *testing.T) {
				t.Parallel()
				compare(t, arch, program, least)
			})
		}
	}
}

func compare(t *testing.T, arch qemu.Arch, program string, least int) {
	var want []string
	t.Run("linux", func(t *testing.T) { want = checks(t, qemutest.Linux(t, arch), program) })
	if len(want) < least {
		t.Fatalf("Linux prints %d facts only", len(want))
	}
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("onsen,%d", cpus), func(t *testing.T) {
			m := qemutest.Kernel(t, arch)
			m.CPUs = cpus
			if d := difference(want, checks(t, m, program)); len(d) > 0 {
				t.Errorf("%d lines differ (- is Linux):\n%s", len(d), strings.Join(d, "\n"))
			}
		})
	}
}

func TestDifference(t *testing.T) {
	for name, tt := range map[string]struct{ linux, ours, want string }{
		"same":           {"a b c", "a b c", ""},
		"nothing":        {"", "", ""},
		"other value":    {"a b c", "a x c", "- b|+ x"},
		"missing":        {"a b c", "a c", "- b"},
		"too much":       {"a c", "a b c", "+ b"},
		"end missing":    {"a b c", "a", "- b|- c"},
		"none in common": {"a b", "c d", "- a|- b|+ c|+ d"},
		"repeated":       {"a a a b", "a b", "- a|- a"},
	} {
		got := difference(strings.Fields(tt.linux), strings.Fields(tt.ours))
		want := strings.Split(tt.want, "|")
		if tt.want == "" {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestFacts(t *testing.T) {
	got := facts([]string{"check a 1", "[    0.1] check b", "checks are through", "check c"})
	if want := []string{"check a 1", "check c"}; !slices.Equal(got, want) {
		t.Errorf("facts = %q, want %q", got, want)
	}
}
