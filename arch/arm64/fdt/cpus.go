package fdt

import "onsen/arch/bootinfo"

// mpidrMask selects the affinity fields of MPIDR_EL1: Aff3 in bits 39:32, Aff2
// to Aff0 in bits 23:0 (Arm ARM, D19.2.101).
const mpidrMask = 0xff_00ff_ffff

// cpus lists the processors. bootID is what the tree's header says about the
// one that boots.
func (p *parser) cpus(bootID uint64) {
	seen := make(map[uint64]bool)
	if n := p.root.child("cpus"); n != nil {
		for _, c := range n.children {
			if c.text("device_type") == "cpu" || c.baseName() == "cpu" {
				p.cpu(c, seen)
			}
		}
	}
	if len(p.info.CPUs) == 0 {
		p.info.Note("The device tree lists no CPU: using the boot CPU only.")
		p.info.MarkBootCPU(bootID)
		return
	}
	boot := p.info.CPUs[0].HardwareID
	if seen[bootID] {
		boot = bootID
	}
	p.info.MarkBootCPU(boot)
}

// cpu adds one processor, unless its number is in seen.
func (p *parser) cpu(n *node, seen map[uint64]bool) {
	address, _, err := n.parent.cells()
	if err != nil {
		p.info.Note("%v: CPU ignored.", err)
		return
	}
	reg, _ := n.property("reg")
	if len(reg) != 4*address {
		p.info.Note("%s: reg of %d bytes: CPU ignored.", n.path(), len(reg))
		return
	}
	id, _ := takeCells(reg, address)
	if id&^mpidrMask != 0 {
		p.info.Note("%s: %#x is no MPIDR: CPU ignored.", n.path(), id)
		return
	}
	if seen[id] {
		p.info.Note("%s: second CPU with MPIDR %#x ignored.", n.path(), id)
		return
	}
	seen[id] = true
	c := bootinfo.CPU{HardwareID: id, FirmwareID: uint32(id), Enabled: n.available()}
	switch method := n.text("enable-method"); method {
	case "psci":
		c.EnableMethod = bootinfo.EnablePSCI
	case "spin-table":
		c.EnableMethod = bootinfo.EnableSpinTable
		if c.ReleaseAddr, _ = n.number("cpu-release-addr"); c.ReleaseAddr == 0 {
			p.info.Note("%s: spin-table without cpu-release-addr.", n.path())
			c.EnableMethod = bootinfo.EnableUnknown
		}
	case "":
	default:
		p.info.Note("%s: unknown enable-method %q.", n.path(), method)
	}
	p.info.CPUs = append(p.info.CPUs, c)
}
