package boottest

import (
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// Asked to, the kernel ends the machine by way of isa-debug-exit, which gives
// QEMU an exit status that no other end has.
func TestDebugExit(t *testing.T) {
	t.Parallel()
	m := qemutest.Kernel(t, qemu.AMD64)
	m.DebugExit = true
	m.Append = append(m.Append, "onsen.debugexit", "onsen.idle=0")
	g := qemutest.Boot(t, m)
	if exit := g.Exit(qemu.DebugExited); exit.Code != 0x10 {
		t.Errorf("%v, want 0x10", exit)
	}
}
