//go:build metal

package kernel

import (
	"unsafe"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/printk"
)

// startRootfs makes the root file system and unpacks into it the image that the
// boot loader has passed, whose memory is then free. A damaged image is no
// reason to stop: what could be read may be enough.
func startRootfs() {
	if err := mountRootfs(); err != nil {
		Panic("VFS: Unable to mount root fs: %v", err)
	}
	var image []byte
	if !machine.Initrd.Empty() {
		start := arch.PhysToVirt(uintptr(machine.Initrd.Start))
		image = unsafe.Slice((*byte)(unsafe.Add(nil, start)), machine.Initrd.Size())
	}
	sum, err := populateRootfs(image)
	if err != nil {
		printk.Err("Initramfs unpacking failed: %v", err)
	}
	if image == nil {
		return
	}
	printk.Info("initramfs: %d files, %d KiB in %d archives", sum.Files, sum.Bytes>>10, sum.Archives)
	if err := mm.Release(mm.Range(machine.Initrd)); err != nil {
		printk.Err("initramfs: %v", err)
	}
}
