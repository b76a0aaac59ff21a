package boottest

import (
	"fmt"
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

const (
	bashPrompt = "bash-5.2# "
	interrupt  = "\x03"
)

// What a user types at Debian's bash, and a line of the answer: it has a terminal
// and job control, and debuggers.
var debianDialogue = []struct{ typed, answer string }{
	{"tty", `^/dev/console$`},
	{"ps -e -o pid,comm", `^\s*1 init$`},
	{"{ echo running; sleep 1000; } | cat", `^running$`},
	{interrupt, `\^C`},
	{"echo status-$?", `^status-130$`},
	{"sleep 1000 &", `^\[1\] \d+$`},
	{"strace -c true; jobs", `^\[1\]\+\s+Running\s+sleep 1000 &$`},
	{"gdb -batch -p $!", `^\[Inferior 1 \(process \d+\) detached\]$`},
	{"kill %1; wait %1; echo status-$?", `^status-143$`},
	{"perl -e 'print join(\"-\", map { $_ * 2 } 1..3), \"\\n\"'", `^2-4-6$`},
}

// Debian's userland comes up to a bash that answers, and ends with it.
func TestDebian(t *testing.T) {
	for _, arch := range qemu.Arches {
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s,%d", arch, cpus), func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = cpus
				m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(arch), "debian.cpio")
				g := qemutest.Boot(t, m)
				g.Expect(`Run /init as init process`)
				seen := 0
				for _, d := range debianDialogue {
					if d.typed == interrupt {
						g.Type([]byte(interrupt))
					} else {
						typeAtPrompt(t, g, bashPrompt, &seen, d.typed)
					}
					g.Expect(d.answer)
				}
				typeAtPrompt(t, g, bashPrompt, &seen, "exit")
				g.Exit(qemu.PoweredOff)
			})
		}
	}
}
