package acpi

import "onsen/arch/bootinfo"

// Layout of the multiple APIC description table (ACPI 5.2.12).
const (
	madtSize   = 44 // header, local APIC address, flags
	pcatCompat = 1 << 0

	madtLocalAPIC    = 0
	madtIOAPIC       = 1
	madtOverride     = 2
	madtLocalNMI     = 4
	madtLocalAddress = 5
	madtX2APIC       = 9
	madtX2APICNMI    = 10

	cpuEnabled       = 1 << 0
	cpuOnlineCapable = 1 << 1
)

// Where a PC's APICs are unless the tables say otherwise (SDM vol. 3, 11.4.1;
// 82093AA data sheet, 3.0).
const (
	defaultLocalAPIC = 0xfee00000
	defaultIOAPIC    = 0xfec00000
)

// entrySizes is how many bytes of an entry we read.
var entrySizes = map[byte]int{
	madtLocalAPIC: 8, madtIOAPIC: 12, madtOverride: 10, madtLocalNMI: 6,
	madtLocalAddress: 12, madtX2APIC: 16, madtX2APICNMI: 12,
}

// madt reads CPUs and interrupt controllers. It reports false if the table is
// missing or names no CPU or no I/O APIC.
func (p *parser) madt() bool {
	b := p.find("APIC", madtSize)
	if b == nil {
		p.info.Note("ACPI describes no interrupt controllers: assuming one CPU and a standard I/O APIC.")
		return false
	}
	ic := bootinfo.InterruptController{Kind: bootinfo.ControllerAPIC}
	ic.APIC.Local = uint64(le.Uint32(b[36:]))
	ic.APIC.LegacyPIC = le.Uint32(b[40:])&pcatCompat != 0
	seen := make(map[uint64]bool)
	for b = b[madtSize:]; len(b) >= 2; {
		kind, length := b[0], int(b[1])
		if length < 2 || length > len(b) {
			p.info.Note("ACPI: MADT entry of type %d has length %d: the rest of the table is ignored.", kind, length)
			break
		}
		entry := b[:length]
		b = b[length:]
		if length < entrySizes[kind] {
			p.info.Note("ACPI: MADT entry of type %d has only %d bytes: ignored.", kind, length)
			continue
		}
		p.madtEntry(kind, entry, &ic.APIC, seen)
	}
	if len(p.info.CPUs) == 0 || len(ic.APIC.IOAPICs) == 0 {
		p.info.Note("ACPI: the MADT names %d CPUs and %d I/O APICs: assuming one CPU and a standard I/O APIC.", len(p.info.CPUs), len(ic.APIC.IOAPICs))
		p.info.CPUs = nil
		return false
	}
	p.info.InterruptController = ic
	return true
}

// madtEntry reads one entry, which is long enough.
func (p *parser) madtEntry(kind byte, b []byte, apic *bootinfo.APIC, seen map[uint64]bool) {
	switch kind {
	case madtLocalAPIC:
		if b[3] != 0xff { // the broadcast ID stands for "no CPU"
			p.cpu(uint64(b[3]), uint32(b[2]), le.Uint32(b[4:]), seen)
		}
	case madtX2APIC:
		if id := le.Uint32(b[4:]); id != 0xffffffff {
			p.cpu(uint64(id), le.Uint32(b[12:]), le.Uint32(b[8:]), seen)
		}
	case madtIOAPIC:
		apic.IOAPICs = append(apic.IOAPICs, bootinfo.IOAPIC{
			ID: b[2], Base: uint64(le.Uint32(b[4:])), GSIBase: le.Uint32(b[8:]),
		})
	case madtOverride:
		if b[2] != 0 || b[3] > 15 {
			p.info.Note("ACPI: interrupt override for bus %d, interrupt %d ignored.", b[2], b[3])
			return
		}
		apic.Overrides = append(apic.Overrides, bootinfo.ISAOverride{
			ISA: b[3], GSI: le.Uint32(b[4:]), Trigger: trigger(le.Uint16(b[8:])),
		})
	case madtLocalNMI:
		uid := uint32(b[2])
		if uid == 0xff {
			uid = bootinfo.AllCPUs
		}
		p.localNMI(apic, uid, b[5], le.Uint16(b[3:]))
	case madtX2APICNMI:
		p.localNMI(apic, le.Uint32(b[4:]), b[8], le.Uint16(b[2:]))
	case madtLocalAddress:
		apic.Local = le.Uint64(b[4:])
	}
}

// localNMI adds the wiring of a local interrupt pin.
func (p *parser) localNMI(apic *bootinfo.APIC, uid uint32, pin uint8, flags uint16) {
	if pin > 1 {
		p.info.Note("ACPI: NMI on local interrupt pin %d ignored.", pin)
		return
	}
	apic.LocalNMIs = append(apic.LocalNMIs, bootinfo.LocalNMI{FirmwareID: uid, LINT: pin, Trigger: trigger(flags)})
}

// cpu adds a processor. Sockets that are empty for good are left out.
func (p *parser) cpu(id uint64, uid, flags uint32, seen map[uint64]bool) {
	if flags&(cpuEnabled|cpuOnlineCapable) == 0 {
		return
	}
	if seen[id] {
		p.info.Note("ACPI: second CPU with APIC ID %d ignored.", id)
		return
	}
	if len(p.info.CPUs) == maxCPUs {
		p.info.Note("ACPI: more than %d CPUs; the rest is ignored.", maxCPUs)
		return
	}
	seen[id] = true
	p.info.CPUs = append(p.info.CPUs, bootinfo.CPU{
		HardwareID: id, FirmwareID: uid, Enabled: flags&cpuEnabled != 0,
		EnableMethod: bootinfo.EnableINIT,
	})
}

// trigger decodes the flags of an interrupt (ACPI, table 5.26). Polarity and
// mode may each say "as the bus": for ISA active high and edge, and for a
// line that is said to be level triggered, active low.
func trigger(flags uint16) bootinfo.Trigger {
	const (
		high, low   = 1, 3
		edge, level = 1, 3
	)
	polarity, mode := flags&3, flags>>2&3
	switch {
	case mode == level && polarity == high:
		return bootinfo.TriggerLevelHigh
	case mode == level:
		return bootinfo.TriggerLevelLow
	case polarity == low:
		return bootinfo.TriggerEdgeFalling
	case mode == edge || polarity == high:
		return bootinfo.TriggerEdgeRising
	}
	return bootinfo.TriggerDefault
}

// assumeUniprocessor describes a PC of which nothing is known.
func (p *parser) assumeUniprocessor() {
	p.info.CPUs = []bootinfo.CPU{{Enabled: true, Boot: true, EnableMethod: bootinfo.EnableUnknown}}
	p.info.InterruptController = bootinfo.InterruptController{
		Kind: bootinfo.ControllerAPIC,
		APIC: bootinfo.APIC{
			Local:     defaultLocalAPIC,
			IOAPICs:   []bootinfo.IOAPIC{{Base: defaultIOAPIC}},
			Overrides: []bootinfo.ISAOverride{{ISA: 0, GSI: 2}},
			LegacyPIC: true,
		},
	}
}
