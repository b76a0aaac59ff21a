package boottest

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"onsen/qemu"
	"onsen/qemu/matrix"
	"onsen/qemu/qemutest"
)

// matrixEnv set to "full" boots every combination of the axes; else every two
// properties meet at least once.
const matrixEnv = "ONSEN_BOOT_MATRIX"

func combine(axes ...matrix.Axis) [][]string {
	if os.Getenv(matrixEnv) == "full" {
		return matrix.Product(axes...)
	}
	return matrix.Pairs(axes...)
}

func TestBootAMD64(t *testing.T) {
	for _, c := range combine(
		matrix.Axis{"pc", "q35", "microvm"},
		matrix.Axis{"1", "2", "4"},
		matrix.Axis{"qemu64", "max"},
	) {
		bootAndSelfTest(t, strings.Join(c, ","), qemu.AMD64, everything, func(m *qemu.Config) {
			m.Machine, m.CPU = c[0], c[2]
			m.CPUs = number(t, c[1])
		})
	}
}

func TestBootARM64(t *testing.T) {
	for _, c := range combine(
		matrix.Axis{"gic-version=2", "gic-version=3"},
		matrix.Axis{"1", "2", "4"},
		matrix.Axis{"virtualization=off", "virtualization=on"},
		matrix.Axis{"cortex-a53", "cortex-a72", "max"},
	) {
		bootAndSelfTest(t, strings.Join(c, ","), qemu.ARM64, everything, func(m *qemu.Config) {
			m.Machine, m.CPU = "virt,"+c[0]+","+c[2], c[3]
			m.CPUs = number(t, c[1])
		})
	}
}

// The words that select self tests: all of them, or those that touch what
// differs between machines.
const (
	everything = "onsen.selftest"
	essentials = "onsen.selftest=switch,timer-order,timer-accuracy,call,kthread,gc"
)

func TestMemorySizes(t *testing.T) {
	for _, arch := range qemu.Arches {
		for size, tests := range map[string]string{"32M": everything, "16G": essentials} {
			bootAndSelfTest(t, string(arch)+","+size, arch, tests, func(m *qemu.Config) {
				m.Memory, m.CPUs = size, 2
			})
		}
	}
}

// A machine as it comes without -nodefaults, with display adapter, network card
// and disk controllers.
func TestStockDevices(t *testing.T) {
	for arch, machines := range map[qemu.Arch][]string{
		qemu.AMD64: {"pc", "q35"},
		qemu.ARM64: {"virt"},
	} {
		for _, machine := range machines {
			bootAndSelfTest(t, string(arch)+","+machine, arch, essentials, func(m *qemu.Config) {
				m.Machine, m.CPUs, m.StockDevices = machine, 2, true
			})
		}
	}
}

// bootAndSelfTest is one subtest: the machine of arch as changed by adjust
// comes up with all its CPUs, passes the self tests, and switches itself off.
func bootAndSelfTest(t *testing.T, name string, arch qemu.Arch, tests string, adjust func(*qemu.Config)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		m := qemutest.Kernel(t, arch)
		m.Append = append(m.Append, tests)
		adjust(&m)
		g := qemutest.Boot(t, m)
		expectFirstLine(t, g)
		expectCPUs(t, g, m.CPUs)
		expectSelfTests(t, g)
		g.Expect(`^reboot: Power down$`)
		g.Exit(qemu.PoweredOff)
	})
}

func expectCPUs(t *testing.T, g *qemutest.Guest, want int) {
	t.Helper()
	if n := g.Expect(`^smp: (\d+) CPUs online`)[1]; n != strconv.Itoa(want) {
		t.Errorf("%s CPUs online, want %d", n, want)
	}
}

// expectFirstLine checks that nothing is printed before the banner.
func expectFirstLine(t *testing.T, g *qemutest.Guest) {
	t.Helper()
	banner := g.Expect(`^Onsen (\S+) \((go\S+).*\) on (\S+)`)
	if banner[3] != string(g.Config.Arch) {
		t.Errorf("the kernel says that it runs on %s", banner[3])
	}
	for _, line := range g.Console.Lines() {
		if line == banner[0] {
			return
		}
		if line != "" {
			t.Errorf("%q stands before the banner", line)
		}
	}
}

func expectSelfTests(t *testing.T, g *qemutest.Guest) {
	t.Helper()
	m := g.Expect(`^selftest: (\d+) passed, (\d+) failed$`)
	if m[1] == "0" || m[2] != "0" {
		t.Error(m[0])
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
