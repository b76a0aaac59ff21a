//go:build metal && amd64

package amd64

import (
	"sync/atomic"
	"syscall"

	"onsen/arch/bootinfo"
)

// The I/O APICs (82093AA data sheet, chapter 3). A device line's number is its
// global system interrupt; its vector is vecDevice plus that.

// Registers: two are in memory, the others behind them.
const (
	ioapicSelect = 0x00
	ioapicWindow = 0x10

	ioapicVersion     = 0x01 // index of the last redirection entry in bits 23:16
	ioapicRedirection = 0x10 // entry n has index 0x10+2n (low) and 0x11+2n (high)
)

// Bits of the lower half of a redirection entry. Fixed delivery to a physical
// destination is 0.
const (
	redirectActiveLow = 1 << 13
	redirectLevel     = 1 << 15
	redirectMasked    = 1 << 16
)

// ioapic is one I/O APIC: lines first up to but not including first+lines.
type ioapic struct {
	registers    uintptr // virtual address
	first, lines int
}

const maxIOAPICs = 16

// ioapics is written by InitIRQ. lock is held over every access to the two
// registers of any of them, with interrupts masked.
var ioapics struct {
	lock  atomic.Uint32
	n     int
	list  [maxIOAPICs]ioapic
	entry [maxIRQ]uint32 // lower half of each line's entry; 0 if not set up
	apic  bootinfo.APIC
}

//go:nosplit
func (io *ioapic) read(index uint32) uint32 {
	store32(io.registers+ioapicSelect, index)
	return load32(io.registers + ioapicWindow)
}

//go:nosplit
func (io *ioapic) write(index, v uint32) {
	store32(io.registers+ioapicSelect, index)
	store32(io.registers+ioapicWindow, v)
}

//go:nosplit
func lockIOAPICs() uintptr {
	flags := IRQSave()
	for !ioapics.lock.CompareAndSwap(0, 1) {
		CPURelax()
	}
	return flags
}

//go:nosplit
func unlockIOAPICs(flags uintptr) {
	ioapics.lock.Store(0)
	IRQRestore(flags)
}

// ioapicOf returns the I/O APIC of a line and the line's redirection entry, or
// nil.
//
//go:nosplit
func ioapicOf(irq int) (io *ioapic, index uint32) {
	for i := range ioapics.n {
		io = &ioapics.list[i]
		if irq >= io.first && irq < io.first+io.lines {
			return io, ioapicRedirection + 2*uint32(irq-io.first)
		}
	}
	return nil, 0
}

// InitIRQ brings up the I/O APICs, with all lines masked; see package arch.
func InitIRQ(info *bootinfo.Info) error {
	initXState()
	if info.InterruptController.Kind != bootinfo.ControllerAPIC {
		return syscall.ENODEV
	}
	ioapics.apic = info.InterruptController.APIC
	for _, a := range ioapics.apic.IOAPICs {
		if ioapics.n == maxIOAPICs {
			info.Note("More than %d I/O APICs: the rest is ignored.", maxIOAPICs)
			break
		}
		io := ioapic{registers: MapDevice(uintptr(a.Base), ioapicWindow+4), first: int(a.GSIBase)}
		if io.registers == 0 {
			return syscall.ENOMEM
		}
		flags := lockIOAPICs()
		version := io.read(ioapicVersion)
		unlockIOAPICs(flags)
		if version == 0xffff_ffff {
			info.Note("There is no I/O APIC at %#x: ignored.", a.Base)
			continue
		}
		io.lines = int(version>>16&0xff) + 1
		if io.first >= maxIRQ || io.lines > maxIRQ-io.first {
			info.Note("The I/O APIC at %#x has lines %d to %d: those from %d are ignored.", a.Base, io.first, io.first+io.lines-1, maxIRQ)
			io.lines = max(0, maxIRQ-io.first)
		}
		ioapics.list[ioapics.n] = io
		ioapics.n++
		for irq := io.first; irq < io.first+io.lines; irq++ {
			MaskIRQ(irq)
		}
	}
	if ioapics.n == 0 {
		return syscall.ENODEV
	}
	return nil
}

// MaskIRQ keeps a line from interrupting. Lines that do not exist are ignored.
//
//go:nosplit
func MaskIRQ(irq int) {
	flags := lockIOAPICs()
	if io, index := ioapicOf(irq); io != nil {
		io.write(index, ioapics.entry[irq]|redirectMasked)
	}
	unlockIOAPICs(flags)
}

// UnmaskIRQ lets a line interrupt that was set up. Others are ignored.
//
//go:nosplit
func UnmaskIRQ(irq int) {
	flags := lockIOAPICs()
	if io, index := ioapicOf(irq); io != nil && ioapics.entry[irq] != 0 {
		io.write(index, ioapics.entry[irq])
	}
	unlockIOAPICs(flags)
}

// SetupIRQ routes a line to the boot CPU; see package arch. What the firmware
// says about the line's signal wins over level and activeLow.
func SetupIRQ(irq int, level, activeLow bool) error {
	for _, o := range ioapics.apic.Overrides {
		if int(o.GSI) == irq && o.Trigger != bootinfo.TriggerDefault {
			level, activeLow = !o.Trigger.Edge(), o.Trigger.Low()
		}
	}
	boot := percpus[0].apicID
	if boot > 0xff {
		return syscall.EINVAL // the destination has 8 bits
	}
	low := uint32(vecDevice + irq)
	if level {
		low |= redirectLevel
	}
	if activeLow {
		low |= redirectActiveLow
	}
	flags := lockIOAPICs()
	defer unlockIOAPICs(flags)
	io, index := ioapicOf(irq)
	if io == nil {
		return syscall.EINVAL
	}
	ioapics.entry[irq] = low
	io.write(index, low|redirectMasked)
	io.write(index+1, boot<<24)
	return nil
}
