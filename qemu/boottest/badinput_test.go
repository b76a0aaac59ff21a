package boottest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// A damaged initrd is named as such and is no reason not to go on; without an
// init in it the boot then ends like any boot without one.
func TestCorruptInitrd(t *testing.T) {
	for name, initrd := range map[string][]byte{
		"noise":           noise(100_000),
		"cut cpio header": []byte("070701000002D1000041ED"),
		"cut gzip":        {0x1f, 0x8b, 0x08, 0x00, 0x00},
		"cpio with a huge name": []byte("070701" + "00000001" + "000081A4" + "00000000" + "00000000" + "00000001" +
			"00000000" + "00000010" + "00000000" + "00000000" + "00000000" + "00000000" + "FFFFFFFF" + "00000000" + "init\x00"),
	} {
		for _, arch := range qemu.Arches {
			t.Run(string(arch)+","+name, func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.Initrd = tempFile(t, initrd)
				g := qemutest.Boot(t, m)
				g.Expect(`(?i)\binit(rd|ramfs)\b.*(unpacking failed|invalid|junk|truncated|corrupt)`)
				g.Expect(`^Kernel panic - not syncing: No working init found\.`)
				g.Exit(qemu.ResetByGuest)
			})
		}
	}
}

// An initrd that unpacks to more than there is memory is unpacked as far as it goes.
// Without an init in front, the boot ends then; nothing dies of it.
func TestInitrdTooLarge(t *testing.T) {
	const size = 100 << 20
	var image bytes.Buffer
	z := gzip.NewWriter(&image)
	fmt.Fprintf(z, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08xbig\x00\x00\x00", 1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, 4, 0)
	for range size >> 20 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.Memory, m.Initrd = "64M", tempFile(t, image.Bytes())
			g := qemutest.Boot(t, m)
			g.Expect(`^Initramfs unpacking failed: .*\bbig: no space left on device$`)
			g.Expect(`^Kernel panic - not syncing: No working init found\.`)
			g.Exit(qemu.ResetByGuest)
		})
	}
}

// Too little memory ends the boot: with a message of the kernel's if it can run
// at all, else with QEMU's refusal to load it. (On amd64 QEMU does not look
// whether there is memory for all of the image: what it enters first has to.)
func TestTooLittleMemory(t *testing.T) {
	for arch, sizes := range map[qemu.Arch][]string{
		qemu.AMD64: {"4M", "6M", "8M", "10M", "12M"},
		qemu.ARM64: {"2M", "4M", "8M", "12M"},
	} {
		for _, size := range sizes {
			t.Run(string(arch)+","+size, func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.Memory = size
				g := qemutest.Boot(t, m)
				exit := g.Exit(qemu.ResetByGuest, qemu.PoweredOff, qemu.Failed)
				if exit.Kind == qemu.Failed {
					t.Logf("QEMU refuses: %v", exit)
					return
				}
				expectPrinted(t, g, `(?i)memory|No working init found`)
			})
		}
	}
}

// A tree that ends in the middle, or none at all, in x0. QEMU repairs or refuses
// what it gets by -dtb, so a stub stands in for the boot loader.
func TestBadDeviceTree(t *testing.T) {
	qemutest.Need(t)
	tree := dumpDeviceTree(t)
	for name, damaged := range map[string][]byte{
		"half":      tree[:deviceTreeSize(tree)/2],
		"header":    tree[:40],
		"nothing":   nil,
		"noise":     noise(4096),
		"bad magic": append([]byte{0}, tree[1:]...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Without a tree the kernel knows no console to complain on, but
			// it can still end the machine.
			g := qemutest.Boot(t, withoutLoader(t, damaged))
			g.Exit(qemu.ResetByGuest, qemu.PoweredOff)
		})
	}
	t.Run("whole", func(t *testing.T) { // shows that the stub works
		t.Parallel()
		g := qemutest.Boot(t, withoutLoader(t, tree))
		g.Expect(`^Kernel panic - not syncing: No working init found\.`)
	})
}

// expectPrinted checks that a machine that has ended printed a line that
// matches pattern.
func expectPrinted(t *testing.T, g *qemutest.Guest, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for _, line := range g.Console.Lines() {
		if re.MatchString(line) {
			t.Logf("the kernel says: %s", line)
			return
		}
	}
	t.Errorf("no line matches %q", pattern)
}

// dumpDeviceTree returns the tree that QEMU makes for -M virt.
func dumpDeviceTree(t *testing.T) []byte {
	t.Helper()
	qemutest.NeedCommand(t, qemu.ARM64.Command())
	file := filepath.Join(t.TempDir(), "dtb")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, qemu.ARM64.Command(), "-M", "virt,dumpdtb="+file, "-cpu", "max").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tree, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// deviceTreeSize returns how much of a blob, which QEMU pads, is the tree: the
// end of its strings block, the last one (Devicetree Specification 5.2).
func deviceTreeSize(tree []byte) int {
	strings, size := binary.BigEndian.Uint32(tree[12:]), binary.BigEndian.Uint32(tree[32:])
	return int(strings + size)
}

// withoutLoader returns an arm64 machine in which a stub enters the kernel with
// x0 pointing to tree, as a boot loader would.
func withoutLoader(t *testing.T, tree []byte) qemu.Config {
	t.Helper()
	const (
		ram      = 0x4000_0000 // of -M virt, which puts its own tree there
		kernel   = ram + 0x20_0000
		stubAddr = ram + 0x700_0000
		treeAddr = ram + 0x800_0000
	)
	m := qemutest.Kernel(t, qemu.ARM64)
	var stub bytes.Buffer
	binary.Write(&stub, binary.LittleEndian, []uint32{
		0x58000080, // LDR X0, .+16
		0x580000a4, // LDR X4, .+20
		0xd61f0080, // BR X4
		0xd503201f, // NOP
	})
	binary.Write(&stub, binary.LittleEndian, []uint64{treeAddr, kernel})
	m.Extra = append(m.Extra,
		"-device", fmt.Sprintf("loader,file=%s,addr=%#x,force-raw=on", m.Kernel, kernel),
		"-device", fmt.Sprintf("loader,file=%s,addr=%#x,cpu-num=0,force-raw=on", tempFile(t, stub.Bytes()), stubAddr))
	if len(tree) != 0 {
		m.Extra = append(m.Extra,
			"-device", fmt.Sprintf("loader,file=%s,addr=%#x,force-raw=on", tempFile(t, tree), treeAddr))
	}
	m.Symbols = m.Kernel + ".elf"
	m.Kernel, m.Append = "", nil
	return m
}

// noise returns n bytes that are always the same.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func tempFile(t *testing.T, content []byte) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
