package fdt

import "onsen/arch/bootinfo"

// Function identifiers of PSCI 0.2 and later (Arm DEN0022, chapter 5). CPU_ON
// is the 64-bit variant.
const (
	psciCPUOff      = 0x8400_0002
	psciCPUOn       = 0xc400_0003
	psciSystemOff   = 0x8400_0008
	psciSystemReset = 0x8400_0009
)

// psci reads binding arm,psci.
func (p *parser) psci() {
	n := p.findCompatible("arm,psci-1.0", "arm,psci-0.2", "arm,psci")
	if n == nil {
		return
	}
	var out bootinfo.PSCI
	switch method := n.text("method"); method {
	case "hvc":
		out.Conduit = bootinfo.ConduitHVC
	case "smc":
		out.Conduit = bootinfo.ConduitSMC
	default:
		p.info.Note("%s: unknown method %q: PSCI not used.", n.path(), method)
		return
	}
	if n.compatible("arm,psci-1.0", "arm,psci-0.2") {
		out.CPUOff, out.CPUOn = psciCPUOff, psciCPUOn
		out.SystemOff, out.SystemReset = psciSystemOff, psciSystemReset
		out.HasVersionCall = true
	} else { // 0.1: the tree gives the numbers, and there is no system off
		out.CPUOff, _ = n.u32("cpu_off")
		out.CPUOn, _ = n.u32("cpu_on")
	}
	p.info.PSCI = out
}
