package boottest

import (
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

// Programs that use the whole screen: what each has shown when the keys are typed.
var screens = []struct{ command, shown, keys, shownThen, keysThen string }{
	{"vim.tiny -u NONE /tmp/f", `"/tmp/f" 100 lines`, "ddihello \x1b:w\r", " written", ":q\r"},
	{"less /tmp/f", "\x1b[7m/tmp/f", "G?55\r", "\x1b[7m55", "q"},
}

// Debian's userland comes up to a bash that answers, and ends with it.
func TestDebian(t *testing.T) {
	withUserland(t, "user/%s/debian.cpio", "256M", func(t *testing.T, g *qemutest.Guest) {
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
		typeAtPrompt(t, g, bashPrompt, &seen, "seq 1 100 >/tmp/f; stty rows 24 cols 80")
		for _, s := range screens {
			typeAtPrompt(t, g, bashPrompt, &seen, s.command)
			awaitText(t, g, s.shown, 0)
			g.Type([]byte(s.keys))
			awaitText(t, g, s.shownThen, 0)
			g.Type([]byte(s.keysThen))
		}
		typeAtPrompt(t, g, bashPrompt, &seen, "head -n 1 /tmp/f")
		g.Expect(`^hello 2$`)
		typeAtPrompt(t, g, bashPrompt, &seen, "script -q -c tty /dev/null")
		g.Expect(`^/dev/pts/0$`)
		typeAtPrompt(t, g, bashPrompt, &seen, "exit")
		g.Exit(qemu.PoweredOff)
	})
}
