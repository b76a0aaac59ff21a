package fdt

import (
	"github.com/u-root/u-root/pkg/dt"

	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// memory collects RAM from all memory nodes and what must be left alone in it.
func (p *parser) memory(entries []dt.ReserveEntry) {
	var ram []bootinfo.Range
	for _, n := range p.root.children {
		if n.text("device_type") != "memory" && n.baseName() != "memory" || !n.available() {
			continue
		}
		// A boot loader restricts the kernel with linux,usable-memory, as
		// kdump does; it then counts instead of reg.
		name := "reg"
		if n.has("linux,usable-memory") {
			name = "linux,usable-memory"
		}
		blocks, err := n.ranges(name)
		if err != nil {
			p.info.Note("%v: memory ignored.", err)
			continue
		}
		ram = append(ram, blocks...)
	}
	p.info.Memory = bootinfo.Merge(ram)

	for _, e := range entries {
		p.info.Reserve(bootinfo.RangeOf(e.Address, e.Size), "memreserve")
	}
	if n := p.root.child("reserved-memory"); n != nil {
		p.reservedMemory(n)
	}
}

// reservedMemory handles the children of /reserved-memory. Those with a fixed
// place are reserved; those that ask us to choose one (size, no reg) serve
// devices we have no driver for.
//
// What must not even be mapped, not by guesses of the processor either, is not
// memory to us at all: "no-map: [...] Indicates the operating system must not
// create a virtual mapping of the region as part of its standard mapping of
// system memory" - Devicetree Specification 0.4, 3.5.4.
func (p *parser) reservedMemory(n *node) {
	var unmapped []bootinfo.Range
	for _, c := range n.children {
		if !c.available() {
			continue
		}
		if !c.has("reg") {
			p.info.Note("%s: dynamic reservation ignored.", c.path())
			continue
		}
		blocks, err := c.registers()
		if err != nil {
			p.info.Note("%v: reservation ignored.", err)
			continue
		}
		for _, b := range blocks {
			p.info.Reserve(b, c.baseName())
		}
		if c.has("no-map") {
			unmapped = append(unmapped, wholePages(blocks)...)
		}
	}
	if unmapped != nil {
		p.info.Memory = bootinfo.Subtract(p.info.Memory, unmapped)
	}
}

// wholePages returns the pages that the blocks touch.
func wholePages(blocks []bootinfo.Range) []bootinfo.Range {
	const mask = spec.PageSize - 1
	pages := make([]bootinfo.Range, 0, len(blocks))
	for _, b := range blocks {
		if b.Empty() {
			continue
		}
		end := ^uint64(0)
		if b.End <= ^uint64(mask) {
			end = (b.End + mask) &^ mask
		}
		pages = append(pages, bootinfo.Range{Start: b.Start &^ mask, End: end})
	}
	return pages
}
