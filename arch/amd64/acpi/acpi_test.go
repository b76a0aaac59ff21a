package acpi

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onsen/arch/amd64/internal/physmem"
	"onsen/arch/bootinfo"
)

// com returns a PC's serial ports, with the given interrupts for COM1 and COM2.
func com(irq1, irq2 int) []bootinfo.Serial {
	const edge = bootinfo.TriggerEdgeRising
	port := func(name string, base uint64, irq int) bootinfo.Serial {
		return bootinfo.Serial{
			Kind: bootinfo.Serial8250Port, Name: name, Base: base, Size: 8, RegWidth: 1,
			IRQ: bootinfo.IRQ{Number: irq, Trigger: edge}, ClockHz: 1843200,
		}
	}
	return []bootinfo.Serial{
		port("ttyS0", 0x3f8, irq1), port("ttyS1", 0x2f8, irq2), port("ttyS2", 0x3e8, irq1), port("ttyS3", 0x2e8, irq2),
	}
}

func cpus(n int) (out []bootinfo.CPU) {
	for i := range n {
		out = append(out, bootinfo.CPU{
			HardwareID: uint64(i), FirmwareID: uint32(i), Enabled: true, EnableMethod: bootinfo.EnableINIT,
		})
	}
	return out
}

func port(width uint8, address uint64) bootinfo.Register {
	return bootinfo.Register{Space: bootinfo.SpaceIO, Width: width, Address: address}
}

// qemuPC is what the machines pc and q35 have in common.
func qemuPC(n int) bootinfo.Info {
	const level = bootinfo.TriggerLevelHigh
	no := bootinfo.IRQ{Number: bootinfo.NoIRQ}
	return bootinfo.Info{
		Firmware: ", ACPI",
		CPUs:     cpus(n),
		Console:  com(4, 3)[0],
		Serial:   com(4, 3),
		InterruptController: bootinfo.InterruptController{
			Kind: bootinfo.ControllerAPIC,
			APIC: bootinfo.APIC{
				Local:   0xfee00000,
				IOAPICs: []bootinfo.IOAPIC{{Base: 0xfec00000}},
				Overrides: []bootinfo.ISAOverride{
					{ISA: 0, GSI: 2}, {ISA: 5, GSI: 5, Trigger: level}, {ISA: 9, GSI: 9, Trigger: level},
					{ISA: 10, GSI: 10, Trigger: level}, {ISA: 11, GSI: 11, Trigger: level},
				},
				LocalNMIs: []bootinfo.LocalNMI{{FirmwareID: bootinfo.AllCPUs, LINT: 1}},
				LegacyPIC: true,
			},
		},
		Timer: bootinfo.Timer{
			SecurePhysical: no, Physical: no, Virtual: no, Hypervisor: no,
			PIT: true, HPET: bootinfo.RangeOf(0xfed00000, 0x400), PMTimer: port(32, 0x608),
		},
		RTC: bootinfo.RTC{
			Kind: bootinfo.RTCMC146818, CenturyReg: 0x32,
			IRQ: bootinfo.IRQ{Number: 8, Trigger: bootinfo.TriggerEdgeRising},
		},
		Power: bootinfo.Power{HasS5: true, PM1aControl: port(16, 0x604), SMICommand: 0xb2},
	}
}

