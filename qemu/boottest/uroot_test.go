package boottest

import (
	"bytes"
	"testing"
	"time"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// dialogue is what a new user types at u-root's shell, and a line of the answer.
var dialogue = []struct{ typed, answer string }{
	{"echo up-$((40+2))", `^up-42$`},
	{"ls -l /", `bbin$`},
	{"ps -A", `^\s*1\s.*init`},
	{"cat /proc/version", `^Linux version `},
	{"seq 1 1000 | tail -n 1 | cat", `^1000$`},
	{"ls /bbin | wc -l", `^\s*\d\d+\s*$`},
	{"sleep 0.1 & wait; echo status-$?", `^status-0$`},
	{"mkdir /tmp/d; cd /tmp/d; echo text > file; cat file | wc -c", `^\s*5\s*$`},
	{"false || echo false-$?", `^false-1$`},
	{"dmesg | head -n 1", `Onsen`},
	{"for i in 1 2 3; do echo line-$i; done | grep line | wc -l", `^\s*3\s*$`},
	{"uname", `^Linux`},
}

// prompt is what the shell writes when it is ready to read.
const prompt = "\n$ "

// typeAtPrompt waits until the shell reads, having written one prompt more than
// seen, and types a line.
func typeAtPrompt(t *testing.T, g *qemutest.Guest, prompt string, seen *int, line string) {
	t.Helper()
	awaitText(t, g, prompt, *seen)
	*seen++
	g.Type([]byte(line + "\r"))
}

// awaitText waits until the console has shown text more than n times, be it in the
// middle of a line.
func awaitText(t *testing.T, g *qemutest.Guest, text string, n int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for ; bytes.Count(g.Console.Bytes(), []byte(text)) <= n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q is not shown", text)
		}
	}
}

// The default initramfs comes up to a shell that answers, and shuts down.
func TestShell(t *testing.T) {
	withUserland(t, "initramfs-%s.cpio", "512M", func(t *testing.T, g *qemutest.Guest) {
		g.Expect(`Welcome to u-root!`)
		seen := 0
		for _, d := range dialogue {
			typeAtPrompt(t, g, prompt, &seen, d.typed)
			g.Expect(d.answer)
		}
		typeAtPrompt(t, g, prompt, &seen, "shutdown")
		g.Exit(qemu.PoweredOff)
	})
}
