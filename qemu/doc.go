// Package qemu starts QEMU with an Onsen (or Linux) image and watches it: the
// argument list, the serial console with expect, the reason the machine ended,
// and the registers of a machine that hangs.
//
// It knows nothing about tests; package qemutest ties it to testing.T, and the
// commands run, soak and bench use it directly, so that what a developer types
// and what a test boots is the same machine.
//
// github.com/hugelgupf/vmtest/qemu does a similar job, but its console is a
// terminal device without per-step deadlines and it has no QMP, so it can tell
// neither a power-off from a reset nor where a hung CPU stands; that, and not
// its few dependencies, is why this package is our own.
package qemu
