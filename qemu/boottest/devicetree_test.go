package boottest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/dt"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// A well-formed tree of a machine that lacks something, or says what cannot be: the
// kernel does without it or gives up, and says so if it has found the console.
func TestOddDeviceTree(t *testing.T) {
	qemutest.Need(t)
	tree := dumpDeviceTree(t)
	const panics = `^Kernel panic - not syncing: `
	const noInit = panics + `No working init found\.`
	for name, c := range map[string]struct {
		edit   func(root *dt.Node)
		says   []string
		endure bool // there is nothing that could end the machine
	}{
		"no timer":               {edit: remove("timer"), says: []string{panics + `.*\btimer\b`}},
		"no controller":          {edit: remove("intc@"), says: []string{panics + `.*\binterrupt controller\b`}},
		"no clock":               {edit: remove("pl031@"), says: []string{`^rtc: .*\bno clock\b`, noInit}},
		"no CPUs":                {edit: remove("cpus"), says: []string{`\blists no CPU\b`, noInit}},
		"no memory":              {edit: remove("memory@")},
		"no console":             {edit: remove("pl011@")},
		"no PSCI":                {edit: remove("psci"), says: []string{noInit}, endure: true},
		"10 MiB of memory":       {edit: set("memory@", dt.PropertyRegion("reg", 0x4000_0000, 10<<20)), says: []string{panics + `.*\btoo little memory\b`}},
		"initrd beyond memory":   {edit: initrd(0x20_0000_0000, 0x20_0010_0000), says: []string{`\binitrd at .* is not in memory\b`, noInit}},
		"initrd partly beyond":   {edit: initrd(0x47ff_f000, 0x4800_1000), says: []string{`\binitrd at .* is not in memory\b`, noInit}},
		"initrd that ends first": {edit: initrd(0x4600_1000, 0x4600_0000), says: []string{`\bempty initrd\b`, noInit}},
		"initrd without an end":  {edit: set("chosen", dt.PropertyU64("linux,initrd-start", 0x4600_0000)), says: []string{`\bmalformed linux,initrd-start or -end\b`, noInit}},
		"initrd over the kernel": {edit: initrd(0x4020_0000, 0x4080_0000), says: []string{`^Initramfs unpacking failed: `, noInit}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := qemutest.Boot(t, withoutLoader(t, editTree(t, tree, c.edit)))
			for _, line := range c.says {
				g.Expect(line)
			}
			if !c.endure {
				g.Exit(qemu.ResetByGuest, qemu.PoweredOff)
			}
		})
	}
}

// editTree returns a tree changed by edit, which asks for a reboot after a panic.
func editTree(t *testing.T, tree []byte, edit func(root *dt.Node)) []byte {
	t.Helper()
	fdt, err := dt.ReadFDT(bytes.NewReader(tree))
	if err != nil {
		t.Fatal(err)
	}
	set("chosen", dt.PropertyString("bootargs", "panic=-1"))(fdt.RootNode)
	edit(fdt.RootNode)
	var out bytes.Buffer
	if _, err := fdt.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// find returns the index of the child of root whose name begins with prefix.
func find(root *dt.Node, prefix string) int {
	i, ok := root.FindFirstMatchingChildIndex(func(n *dt.Node) bool { return strings.HasPrefix(n.Name, prefix) })
	if !ok {
		panic("no node " + prefix)
	}
	return i
}

// remove returns an edit that removes a node.
func remove(prefix string) func(*dt.Node) {
	return func(root *dt.Node) {
		if err := root.RemoveSubTreeAtIndex(find(root, prefix)); err != nil {
			panic(err)
		}
	}
}

// set returns an edit that sets properties of a node.
func set(prefix string, properties ...dt.Property) func(*dt.Node) {
	return func(root *dt.Node) {
		for _, p := range properties {
			root.Children[find(root, prefix)].Update(p)
		}
	}
}

// initrd returns an edit that puts the initial file system there.
func initrd(start, end uint64) func(*dt.Node) {
	return set("chosen", dt.PropertyU64("linux,initrd-start", start), dt.PropertyU64("linux,initrd-end", end))
}
