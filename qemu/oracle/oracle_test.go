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

// checks runs the test program on a machine and returns the facts it printed.
func checks(t *testing.T, m qemu.Config) []string {
	t.Helper()
	m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(m.Arch), "checks.cpio")
	g := qemutest.Boot(t, m)
	g.Expect(`^checks are through$`)
	g.Exit(qemu.PoweredOff)
	return facts(g.Console.Lines())
}

// linux is the machine with Debian's kernel.
func linux(t *testing.T, arch qemu.Arch) qemu.Config {
	return qemu.Config{
		Arch:   arch,
		Kernel: filepath.Join(qemutest.Root(t), "build", "debian", string(arch), "vmlinuz"),
		Append: []string{"console=" + arch.Console(), "panic=-1", "quiet"},
	}
}

// What a program finds out about the system calls is the same on Linux and here.
func TestSameAsLinux(t *testing.T) {
	qemutest.Need(t)
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			var want []string
			t.Run("linux", func(t *testing.T) { want = checks(t, linux(t, arch)) })
			if len(want) < 700 {
				t.Fatalf("Linux prints %d facts only", len(want))
			}
			for _, cpus := range []int{1, 4} {
				t.Run(fmt.Sprintf("onsen,%d", cpus), func(t *testing.T) {
					m := qemutest.Kernel(t, arch)
					m.CPUs = cpus
					if d := difference(want, checks(t, m)); len(d) > 0 {
						t.Errorf("%d lines differ:\n%s", len(d), strings.Join(d, "\n"))
					}
				})
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
