package acpi

import "onsen/arch/bootinfo"

// Layout of the fixed ACPI description table (ACPI 5.2.9). Its length grew
// with the revisions; a field beyond the end does not exist.
const (
	fadtMinimum = 116 // revision 1

	fadtDSDT       = 40
	fadtSMICommand = 48
	fadtACPIEnable = 52
	fadtPM1aCnt    = 64
	fadtPM1bCnt    = 68
	fadtPMTimer    = 76
	fadtPM1CntLen  = 89
	fadtPMTimerLen = 91
	fadtCentury    = 108
	fadtBootArch   = 109
	fadtFlags      = 112
	fadtResetReg   = 116
	fadtResetValue = 128
	fadtXDSDT      = 140
	fadtXPM1aCnt   = 172
	fadtXPM1bCnt   = 184
	fadtXPMTimer   = 208
	fadtSleepCtl   = 244
	fadtSleepSts   = 256

	flagTimer32         = 1 << 8
	flagResetSupported  = 1 << 10
	flagHardwareReduced = 1 << 20

	bootArchNoRTC = 1 << 5 // since revision 5 (ACPI, table 5.11)
)

// fields reads the fields of a table; those beyond its end are zero.
type fields []byte

func (f fields) u8(at int) uint8 {
	if at+1 > len(f) {
		return 0
	}
	return f[at]
}

func (f fields) u16(at int) uint16 {
	if at+2 > len(f) {
		return 0
	}
	return le.Uint16(f[at:])
}

func (f fields) u32(at int) uint32 {
	if at+4 > len(f) {
		return 0
	}
	return le.Uint32(f[at:])
}

func (f fields) u64(at int) uint64 {
	if at+8 > len(f) {
		return 0
	}
	return le.Uint64(f[at:])
}

// register reads a generic address (ACPI 5.2.3.2). It gives no register for
// address 0, for address spaces that need an interpreter, and for registers
// that do not start at a byte.
func (f fields) register(at int) (r bootinfo.Register) {
	space, width, offset, access, address := f.u8(at), f.u8(at+1), f.u8(at+2), f.u8(at+3), f.u64(at+4)
	if address == 0 || space > uint8(bootinfo.SpacePCIConfig) || offset != 0 {
		return r
	}
	if space == uint8(bootinfo.SpaceIO) && address > 0xffff {
		return r
	}
	if width == 0 && access >= 1 && access <= 4 {
		width = 8 << (access - 1)
	}
	switch width {
	case 0:
		width = 8
	case 8, 16, 32, 64:
	default:
		return r
	}
	return bootinfo.Register{Space: bootinfo.AddressSpace(space), Width: width, Address: address}
}

// registerOrPort reads a generic address at x, or if that is empty the port
// number at old, whose registers have length bytes.
func (f fields) registerOrPort(x, old int, length uint8) bootinfo.Register {
	if r := f.register(x); r.Valid() {
		return r
	}
	port := f.u32(old)
	if port == 0 || port > 0xffff || length == 0 || length > 4 {
		return bootinfo.Register{}
	}
	return bootinfo.Register{Space: bootinfo.SpaceIO, Width: 8 * length, Address: uint64(port)}
}

// fadt reads power management and what legacy hardware there is, and adds the
// DSDT to the tables.
func (p *parser) fadt() {
	b := fields(p.find("FACP", fadtMinimum))
	if b == nil {
		p.info.Note("ACPI: no FADT: the machine cannot be switched off.")
		return
	}
	flags := b.u32(fadtFlags)
	power := &p.info.Power
	power.HardwareReduced = flags&flagHardwareReduced != 0
	if power.HardwareReduced {
		power.SleepControl = b.register(fadtSleepCtl)
		power.SleepStatus = b.register(fadtSleepSts)
	} else {
		length := b.u8(fadtPM1CntLen)
		power.PM1aControl = b.registerOrPort(fadtXPM1aCnt, fadtPM1aCnt, length)
		power.PM1bControl = b.registerOrPort(fadtXPM1bCnt, fadtPM1bCnt, length)
		if port := b.u32(fadtSMICommand); port <= 0xffff {
			power.SMICommand, power.ACPIEnable = uint16(port), b.u8(fadtACPIEnable)
		}
		p.info.Timer.PMTimer = b.registerOrPort(fadtXPMTimer, fadtPMTimer, b.u8(fadtPMTimerLen))
		p.info.Timer.PMTimer32 = flags&flagTimer32 != 0
	}
	if flags&flagResetSupported != 0 {
		power.Reset, power.ResetValue = b.register(fadtResetReg), b.u8(fadtResetValue)
	}
	if b[8] >= 5 && b.u16(fadtBootArch)&bootArchNoRTC != 0 {
		p.info.RTC = bootinfo.RTC{}
	}
	p.info.RTC.CenturyReg = b.u8(fadtCentury)
	p.dsdt(b)
}

// dsdt adds the DSDT, which only the FADT points to, to the tables.
func (p *parser) dsdt(fadt fields) {
	address := fadt.u64(fadtXDSDT)
	if address == 0 {
		address = uint64(fadt.u32(fadtDSDT))
	}
	if address == 0 {
		return
	}
	if t, ok := p.table(address); ok {
		p.tables = append(p.tables, t)
	}
}
