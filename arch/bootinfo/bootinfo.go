// Package bootinfo holds what the firmware told us about the machine, in one
// form for both architectures: arch/amd64 fills it from PVH and ACPI,
// arch/arm64 from the device tree.
//
// The package is pure data: nothing here touches hardware. An Info is filled
// by one CPU during start-up and only read afterwards, so it needs no lock.
//
// All addresses are physical. The zero value of every field means "the
// firmware did not say"; a Kind of zero means the device is absent.
package bootinfo

import "fmt"

// Info is the machine as its firmware describes it.
type Info struct {
	// Firmware names the sources, for the log: "PVH, ACPI", "device tree".
	Firmware string

	// Model is the machine's own name, empty if it has none.
	Model string

	// Memory is usable RAM: sorted, disjoint and not touching each other.
	// Ends need not be page aligned. Reserved is not cut out of it.
	Memory []Range

	// Reserved lists ranges that must not be allocated, in the order found.
	// They may overlap each other, and may lie outside Memory. The initrd
	// and the firmware's own tables are listed here too.
	Reserved []Reserved

	// CommandLine is the kernel command line, without a trailing NUL.
	CommandLine string

	// Initrd is the initramfs image as loaded; empty if there is none.
	Initrd Range

	// Seed is entropy handed over by the boot loader; may be empty. Whoever
	// consumes it clears it.
	Seed []byte

	// CPUs lists the processors; the boot CPU is element 0, and an index
	// into this slice is the kernel's CPU number. It has at least one element.
	CPUs []CPU

	// Console is the serial port the firmware names as console, or the
	// platform's default. Serial lists all known ports in ttyS/ttyAMA order.
	Console Serial
	Serial  []Serial

	// Virtio lists the register blocks of virtio devices in memory, of which
	// some may be empty slots.
	Virtio []Range

	InterruptController InterruptController
	Timer               Timer
	RTC                 RTC
	PSCI                PSCI
	Power               Power

	// Diagnostics are complete sentences about what was odd but survivable.
	Diagnostics []string
}

// maxDiagnostics bounds Diagnostics, so that nonsense from the firmware cannot
// fill memory and log.
const maxDiagnostics = 64

// Note records something odd but survivable in Diagnostics.
func (info *Info) Note(format string, args ...any) {
	switch n := len(info.Diagnostics); {
	case n == maxDiagnostics-1:
		info.Diagnostics = append(info.Diagnostics, "There is more that is odd; it is not listed.")
		return
	case n >= maxDiagnostics:
		return
	}
	info.Diagnostics = append(info.Diagnostics, fmt.Sprintf(format, args...))
}

// Reserve adds a reserved range. Empty ranges are ignored.
func (info *Info) Reserve(r Range, why string) {
	if !r.Empty() {
		info.Reserved = append(info.Reserved, Reserved{r, why})
	}
}

// EnableMethod says how a CPU that is not running is started.
type EnableMethod uint8

const (
	EnableUnknown   EnableMethod = iota
	EnableINIT                   // INIT and start-up IPIs (amd64)
	EnablePSCI                   // PSCI CPU_ON (arm64)
	EnableSpinTable              // write the entry address to ReleaseAddr, SEV (arm64)
)

func (m EnableMethod) String() string {
	switch m {
	case EnableINIT:
		return "INIT"
	case EnablePSCI:
		return "psci"
	case EnableSpinTable:
		return "spin-table"
	}
	return "unknown"
}

// CPU is one processor.
type CPU struct {
	// HardwareID is the local APIC ID on amd64 and the affinity fields of
	// MPIDR_EL1 (Aff3 in bits 39:32) on arm64.
	HardwareID uint64

	// FirmwareID is the ACPI processor UID; equal to HardwareID on arm64.
	FirmwareID uint32

	// Enabled is false for a CPU that is present but must not be started.
	Enabled bool

	// Boot marks the CPU the kernel was entered on.
	Boot bool

	EnableMethod EnableMethod

	// ReleaseAddr is the spin-table mailbox; valid with EnableSpinTable only.
	ReleaseAddr uint64
}