func TestFillMachines(t *testing.T) {
	memory := func(address uint64) bootinfo.Register {
		return bootinfo.Register{Space: bootinfo.SpaceMemory, Width: 8, Address: address}
	}
	for name, want := range map[string]func() bootinfo.Info{
		"pc": func() bootinfo.Info {
			info := qemuPC(4)
			info.Power.ACPIEnable = 0xf1
			return info
		},
		"q35": func() bootinfo.Info {
			info := qemuPC(2)
			info.Power.ACPIEnable = 2
			info.Power.Reset, info.Power.ResetValue = port(8, 0xcf9), 0xf
			return info
		},
		"microvm": func() bootinfo.Info {
			info := qemuPC(2)
			info.InterruptController.APIC.IOAPICs = []bootinfo.IOAPIC{
				{Base: 0xfec00000}, {ID: 1, Base: 0xfec10000, GSIBase: 24},
			}
			info.InterruptController.APIC.Overrides = nil
			info.Timer.HPET, info.Timer.PMTimer = bootinfo.Range{}, bootinfo.Register{}
			info.RTC.CenturyReg = 0
			info.Power = bootinfo.Power{
				HasS5: true, SleepTypeA: 5, HardwareReduced: true,
				SleepControl: memory(0xfea00200), SleepStatus: memory(0xfea00201),
				Reset: memory(0xfea00202), ResetValue: 0x42,
			}
			return info
		},
	} {
		image, err := physmem.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		start, _ := image.Read(physmem.Machines[name], 56)
		var info bootinfo.Info
		if err := Fill(image.Read, le.Uint64(start[32:]), &info); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w := want()
		compare(t, name, &info, &w)
	}
}

// compare reports the fields in which two Infos differ.
func compare(t *testing.T, name string, got, want *bootinfo.Info) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s: %s:\n got %+v\nwant %+v", name, g.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
}

// TestNoTables checks the assumptions about a machine without ACPI.
func TestNoTables(t *testing.T) {
	var info bootinfo.Info
	if err := Fill((&physmem.Image{}).Read, 0, &info); !errors.Is(err, ErrNoTables) {
		t.Errorf("error %v", err)
	}
	want := qemuPC(0)
	want.Firmware = ""
	want.CPUs = []bootinfo.CPU{{Enabled: true, Boot: true}}
	apic := &want.InterruptController.APIC
	apic.Overrides, apic.LocalNMIs = apic.Overrides[:1], nil
	want.Timer.HPET, want.Timer.PMTimer = bootinfo.Range{}, bootinfo.Register{}
	want.RTC.CenturyReg = 0
	want.Power = bootinfo.Power{}
	compare(t, "no tables", &info, &want)
}

// firmware builds ACPI tables in a fake memory.
type firmware struct {
	image *physmem.Image
	next  uint64
	root  []byte // entries of the XSDT
	fadt  []byte
}

// tablesAt is where firmware puts tables, above 4 GiB so that only an XSDT
// reaches them.
const tablesAt = 0x1_4000_0000

func newFirmware() *firmware {
	f := &firmware{image: &physmem.Image{}, next: tablesAt, fadt: make([]byte, 268)}
	f.fadt[8] = 6
	return f
}

// sum makes the bytes of b add up to 0 by changing b[at].
func sum(b []byte, at int) { b[at] -= checksum(b) }

// header wraps a table's body.
func header(signature string, body []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(body))
	copy(b, signature)
	b[8] = 1
	b = append(b, body...)
	le.PutUint32(b[4:], uint32(len(b)))
	sum(b, 9)
	return b
}

// place puts bytes into memory on a page of their own.
func (f *firmware) place(b []byte) uint64 {
	at := f.next
	f.image.Put(at, b)
	f.next = (at + uint64(len(b)) + 4096) &^ 4095
	return at
}

// add places a table and lists it.
func (f *firmware) add(signature string, body []byte) []byte {
	b := header(signature, body)
	f.root = le.AppendUint64(f.root, f.place(b))
	return b
}

func rsdp(revision byte, rsdt uint32, xsdt uint64) []byte {
	b := make([]byte, rsdpSize2)
	copy(b, rsdpSignature)
	b[15] = revision
	le.PutUint32(b[16:], rsdt)
	le.PutUint32(b[20:], rsdpSize2)
	le.PutUint64(b[24:], xsdt)
	sum(b[:rsdpSize], 8)
	sum(b, 32)
	return b
}

// run writes FADT, XSDT and RSDP, and returns what Fill makes of them.
func (f *firmware) run(t *testing.T) *bootinfo.Info {
	t.Helper()
	f.add("FACP", f.fadt[headerSize:])
	xsdt := f.place(header("XSDT", f.root))
	info := &bootinfo.Info{}
	if err := Fill(f.image.Read, f.place(rsdp(2, 0, xsdt)), info); err != nil {
		t.Fatal(err)
	}
	return info
}

