package serial

import (
	"errors"
	"fmt"

	"onsen/arch"
	"onsen/arch/bootinfo"
)

var errNoChip = errors.New("no chip answers")

// Open makes a port out of what the firmware says about it. line overrides what
// the firmware says about the line. The port polls until EnableInterrupts.
func Open(s bootinfo.Serial, line LineOptions) (*Port, error) {
	if line == (LineOptions{}) {
		// A mistake of the firmware's is none of the user's: go on with
		// the line as it is.
		line, _ = ParseLine(s.Options)
	}
	chip, err := openChip(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %v at %#x: %w", s.Name, s.Kind, s.Base, err)
	}
	return New(s.Name, chip, line), nil
}

func openChip(s bootinfo.Serial) (Chip, error) {
	switch s.Kind {
	case bootinfo.Serial8250Port:
		regs, err := openPorts(s.Base)
		if err != nil {
			return nil, err
		}
		return present(NewNS16550(regs, s.ClockHz))
	case bootinfo.Serial8250:
		return present(NewNS16550(mapRegisters8(s), s.ClockHz))
	case bootinfo.SerialMiniUART:
		return present(NewMiniUART(mapRegisters8(s)))
	case bootinfo.SerialPL011:
		return NewPL011(mmio32(arch.MapDevice(uintptr(s.Base), registersSize(s))), s.ClockHz), nil
	}
	return nil, errors.New("unknown kind of chip")
}

func present(c *NS16550) (Chip, error) {
	if !c.Present() {
		return nil, errNoChip
	}
	return c, nil
}

func mapRegisters8(s bootinfo.Serial) mmio8 {
	return mmio8{
		base:  arch.MapDevice(uintptr(s.Base), registersSize(s)),
		shift: s.RegShift,
		wide:  s.RegWidth == 4,
	}
}

// registersSize is the length of the register block, at least a page.
func registersSize(s bootinfo.Serial) uintptr {
	return max(uintptr(s.Size), arch.PageSize)
}