// MarkBootCPU makes the CPU with the given hardware ID element 0 of CPUs and
// the only one with Boot set, keeping the order of the others. A CPU the
// firmware did not list is added, because we are running on it.
func (info *Info) MarkBootCPU(hardwareID uint64) {
	boot := CPU{HardwareID: hardwareID, FirmwareID: uint32(hardwareID), Enabled: true}
	found := false
	others := make([]CPU, 0, len(info.CPUs))
	for _, c := range info.CPUs {
		if c.HardwareID == hardwareID && !found {
			boot, found = c, true
			continue
		}
		c.Boot = false
		others = append(others, c)
	}
	if !found && len(info.CPUs) > 0 {
		info.Note("The boot CPU %#x is not in the firmware's list of %d CPUs.", hardwareID, len(info.CPUs))
	}
	if !boot.Enabled {
		info.Note("The firmware lists the boot CPU %#x as disabled.", hardwareID)
		boot.Enabled = true
	}
	boot.Boot = true
	info.CPUs = append([]CPU{boot}, others...)
}

// Trigger says when an interrupt line is active. The values are those of the
// device tree and of Linux's IRQ_TYPE_*.
type Trigger uint8

const (
	TriggerDefault     Trigger = 0 // the firmware did not say
	TriggerEdgeRising  Trigger = 1
	TriggerEdgeFalling Trigger = 2
	TriggerEdgeBoth    Trigger = 3
	TriggerLevelHigh   Trigger = 4
	TriggerLevelLow    Trigger = 8
)

// Edge reports whether the line is edge triggered.
func (t Trigger) Edge() bool { return t&TriggerEdgeBoth != 0 }

// Low reports whether the line is active low (level) or falling (edge).
func (t Trigger) Low() bool { return t == TriggerLevelLow || t == TriggerEdgeFalling }

func (t Trigger) String() string {
	switch t {
	case TriggerDefault:
		return "default"
	case TriggerEdgeRising:
		return "edge"
	case TriggerEdgeFalling:
		return "falling edge"
	case TriggerEdgeBoth:
		return "both edges"
	case TriggerLevelHigh:
		return "level"
	case TriggerLevelLow:
		return "low level"
	}
	return fmt.Sprintf("trigger %d", uint8(t))
}

// IRQ is an interrupt line as arch.SetupIRQ numbers it: the global system
// interrupt on amd64, the GIC's INTID on arm64 (PPIs 16-31, SPIs from 32; the
// device tree's per-type number is already converted). A line that the
// firmware does not give has Number NoIRQ.
type IRQ struct {
	Number  int
	Trigger Trigger
}

// NoIRQ is the Number of an interrupt line that does not exist.
const NoIRQ = -1

// Valid reports whether the line exists.
func (i IRQ) Valid() bool { return i.Number >= 0 }

// SerialKind is the register model of a serial port.
type SerialKind uint8

const (
	SerialNone     SerialKind = iota
	Serial8250Port            // 16550 family, Base is an I/O port
	Serial8250                // 16550 family, memory mapped, see RegShift and RegWidth
	SerialPL011               // Arm PL011, 32-bit registers
	SerialMiniUART            // BCM2835 auxiliary UART: 8250 registers, no FIFO control
)

func (k SerialKind) String() string {
	switch k {
	case Serial8250Port:
		return "8250 port"
	case Serial8250:
		return "8250"
	case SerialPL011:
		return "pl011"
	case SerialMiniUART:
		return "mini uart"
	}
	return "none"
}

// Serial is one serial port.
type Serial struct {
	Kind SerialKind

	// Name is Linux's name of the port: ttyS0, ttyAMA0.
	Name string

	// Base is the physical address of the registers, or the first I/O port
	// for Serial8250Port. Size is the length of the register block.
	Base, Size uint64

	// RegShift is log2 of the distance between registers, RegWidth their
	// access width in bytes.
	RegShift, RegWidth uint8

	IRQ IRQ

	// ClockHz is the input clock of the baud rate generator, 0 if unknown:
	// then the divisor must be left as the firmware set it.
	ClockHz uint32

	// Options is what follows the colon in stdout-path, such as "115200n8".
	Options string
}

