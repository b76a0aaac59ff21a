package fdt

import "onsen/arch/bootinfo"

// Compatible strings of the interrupt controllers we know. The GICv2 list is
// that of Linux's irq-gic driver.
var (
	gicV3Names = []string{"arm,gic-v3"}
	gicV2Names = []string{
		"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic",
		"arm,cortex-a5-gic", "arm,eb11mp-gic", "arm,arm11mp-gic", "arm,pl390",
		"qcom,msm-8660-qgic", "qcom,msm-qgic2",
	}
	bcmNames = []string{"brcm,bcm2836-l1-intc"}
)

// interruptController finds the root interrupt controller.
func (p *parser) interruptController() {
	if n := p.findCompatible(gicV3Names...); n != nil {
		p.gicV3(n)
	} else if n := p.findCompatible(gicV2Names...); n != nil {
		p.gicV2(n)
	} else if n := p.findCompatible(bcmNames...); n != nil {
		p.bcm2836(n)
	} else {
		p.info.Note("The device tree has no interrupt controller we know.")
	}
}

// gicV3 reads binding arm,gic-v3: reg holds the distributor, then the
// redistributor regions, then GICC, GICH and GICV, which we do not use.
func (p *parser) gicV3(n *node) {
	blocks, err := n.registers()
	if err != nil {
		p.info.Note("%v: interrupt controller ignored.", err)
		return
	}
	regions := uint32(1)
	if v, ok := n.u32("#redistributor-regions"); ok {
		regions = v
	}
	if regions < 1 || uint64(regions) > uint64(len(blocks)-1) {
		p.info.Note("%s: %d register blocks, but %d redistributor regions: interrupt controller ignored.", n.path(), len(blocks), regions)
		return
	}
	gic := bootinfo.GIC{Distributor: blocks[0], Redistributors: blocks[1 : 1+regions]}
	if stride, ok := n.number("redistributor-stride"); ok {
		if stride&0xffff != 0 {
			p.info.Note("%s: redistributor-stride %#x is not a multiple of 64 KiB: ignored.", n.path(), stride)
		} else {
			gic.RedistributorStride = stride
		}
	}
	p.controller = n
	p.info.InterruptController = bootinfo.InterruptController{Kind: bootinfo.ControllerGICv3, GIC: gic}
}

// gicV2 reads binding arm,gic: reg holds distributor and CPU interface.
func (p *parser) gicV2(n *node) {
	blocks, err := n.registers()
	if err != nil {
		p.info.Note("%v: interrupt controller ignored.", err)
		return
	}
	if len(blocks) < 2 {
		p.info.Note("%s: no CPU interface: interrupt controller ignored.", n.path())
		return
	}
	p.controller = n
	p.info.InterruptController = bootinfo.InterruptController{
		Kind: bootinfo.ControllerGICv2,
		GIC:  bootinfo.GIC{Distributor: blocks[0], CPUInterface: blocks[1]},
	}
}

// bcm2836 reads binding brcm,bcm2836-l1-intc.
func (p *parser) bcm2836(n *node) {
	blocks, err := n.registers()
	if err != nil {
		p.info.Note("%v: interrupt controller ignored.", err)
		return
	}
	p.controller = n
	p.info.InterruptController = bootinfo.InterruptController{
		Kind:     bootinfo.ControllerBCM2836,
		BCMLocal: blocks[0],
	}
}

// interruptParent returns the controller that n's interrupts go to, DTSpec
// 2.4.1: the nearest interrupt-parent going up, or a controller above n.
func (p *parser) interruptParent(n *node) *node {
	for a := n; a != nil; a = a.parent {
		if phandle, ok := a.u32("interrupt-parent"); ok {
			return p.phandles[phandle]
		}
		if a != n && a.has("interrupt-controller") {
			return a
		}
	}
	return nil
}

// noIRQ is an interrupt line that does not exist.
var noIRQ = bootinfo.IRQ{Number: bootinfo.NoIRQ}

// interrupts returns the interrupt lines of n in the order of the tree. Lines
// that do not go to the root controller, or make no sense there, have Number
// NoIRQ. Only plain interrupts properties are read, not interrupts-extended
// with several controllers.
func (p *parser) interrupts(n *node) []bootinfo.IRQ {
	v, ok := n.property("interrupts")
	parent := (*node)(nil)
	if ok {
		parent = p.interruptParent(n)
	} else if v, ok = n.property("interrupts-extended"); ok && len(v) >= 4 {
		return p.interruptsExtended(v)
	}
	if !ok || parent == nil || parent != p.controller {
		return nil
	}
	cells, _ := parent.u32("#interrupt-cells")
	if cells < 1 || cells > 8 || len(v)%int(4*cells) != 0 {
		p.info.Note("%s: interrupts of %d bytes, lines have %d cells: ignored.", n.path(), len(v), cells)
		return nil
	}
	var out []bootinfo.IRQ
	for ; len(v) > 0; v = v[4*cells:] {
		out = append(out, p.line(v[:4*cells]))
	}
	return out
}

// interruptsExtended reads lines that each name their controller.
func (p *parser) interruptsExtended(v []byte) (out []bootinfo.IRQ) {
	for len(v) >= 4 {
		parent := p.phandles[be.Uint32(v)]
		if parent == nil {
			return out
		}
		cells, _ := parent.u32("#interrupt-cells")
		v = v[4:]
		if cells < 1 || cells > 8 || len(v) < int(4*cells) {
			return out
		}
		irq := noIRQ
		if parent == p.controller {
			irq = p.line(v[:4*cells])
		}
		out = append(out, irq)
		v = v[4*cells:]
	}
	return out
}

// line decodes one interrupt specifier of the root controller. For a GIC the
// cells are type, number within the type, flags (binding arm,gic), for the
// BCM2836 number and flags.
func (p *parser) line(v []byte) bootinfo.IRQ {
	const (
		typeSPI, typePPI = 0, 1
		firstSPI, spis   = 32, 988
		firstPPI, ppis   = 16, 16
		triggerMask      = 0xf
	)
	cell := func(i int) uint32 {
		if len(v) < 4*i+4 {
			return 0
		}
		return be.Uint32(v[4*i:])
	}
	if p.info.InterruptController.Kind == bootinfo.ControllerBCM2836 {
		if cell(0) >= 32 {
			return noIRQ
		}
		return bootinfo.IRQ{Number: int(cell(0)), Trigger: bootinfo.Trigger(cell(1) & triggerMask)}
	}
	if len(v) < 12 {
		return noIRQ
	}
	trigger := bootinfo.Trigger(cell(2) & triggerMask)
	switch kind, number := cell(0), cell(1); {
	case kind == typeSPI && number < spis:
		return bootinfo.IRQ{Number: firstSPI + int(number), Trigger: trigger}
	case kind == typePPI && number < ppis:
		return bootinfo.IRQ{Number: firstPPI + int(number), Trigger: trigger}
	}
	return noIRQ
}
