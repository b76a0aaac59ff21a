package boottest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// What processes do reaches a file on the host, by virtio in memory and on PCI,
// and the program that reads it there draws the tree.
func TestMonitor(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "proctree")
	qemutest.Need(t)
	if out, err := exec.Command("go", "build", "-o", tool, "onsen/qemu/proctree").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range []struct {
		arch    qemu.Arch
		machine string
		where   string
	}{
		{qemu.AMD64, "q35", `on PCI at 0000:00:`},
		{qemu.AMD64, "pc", `on PCI at 0000:00:`},
		{qemu.AMD64, "microvm,acpi=off", `at 0x`},
		{qemu.ARM64, "virt", `at 0x`},
	} {
		t.Run(fmt.Sprintf("%s,%s", m.arch, m.machine), func(t *testing.T) {
			t.Parallel()
			c := withScript(t, m.arch, `
busybox=/busybox
$busybox true
(exit 7)
$busybox sleep 1000 &
sleeper=$!
$busybox sh -c 'kill -9 $$'
$busybox sh -c "$busybox sleep 2000; :" &
$busybox usleep 300000
kill $sleeper
wait $sleeper
echo "all is done"
$busybox reboot -f
`)
			c.CPUs = 2
			c.Machine = m.machine
			c.Events = filepath.Join(t.TempDir(), "events")
			g := qemutest.Boot(t, c)
			g.Expect(`monitor: process events on the virtio console ` + m.where)
			g.Expect(`^all is done$`)
			g.Exit(qemu.ResetByGuest) // a microvm without ACPI cannot be switched off

			events, err := os.ReadFile(c.Events)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				`^onsen-events 1\n`,
				`(?m)^have \d+ 1 0 "init"$`,
				`(?m)^have \d+ 2 0 "kthreadd"$`,
				`(?m)^fork \d+ (\d+) 1 "init"$`,
				`(?m)^exec \d+ \d+ "busybox"$`,
				`(?m)^exit \d+ \d+ 0$`,
				`(?m)^exit \d+ \d+ 1792$`, // 7 << 8
				`(?m)^exit \d+ \d+ 9$`,
				`(?m)^exit \d+ \d+ 15$`,
			} {
				if !regexp.MustCompile(want).Match(events) {
					t.Errorf("no event matches %q", want)
				}
			}
			tree, err := exec.Command(tool, "-once", c.Events).CombinedOutput()
			if err != nil {
				t.Fatalf("proctree: %v: %s", err, tree)
			}
			// What lives to the end: init, its child and its grandchild.
			if !regexp.MustCompile(`(?m)^1 init\n(  \d+ .*\n)*  \d+ busybox\n    \d+ busybox$`).Match(tree) {
				t.Errorf("the tree is\n%s", tree)
			}
			if t.Failed() {
				t.Logf("events:\n%s", strings.TrimSpace(string(events)))
			}
		})
	}
}
