package boottest

import (
	"fmt"
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// dialogue is what a new user types at u-root's shell, and a line of the answer.
var dialogue = []struct{ typed, answer string }{
	{"echo up-$((40+2))", `^up-42$`},
	{"ls -l /", `bbin`},
	{"ps", `^\s*1\s.*init`},
	{"cat /proc/version", `^Linux version `},
	{"seq 1 1000 | tail -n 1 | cat", `^1000$`},
	{"ls /bbin | wc -l", `^\s*\d\d+\s*$`},
	{"sleep 0.1 & wait; echo status-$?", `^status-0$`},
	{"mkdir /tmp/d; cd /tmp/d; echo text > file; cat file | tr a-z A-Z", `^TEXT$`},
	{"false || echo false-$?", `^false-1$`},
	{"dmesg | head -n 1", `Onsen`},
	{"for i in 1 2 3; do echo line-$i; done | grep -c line", `^3$`},
	{"id", `uid=0`},
	{"/no/such/program; echo status-$?", `^status-127$`},
	{"uname", `^Linux`},
}

// The default initramfs comes up to a shell that answers, and shuts down.
func TestShell(t *testing.T) {
	for _, arch := range qemu.Arches {
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s,%d", arch, cpus), func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = cpus
				m.Memory = "512M"
				m.Initrd = filepath.Join(qemutest.Root(t), "build", "initramfs-"+string(arch)+".cpio")
				g := qemutest.Boot(t, m)
				g.Expect(`Welcome to u-root!`)
				for _, d := range dialogue {
					g.Type([]byte(d.typed + "\n"))
					g.Expect(d.answer)
				}
				g.Type([]byte("shutdown\n"))
				g.Exit(qemu.PoweredOff)
			})
		}
	}
}