// entries joins MADT entries behind the two fixed fields.
func entries(parts ...[]byte) []byte {
	return append([]byte{0, 0, 0xe0, 0xfe, 0, 0, 0, 0}, bytes.Join(parts, nil)...)
}

var (
	cpu0   = []byte{0, 8, 0, 0, 1, 0, 0, 0}
	ioapic = []byte{1, 12, 7, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0}
)

func TestMADT(t *testing.T) {
	f := newFirmware()
	f.add("APIC", entries(
		cpu0,
		[]byte{0, 8, 1, 4, 0, 0, 0, 0},    // an empty socket
		[]byte{0, 8, 2, 6, 2, 0, 0, 0},    // may be plugged in later
		[]byte{0, 8, 3, 0xff, 1, 0, 0, 0}, // no CPU
		[]byte{0, 8, 4, 0, 1, 0, 0, 0},    // a second one with ID 0
		[]byte{42, 5, 1, 2, 3},            // unknown
		[]byte{9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0}, // x2APIC 256
		[]byte{9, 16, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 5, 0, 0, 0},
		ioapic,
		[]byte{2, 10, 0, 4, 14, 0, 0, 0, 0x0f, 0}, // IRQ 4: level, low
		[]byte{2, 10, 0, 3, 13, 0, 0, 0, 0x07, 0}, // IRQ 3: edge, falling
		[]byte{2, 10, 0, 99, 13, 0, 0, 0, 0, 0},
		[]byte{4, 6, 0xff, 5, 0, 1},
		[]byte{4, 6, 0, 0, 0, 9},
		[]byte{10, 12, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0},
		[]byte{5, 12, 0, 0, 0, 0, 0xe1, 0xfe, 0, 0, 0, 0},
		[]byte{1, 3, 0}, // too short
		[]byte{0, 1},    // would never end
		cpu0,
	))
	info := f.run(t)
	wantCPUs := []bootinfo.CPU{
		{HardwareID: 0, FirmwareID: 0, Enabled: true, EnableMethod: bootinfo.EnableINIT},
		{HardwareID: 6, FirmwareID: 2, EnableMethod: bootinfo.EnableINIT},
		{HardwareID: 256, FirmwareID: 5, Enabled: true, EnableMethod: bootinfo.EnableINIT},
	}
	want := bootinfo.APIC{
		Local:   0xfee10000,
		IOAPICs: []bootinfo.IOAPIC{{ID: 7, Base: 0xfec00000}},
		Overrides: []bootinfo.ISAOverride{
			{ISA: 4, GSI: 14, Trigger: bootinfo.TriggerLevelLow}, {ISA: 3, GSI: 13, Trigger: bootinfo.TriggerEdgeFalling},
		},
		LocalNMIs: []bootinfo.LocalNMI{
			{FirmwareID: bootinfo.AllCPUs, LINT: 1, Trigger: bootinfo.TriggerEdgeRising}, {FirmwareID: 5},
		},
	}
	if !reflect.DeepEqual(info.CPUs, wantCPUs) || !reflect.DeepEqual(info.InterruptController.APIC, want) {
		t.Errorf("got %+v\n%+v", info.CPUs, info.InterruptController.APIC)
	}
	if got := info.Console.IRQ; got != (bootinfo.IRQ{Number: 14, Trigger: bootinfo.TriggerLevelLow}) {
		t.Errorf("console interrupt %v", got)
	}
	notes := strings.Join(info.Diagnostics, "\n")
	for _, note := range []string{"second CPU", "bus 0, interrupt 99", "pin 9", "has only 3 bytes", "has length 1"} {
		if !strings.Contains(notes, note) {
			t.Errorf("no note %q in\n%s", note, notes)
		}
	}
}

