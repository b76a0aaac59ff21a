package boottest

import (
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// 32-bit code has no system calls, as under a Linux that is built without IA32
// emulation: SYSCALL is ENOSYS, the other ways are not allowed. It cannot go on behind
// 4 GiB, either, which IRET would not do. (The error code of an
// interrupt, twice as much as it should be, is QEMU's.)
func TestCallsOf32BitCode(t *testing.T) {
	m := qemutest.Kernel(t, qemu.AMD64)
	m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", "amd64", "checks.cpio")
	m.Append = append(m.Append, "--", "calls32")
	g := qemutest.Boot(t, m)
	g.Expect(`^check 32-bit syscall signal 4 .* cs 23 ss 2b flags 2 PC 10000002 rax ffffffda `)
	g.Expect(`^check 32-bit sysenter signal 11 code 128 addr 0 trap 13 error 0, cs 23 .* PC 10000000 `)
	g.Expect(`^check 32-bit int \$0x80 signal 11 code 128 addr 0 trap 13 error [48]02, cs 23 .* PC 10000000 `)
	for _, pc := range []string{"100000000", "4000000000000000", "fffffffffffff000"} {
		g.Expect(`^check frame 23 ffff strict 0 pc ` + pc + ` way 0 code 128 addr 0 trap 13 error 0$`)
	}
	g.Expect(`^checks are through$`)
	g.Exit(qemu.PoweredOff)
}