// ControllerKind is the kind of an interrupt controller.
type ControllerKind uint8

const (
	ControllerNone    ControllerKind = iota
	ControllerAPIC                   // local APICs and I/O APICs
	ControllerGICv2                  // Arm GICv2 (also GIC-400, Cortex-A15 GIC)
	ControllerGICv3                  // Arm GICv3 and GICv4, system registers
	ControllerBCM2836                // Raspberry Pi 2/3 per-CPU controller
)

func (k ControllerKind) String() string {
	switch k {
	case ControllerAPIC:
		return "APIC"
	case ControllerGICv2:
		return "GICv2"
	case ControllerGICv3:
		return "GICv3"
	case ControllerBCM2836:
		return "BCM2836"
	}
	return "none"
}

// InterruptController is the root interrupt controller. Only the part that
// belongs to Kind is filled.
type InterruptController struct {
	Kind ControllerKind
	GIC  GIC
	APIC APIC

	// BCMLocal is the register block of a BCM2836 controller.
	BCMLocal Range
}

// GIC holds the register blocks of an Arm generic interrupt controller.
type GIC struct {
	Distributor Range

	// CPUInterface is GICC; GICv2 only. On some boards it is 4 KiB (no
	// GICC_DIR), which the driver must not rely on.
	CPUInterface Range

	// Redistributors are the GICR regions in the firmware's order; GICv3
	// only. The frames inside one region are RedistributorStride apart; 0
	// means the architecture's own size (128 KiB, 256 KiB with VLPIs).
	Redistributors      []Range
	RedistributorStride uint64
}

// APIC holds what the MADT says about a PC's interrupt controllers.
type APIC struct {
	// Local is the address of the local APICs' registers in xAPIC mode.
	Local uint64

	IOAPICs []IOAPIC

	// Overrides lists the ISA interrupts that are not identity mapped or not
	// edge triggered, active high.
	Overrides []ISAOverride

	// LocalNMIs lists the local interrupt pins that carry NMI.
	LocalNMIs []LocalNMI

	// LegacyPIC says that there is also a pair of 8259s, which must be
	// masked before the APIC is used.
	LegacyPIC bool
}

// IOAPIC is one I/O APIC. How many inputs it has is read from the device.
type IOAPIC struct {
	ID      uint8
	Base    uint64
	GSIBase uint32
}

// ISAOverride maps an ISA interrupt to a global system interrupt.
type ISAOverride struct {
	ISA     uint8
	GSI     uint32
	Trigger Trigger // TriggerDefault: as ISA, edge triggered, active high
}

// LocalNMI says that NMI is wired to local interrupt pin LINT of a processor.
type LocalNMI struct {
	FirmwareID uint32 // ACPI processor UID, AllCPUs for all
	LINT       uint8  // 0 or 1
	Trigger    Trigger
}

// AllCPUs is the FirmwareID that stands for every processor.
const AllCPUs = 0xffffffff

// ISAInterrupt returns the global system interrupt and trigger mode of an ISA
// interrupt: identity mapped, edge triggered and active high unless an
// override says otherwise. Lines with no override and no I/O APIC give the
// same answer.
func (a *APIC) ISAInterrupt(isa int) IRQ {
	for _, o := range a.Overrides {
		if int(o.ISA) != isa {
			continue
		}
		t := o.Trigger
		if t == TriggerDefault {
			t = TriggerEdgeRising
		}
		return IRQ{int(o.GSI), t}
	}
	return IRQ{isa, TriggerEdgeRising}
}

