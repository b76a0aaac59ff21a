package boottest

import (
	"fmt"
	"hash/crc32"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// 64 KiB pasted at once arrive complete and in order.
func TestConsolePaste(t *testing.T) {
	const size = 64 << 10
	paste := noise(size)
	want := fmt.Sprintf("%08x", crc32.ChecksumIEEE(paste))
	for _, arch := range qemu.Arches {
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s,%d", arch, cpus), func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = cpus
				m.Append = append(m.Append, fmt.Sprintf("onsen.echo=%d", size))
				g := qemutest.Boot(t, m)
				g.Expect(fmt.Sprintf(`^echo: reading %d bytes$`, size))
				g.Type(paste)
				got := g.Expect(`^echo: (\d+) bytes crc32 (?:0x)?([0-9a-f]+)$`)
				if got[1] != fmt.Sprint(size) || got[2] != want {
					t.Errorf("%q, want %d bytes with %s", got[0], size, want)
				}
				g.Exit(qemu.PoweredOff)
			})
		}
	}
}

// A console that is named twice is one console, and /dev/console.
func TestConsoleTwice(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.Append = append(m.Append, "console="+arch.Console()+",115200", "console="+arch.Console(), "onsen.echo=4")
			g := qemutest.Boot(t, m)
			g.Expect(`^echo: reading 4 bytes$`)
			g.Type([]byte("abcd"))
			g.Expect(`^echo: 4 bytes crc32 (?:0x)?ed82cd11$`)
			g.Exit(qemu.PoweredOff)
		})
	}
}

// A machine without a serial port comes up and ends like any other.
func TestNoConsole(t *testing.T) {
	t.Parallel()
	m := qemutest.Kernel(t, qemu.AMD64)
	m.Machine = "microvm,isa-serial=off"
	m.Append = append(m.Append, essentials)
	qemutest.Boot(t, m).Exit(qemu.PoweredOff)
}
