package fdt

import (
	"cmp"
	"slices"

	"onsen/arch/bootinfo"
)

// maxVirtio bounds the number of virtio slots; QEMU's virt has 32.
const maxVirtio = 128

// virtio lists the slots for virtio devices, the lowest address first. Most of
// QEMU's are empty.
func (p *parser) virtio() {
	p.walk(func(n *node) {
		if !n.compatible("virtio,mmio") || !n.available() || len(p.info.Virtio) >= maxVirtio {
			return
		}
		blocks, err := n.registers()
		if err != nil {
			p.info.Note("%v: virtio slot ignored.", err)
			return
		}
		p.info.Virtio = append(p.info.Virtio, blocks[0])
	})
	slices.SortFunc(p.info.Virtio, func(a, b bootinfo.Range) int { return cmp.Compare(a.Start, b.Start) })
}
