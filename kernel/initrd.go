//go:build metal

package kernel

import (
	"unsafe"

	"onsen/arch"
	"onsen/kernel/initramfs"
	"onsen/kernel/printk"
)

// checkInitramfs reads the image that the boot loader has passed to its end, and
// says what is in it.
func checkInitramfs() {
	if machine.Initrd.Empty() {
		return
	}
	start := arch.PhysToVirt(uintptr(machine.Initrd.Start))
	image := unsafe.Slice((*byte)(unsafe.Add(nil, start)), machine.Initrd.Size())
	sum, err := initramfs.Verify(image)
	if err != nil {
		printk.Err("%v", err)
		return
	}
	printk.Info("initramfs: %d files, %d KiB in %d archives", sum.Files, sum.Bytes>>10, sum.Archives)
}
