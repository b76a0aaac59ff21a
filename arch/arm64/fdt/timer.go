package fdt

import (
	"slices"

	"onsen/arch/bootinfo"
)

// timer reads binding arm,arch_timer: four private interrupts, in fixed order
// or named by interrupt-names.
func (p *parser) timer() {
	t := &p.info.Timer
	lines := []*bootinfo.IRQ{&t.SecurePhysical, &t.Physical, &t.Virtual, &t.Hypervisor}
	for _, l := range lines {
		*l = noIRQ
	}
	n := p.findCompatible("arm,armv8-timer", "arm,armv7-timer")
	if n == nil {
		p.info.Note("The device tree has no generic timer.")
		return
	}
	irqs := p.interrupts(n)
	names := n.texts("interrupt-names")
	for i, name := range []string{"sec-phys", "phys", "virt", "hyp-phys"} {
		at := i
		if names != nil {
			at = slices.Index(names, name)
		}
		if at >= 0 && at < len(irqs) {
			*lines[i] = irqs[at]
		}
	}
	if !t.Virtual.Valid() {
		p.info.Note("%s: no virtual timer interrupt.", n.path())
	}
	t.CounterHz, _ = n.u32("clock-frequency")
	t.Stops = !n.has("always-on")
}