func TestIncompleteMADT(t *testing.T) {
	for name, body := range map[string][]byte{
		"no CPU":    entries(ioapic),
		"no IOAPIC": entries(cpu0),
		"short":     {1, 2, 3},
	} {
		f := newFirmware()
		f.add("APIC", body)
		info := f.run(t)
		if len(info.CPUs) != 1 || len(info.InterruptController.APIC.IOAPICs) != 1 || !strings.Contains(fmt.Sprint(info.Diagnostics), "assuming one CPU") {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

// gas writes a generic address.
func gas(b []byte, space, width, offset, access byte, address uint64) {
	b[0], b[1], b[2], b[3] = space, width, offset, access
	le.PutUint64(b[4:], address)
}

func TestFADT(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(b []byte)
		check  func(*bootinfo.Info) bool
	}{
		{"ports only", func(b []byte) {
			le.PutUint32(b[fadtPM1aCnt:], 0x404)
			le.PutUint32(b[fadtPM1bCnt:], 0x808)
			b[fadtPM1CntLen] = 2
			le.PutUint32(b[fadtPMTimer:], 0x408)
			b[fadtPMTimerLen] = 4
			b[fadtFlags+1] = 1 // 32-bit timer
		}, func(i *bootinfo.Info) bool {
			return i.Power.PM1aControl == port(16, 0x404) && i.Power.PM1bControl == port(16, 0x808) &&
				i.Timer.PMTimer == port(32, 0x408) && i.Timer.PMTimer32
		}},
		{"extended addresses win", func(b []byte) {
			le.PutUint32(b[fadtPM1aCnt:], 0x404)
			b[fadtPM1CntLen] = 2
			gas(b[fadtXPM1aCnt:], 0, 16, 0, 2, 0xfed80804)
		}, func(i *bootinfo.Info) bool {
			return i.Power.PM1aControl == bootinfo.Register{Space: bootinfo.SpaceMemory, Width: 16, Address: 0xfed80804}
		}},
		{"width from access size", func(b []byte) { gas(b[fadtXPM1aCnt:], 1, 0, 0, 2, 0x404) },
			func(i *bootinfo.Info) bool { return i.Power.PM1aControl == port(16, 0x404) }},
		{"registers that are none", func(b []byte) {
			gas(b[fadtXPM1aCnt:], 1, 16, 0, 2, 0x10404)  // no such port
			gas(b[fadtXPM1bCnt:], 4, 16, 0, 2, 0x404)    // SMBus
			gas(b[fadtXPMTimer:], 1, 24, 0, 3, 0x408)    // odd width
			gas(b[fadtResetReg:], 1, 8, 3, 1, 0xcf9)     // bit offset
			le.PutUint32(b[fadtPM1aCnt:], 0x10404)       // no such port
			b[fadtFlags+1], b[fadtPM1CntLen] = 4, 2      // reset supported
			le.PutUint32(b[fadtSMICommand:], 0xffff0000) // no such port
			b[fadtACPIEnable] = 1
		}, func(i *bootinfo.Info) bool {
			return i.Power == bootinfo.Power{} && !i.Timer.PMTimer.Valid()
		}},
		{"reset register needs its flag", func(b []byte) { gas(b[fadtResetReg:], 1, 8, 0, 1, 0xcf9) },
			func(i *bootinfo.Info) bool { return !i.Power.Reset.Valid() }},
		{"hardware reduced", func(b []byte) {
			b[fadtFlags+2] = 0x10
			gas(b[fadtSleepCtl:], 0, 8, 0, 1, 0x1000)
			gas(b[fadtXPM1aCnt:], 1, 16, 0, 2, 0x404)
		}, func(i *bootinfo.Info) bool {
			return i.Power.HardwareReduced && i.Power.SleepControl.Address == 0x1000 && !i.Power.PM1aControl.Valid()
		}},
		{"no RTC", func(b []byte) { b[fadtBootArch] = bootArchNoRTC },
			func(i *bootinfo.Info) bool { return i.RTC.Kind == bootinfo.RTCNone }},
		{"no RTC, but before that flag was", func(b []byte) { b[8], b[fadtBootArch] = 3, bootArchNoRTC },
			func(i *bootinfo.Info) bool { return i.RTC.Kind == bootinfo.RTCMC146818 }},
	} {
		f := newFirmware()
		f.add("APIC", entries(cpu0, ioapic))
		c.change(f.fadt)
		b := header("FACP", f.fadt[headerSize:])
		b[8] = f.fadt[8]
		sum(b, 9)
		f.root = le.AppendUint64(f.root, f.place(b))
		xsdt := f.place(header("XSDT", f.root))
		var info bootinfo.Info
		if err := Fill(f.image.Read, f.place(rsdp(2, 0, xsdt)), &info); err != nil || !c.check(&info) {
			t.Errorf("%s: %v %+v", c.name, err, info)
		}
	}
}

func TestFindS5(t *testing.T) {
	const ok, none = true, false
	for _, c := range []struct {
		name string
		aml  string
		a, b uint8
		ok   bool
	}{
		{"bytes", "\x08_S5_\x12\x0a\x04\x0a\x05\x0a\x03\x00\x00", 5, 3, ok},
		{"zeros", "\x08_S5_\x12\x06\x04\x00\x00\x00\x00", 0, 0, ok},
		{"one and word", "\x08_S5_\x12\x09\x02\x01\x0b\x07\x00", 1, 7, ok},
		{"double word", "\x08_S5_\x12\x09\x02\x0c\x02\x00\x00\x00\x01", 2, 1, ok},
		{"root prefix", "\x08\\_S5_\x12\x06\x04\x01\x02", 0, 0, none},
		{"root prefix and numbers", "\x08\\_S5_\x12\x06\x02\x01\x01", 1, 1, ok},
		{"long package length", "\x08_S5_\x12\x4a\x00\x04\x0a\x05\x00", 5, 0, ok},
		{"one element", "\x08_S5_\x12\x04\x01\x0a\x05", 5, 0, ok},
		{"not the first mention", "_S5_\x08_S4_\x08_S5_\x12\x06\x02\x01\x00", 1, 0, ok},
		{"method", "\x14\x09_S5_\x00\xa4\x12\x04\x02\x01\x01", 0, 0, none},
		{"no elements", "\x08_S5_\x12\x02\x00", 0, 0, none},
		{"too large", "\x08_S5_\x12\x06\x02\x0a\x08\x00", 0, 0, none},
		{"ones", "\x08_S5_\x12\x06\x02\xff\xff", 0, 0, none},
		{"computed", "\x08_S5_\x12\x06\x02ABCD", 0, 0, none},
		{"cut", "\x08_S5_\x12\x0a\x04\x0a", 0, 0, none},
		{"cut in the length", "\x08_S5_\x12\xc0", 0, 0, none},
		{"cut after the name", "\x08_S5_", 0, 0, none},
		{"nothing", "", 0, 0, none},
	} {
		if a, b, ok := findS5([]byte(c.aml)); a != c.a || b != c.b || ok != c.ok {
			t.Errorf("%s: %d, %d, %v", c.name, a, b, ok)
		}
	}
}

// TestS5InSSDT finds \_S5 outside the DSDT.
func TestS5InSSDT(t *testing.T) {
	f := newFirmware()
	le.PutUint64(f.fadt[fadtXDSDT:], f.place(header("DSDT", []byte("nothing"))))
	f.add("SSDT", []byte("\x08_S4_\x12\x06\x02\x01\x01"))
	f.add("SSDT", []byte("\x08_S5_\x12\x06\x02\x01\x01"))
	info := f.run(t)
	if p := info.Power; !p.HasS5 || p.SleepTypeA != 1 || p.SleepTypeB != 1 {
		t.Errorf("%+v", p)
	}
}

func TestSPCR(t *testing.T) {
	spcr := func(kind, space, width byte, address uint64, gsi uint32) []byte {
		b := make([]byte, 80-headerSize)
		b[0] = kind
		gas(b[4:], space, width, 0, 0, address)
		b[52-headerSize] = 2
		le.PutUint32(b[54-headerSize:], gsi)
		return b
	}
	for _, c := range []struct {
		name  string
		body  []byte
		check func(bootinfo.Serial) bool
	}{
		{"COM2", spcr(0, 1, 8, 0x2f8, 3), func(s bootinfo.Serial) bool { return s == com(4, 3)[1] }},
		{"other port", spcr(0, 1, 8, 0x1000, 17), func(s bootinfo.Serial) bool {
			return s.Kind == bootinfo.Serial8250Port && s.Name == "ttyS4" && s.Base == 0x1000 && s.IRQ.Number == 17
		}},
		{"memory", spcr(0x12, 0, 32, 0xfedc9000, 3), func(s bootinfo.Serial) bool {
			return s.Kind == bootinfo.Serial8250 && s.RegShift == 2 && s.RegWidth == 4 && s.Size == 32 && s.ClockHz == 0 && s.IRQ.Number == 3
		}},
		{"another kind", spcr(3, 0, 32, 0xfedc9000, 3), func(s bootinfo.Serial) bool { return s == com(4, 3)[0] }},
		{"no address", spcr(0, 1, 8, 0, 3), func(s bootinfo.Serial) bool { return s == com(4, 3)[0] }},
		{"short", []byte{1, 2, 3}, func(s bootinfo.Serial) bool { return s == com(4, 3)[0] }},
	} {
		f := newFirmware()
		f.add("APIC", entries(cpu0, ioapic))
		f.add("SPCR", c.body)
		if info := f.run(t); !c.check(info.Console) || !slices.Contains(info.Serial, info.Console) {
			t.Errorf("%s: %+v", c.name, info.Console)
		}
	}
}

func TestRootPointer(t *testing.T) {
	madt := header("APIC", entries(cpu0, ioapic))
	build := func() *physmem.Image {
		image := &physmem.Image{}
		image.Put(0x20000, madt)
		image.Put(0x21000, header("RSDT", []byte{0, 0, 0, 0, 0, 0, 2, 0}))
		image.Put(0x22000, header("XSDT", []byte{0, 0, 2, 0, 0, 0, 0, 0, 1, 2, 3})) // and an incomplete entry
		return image
	}
	damaged := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at]++
		return b
	}
	rev0, rev2 := rsdp(0, 0x21000, 0)[:rsdpSize], rsdp(2, 0x21000, 0x22000)
	for _, c := range []struct {
		name    string
		at      uint64
		pointer []byte
		say     uint64
		ok      bool
	}{
		{"revision 0", 0x10000, rev0, 0x10000, true},
		{"revision 2", 0x10000, rev2, 0x10000, true},
		{"revision 2 without XSDT", 0x10000, rsdp(2, 0x21000, 0), 0x10000, true},
		{"second half damaged", 0x10000, damaged(rev2, 24), 0x10000, true},
		{"damaged", 0x10000, damaged(rev2, 9), 0x10000, false},
		{"not said, in the BIOS", 0xf0010, rev0, 0, true},
		{"not said, in the BIOS's last bytes", 0x100000 - 32, rev0, 0, true},
		{"not said, in the EBDA", 0x9fc20, rev2, 0, true},
		{"not said, not aligned", 0xf0018, rev0, 0, false},
		{"said wrongly", 0xf0010, rev2, 0x666000, true},
		{"RSDT is no RSDT", 0x10000, rsdp(0, 0x20000, 0)[:rsdpSize], 0x10000, false},
		{"XSDT is no XSDT", 0x10000, rsdp(2, 0, 0x21000), 0x10000, false},
		{"RSDT not there", 0x10000, rsdp(0, 0x666000, 0)[:rsdpSize], 0x10000, false},
	} {
		image := build()
		image.Put(0x40e, []byte{0xc0, 0x9f}) // the EBDA is at 0x9fc00
		image.Put(0x9fc00, make([]byte, 0x400))
		image.Put(0xe0000, make([]byte, 0x20000))
		image.Put(c.at, c.pointer)
		var info bootinfo.Info
		err := Fill(image.Read, c.say, &info)
		if (err == nil) != c.ok || (err == nil) != (info.CPUs[0].EnableMethod == bootinfo.EnableINIT) {
			t.Errorf("%s: %v, %q", c.name, err, info.Diagnostics)
		}
	}
}

