package acpi

import "onsen/arch/bootinfo"

// legacyDevices describes what every PC has, or can be asked for safely. The
// interrupts are ISA numbers until mapISA.
func (p *parser) legacyDevices() {
	const comClock = 1843200 // 115,200 baud times 16
	for i, com := range []struct {
		base uint64
		irq  int
		name string
	}{
		{0x3f8, 4, "ttyS0"}, {0x2f8, 3, "ttyS1"}, {0x3e8, 4, "ttyS2"}, {0x2e8, 3, "ttyS3"},
	} {
		port := bootinfo.Serial{
			Kind: bootinfo.Serial8250Port, Name: com.name, Base: com.base, Size: 8, RegWidth: 1,
			IRQ: bootinfo.IRQ{Number: com.irq}, ClockHz: comClock,
		}
		p.info.Serial = append(p.info.Serial, port)
		if i == 0 {
			p.info.Console = port
		}
	}
	p.info.RTC = bootinfo.RTC{Kind: bootinfo.RTCMC146818, IRQ: bootinfo.IRQ{Number: 8}}
	noIRQ := bootinfo.IRQ{Number: bootinfo.NoIRQ}
	p.info.Timer = bootinfo.Timer{
		SecurePhysical: noIRQ, Physical: noIRQ, Virtual: noIRQ, Hypervisor: noIRQ, PIT: true,
	}
}

// mapISA turns the ISA interrupts of the legacy devices into global ones.
func (p *parser) mapISA() {
	apic := &p.info.InterruptController.APIC
	for i := range p.info.Serial {
		s := &p.info.Serial[i]
		if s.Kind == bootinfo.Serial8250Port && s.ClockHz != 0 {
			s.IRQ = apic.ISAInterrupt(s.IRQ.Number)
		}
		if s.Name == p.info.Console.Name {
			p.info.Console = *s
		}
	}
	if p.info.RTC.Kind != bootinfo.RTCNone {
		p.info.RTC.IRQ = apic.ISAInterrupt(p.info.RTC.IRQ.Number)
	}
}

// hpet reads the HPET table (IA-PC HPET specification 1.0a, 3.2.4).
func (p *parser) hpet() {
	const size, registers = 56, 0x400
	b := p.find("HPET", size)
	if b == nil {
		return
	}
	if r := fields(b).register(40); r.Valid() && r.Space == bootinfo.SpaceMemory {
		p.info.Timer.HPET = bootinfo.RangeOf(r.Address, registers)
	}
}

// spcr reads the serial port console redirection table, which servers and
// virtual machines have. Only 16550-compatible ports are of use here.
func (p *parser) spcr() {
	const (
		size              = 80
		interruptIOAPIC   = 1 << 1
		kind16550         = 0
		kind16450         = 1
		kind16550Register = 0x12 // 16550 with the distances that the register gives
	)
	b := fields(p.find("SPCR", size))
	if b == nil {
		return
	}
	if k := b.u8(36); k != kind16550 && k != kind16450 && k != kind16550Register {
		p.info.Note("ACPI: the console is a port of type %d, which we cannot drive.", k)
		return
	}
	r := b.register(40)
	if !r.Valid() || r.Space > bootinfo.SpaceIO {
		return
	}
	for _, s := range p.info.Serial {
		if r.Space == bootinfo.SpaceIO && s.Base == r.Address {
			p.info.Console = s
			return
		}
	}
	port := bootinfo.Serial{
		Kind: bootinfo.Serial8250Port, Name: "ttyS4", Base: r.Address, Size: 8, RegWidth: 1,
		IRQ: bootinfo.IRQ{Number: bootinfo.NoIRQ},
	}
	if r.Space == bootinfo.SpaceMemory {
		port.Kind = bootinfo.Serial8250
		port.RegWidth = r.Width / 8
		if r.Width == 32 {
			port.RegShift = 2
		}
		port.Size = 8 << port.RegShift
	}
	if b.u8(52)&interruptIOAPIC != 0 {
		port.IRQ = bootinfo.IRQ{Number: int(b.u32(54)), Trigger: bootinfo.TriggerDefault}
	}
	p.info.Serial = append(p.info.Serial, port)
	p.info.Console = port
}