// Timer says which clocks and timers there are.
type Timer struct {
	// The arm64 generic timer's private interrupts. Interrupts that the
	// firmware leaves out have Number NoIRQ.
	SecurePhysical, Physical, Virtual, Hypervisor IRQ

	// CounterHz overrides CNTFRQ_EL0 when it is not 0: firmware that forgot
	// to set the register says so here.
	CounterHz uint32

	// CounterSource says for the log what the clock counts, how fast, and how
	// that became known.
	CounterSource string

	// Stops says that the timer's registers lose their state, or its
	// interrupt stops, while the CPU sleeps deeply.
	Stops bool

	// PIT says that the PC's 8254 answers at ports 0x40-0x43. It is an
	// assumption, except where the firmware rules it out.
	PIT bool

	// HPET is the register block of the high precision event timer.
	HPET Range

	// PMTimer is the ACPI power management timer, 3.579545 MHz; PMTimer32
	// says that it counts 32 bits, else 24.
	PMTimer   Register
	PMTimer32 bool
}

// RTCKind is the register model of a real-time clock.
type RTCKind uint8

const (
	RTCNone     RTCKind = iota
	RTCMC146818         // PC clock at ports 0x70 and 0x71
	RTCPL031            // Arm PL031: one 32-bit count of seconds
)

// RTC is the battery-backed clock.
type RTC struct {
	Kind RTCKind
	Base Range // PL031 registers
	IRQ  IRQ

	// CenturyReg is the CMOS index of the century, 0 if there is none.
	CenturyReg uint8
}

// Conduit is the instruction by which PSCI is called.
type Conduit uint8

const (
	ConduitNone Conduit = iota
	ConduitHVC
	ConduitSMC
)

func (c Conduit) String() string {
	switch c {
	case ConduitHVC:
		return "hvc"
	case ConduitSMC:
		return "smc"
	}
	return "none"
}

// PSCI is Arm's Power State Coordination Interface. The function numbers are
// those of PSCI 0.2 and later unless the firmware implements 0.1, which has
// no standard ones; 0 means that the function does not exist.
type PSCI struct {
	Conduit        Conduit
	CPUOn, CPUOff  uint32
	SystemOff      uint32
	SystemReset    uint32
	HasVersionCall bool // PSCI_VERSION may be called: 0.2 and later
}

// AddressSpace says where a Register lives; the values are ACPI's.
type AddressSpace uint8

const (
	SpaceMemory    AddressSpace = 0
	SpaceIO        AddressSpace = 1
	SpacePCIConfig AddressSpace = 2 // bus 0; device, function, offset in bits 47:32, 31:16, 15:0
)

// Register is one register that the firmware describes by address. A register
// that does not exist has Width 0.
type Register struct {
	Space   AddressSpace
	Width   uint8 // bits: 8, 16, 32 or 64
	Address uint64
}

// Valid reports whether the register exists.
func (r Register) Valid() bool { return r.Width != 0 }

// Power is how a PC is switched off and reset, from the ACPI tables.
type Power struct {
	// HasS5 says that SleepTypeA and SleepTypeB hold the \_S5 values.
	HasS5                  bool
	SleepTypeA, SleepTypeB uint8

	// PM1aControl and PM1bControl take SLP_TYP and SLP_EN; PM1b is usually
	// absent. On hardware-reduced machines both are, and SleepControl and
	// SleepStatus stand in.
	PM1aControl, PM1bControl  Register
	HardwareReduced           bool
	SleepControl, SleepStatus Register

	// Writing ACPIEnable to port SMICommand hands power management to us,
	// which SCI_EN (bit 0 of PM1 control) shows. Port 0: already so.
	SMICommand uint16
	ACPIEnable uint8

	// Writing ResetValue to Reset restarts the machine.
	Reset      Register
	ResetValue uint8
}

// SetInitrd records and reserves the initrd. One that does not lie in Memory,
// which must be filled already, is noted and ignored.
func (info *Info) SetInitrd(r Range) {
	if r.Empty() {
		info.Note("The boot loader gave an empty initrd: ignored.")
		return
	}
	for _, m := range info.Memory {
		if m.Contains(r) {
			info.Initrd = r
			info.Reserve(r, "initrd")
			return
		}
	}
	info.Note("The initrd at %v is not in memory: ignored.", r)
}

// Reader gives access to physical memory while it is being found out what is
// there. It returns n bytes from address pa, or false if they are not all
// memory that may be read. The bytes are only valid until the next call, and
// must not be written.
type Reader func(pa uint64, n int) (b []byte, ok bool)