func TestDamagedTables(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b []byte)
		note   string
	}{
		"checksum":     {func(b []byte) { b[40]++ }, "checksum"},
		"short length": {func(b []byte) { le.PutUint32(b[4:], 35) }, "implausible length"},
		"giant length": {func(b []byte) { le.PutUint32(b[4:], 0xffffffff) }, "implausible length"},
		"outside":      {func(b []byte) { le.PutUint32(b[4:], 3<<20) }, "not all of its"},
		"signature":    {func(b []byte) { copy(b, "\x1b[2J"); sum(b, 9) }, "no interrupt controllers"},
	} {
		f := newFirmware()
		c.change(f.add("APIC", entries(cpu0, ioapic)))
		info := f.run(t)
		if notes := fmt.Sprint(info.Diagnostics); !strings.Contains(notes, c.note) || strings.Contains(notes, "\x1b") {
			t.Errorf("%s: %q", name, notes)
		}
	}
	f := newFirmware()
	f.root = le.AppendUint64(f.root, 0x666000)
	if info := f.run(t); !strings.Contains(fmt.Sprint(info.Diagnostics), "table at 0x666000 is not readable") {
		t.Errorf("%q", info.Diagnostics)
	}
	f = newFirmware()
	for range maxTables {
		f.root = le.AppendUint64(f.root, f.next) // the FADT
	}
	if info := f.run(t); !strings.Contains(fmt.Sprint(info.Diagnostics), "more than 256 tables") {
		t.Errorf("%q", info.Diagnostics)
	}
}

// FuzzFill damages a machine's memory: every byte of patch that is not zero
// is added to a byte of the tables. A checksum is put right again, or nothing
// behind it would ever be reached.
func FuzzFill(f *testing.F) {
	for _, name := range []string{"pc", "q35", "microvm"} {
		f.Add(name, uint64(0), []byte{})
		f.Add(name, uint64(50), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, name string, offset uint64, patch []byte) {
		image, err := physmem.Load(name)
		if err != nil {
			t.Skip()
		}
		start, _ := image.Read(physmem.Machines[name], 56)
		root := le.Uint64(start[32:])
		for _, address := range tablesOf(image, root) {
			b := image.Find(address)
			if offset < uint64(len(b)) {
				for i := range min(len(patch), len(b)-int(offset)) {
					b[int(offset)+i] += patch[i]
				}
			}
			if length := le.Uint32(b[4:]); length >= headerSize && uint64(length) <= uint64(len(b)) {
				sum(b[:length], 9)
			}
		}
		var info bootinfo.Info
		if err := Fill(image.Read, root, &info); err != nil && !errors.Is(err, ErrNoTables) {
			t.Error(err)
		}
		if len(info.CPUs) == 0 || len(info.InterruptController.APIC.IOAPICs) == 0 {
			t.Errorf("incomplete: %+v", info)
		}
	})
}

// tablesOf returns the addresses of a machine's tables.
func tablesOf(image *physmem.Image, rsdp uint64) (out []uint64) {
	p := &parser{read: image.Read, info: &bootinfo.Info{}}
	root, wide, ok := p.rootPointer(rsdp)
	if !ok {
		return nil
	}
	out = append(out, root)
	list := image.Find(root)
	list = list[headerSize:le.Uint32(list[4:])]
	for len(list) >= 4 {
		if wide {
			out, list = append(out, le.Uint64(list)), list[8:]
		} else {
			out, list = append(out, uint64(le.Uint32(list))), list[4:]
		}
	}
	return out
}

func FuzzFindS5(f *testing.F) {
	f.Add([]byte("\x08_S5_\x12\x0a\x04\x0a\x05\x0a\x03\x00\x00"))
	f.Fuzz(func(t *testing.T, aml []byte) {
		if a, b, ok := findS5(aml); ok && (a > 7 || b > 7) {
			t.Errorf("%d, %d", a, b)
		}
	})
}
