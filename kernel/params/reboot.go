package params

import (
	"fmt"
	"strings"
)

// RebootMode says how deep a restart goes.
type RebootMode uint8

// The modes of reboot=; the machine's own way is RebootDefault.
const (
	RebootDefault RebootMode = iota
	RebootCold
	RebootWarm
	RebootHard
	RebootSoft
	RebootGPIO
)

// Reboot is the value of reboot=.
type Reboot struct {
	// Mode is the way to restart, PanicMode the one after a panic.
	Mode, PanicMode RebootMode

	// Method is Linux's letter of the device to use: b(ios), a(cpi), k(bd),
	// t(riple fault), e(fi), p(ci); 0 is the kernel's choice.
	Method byte

	// Force skips stopping the other CPUs.
	Force bool
}

// ParseReboot reads a list such as "warm,acpi,force". As in Linux the first
// letter of each part decides; here a part with another one is an error.
// Parts in front of which stands panic_ are for the restart after a panic.
func ParseReboot(s string) (Reboot, error) {
	var r Reboot
	for part := range strings.SplitSeq(s, ",") {
		mode := &r.Mode
		name, isPanic := strings.CutPrefix(part, "panic_")
		if isPanic {
			mode = &r.PanicMode
		}
		switch letter := (name + "\x00")[0]; letter {
		case 'c':
			*mode = RebootCold
		case 'w':
			*mode = RebootWarm
		case 'h':
			*mode = RebootHard
		case 's':
			*mode = RebootSoft
		case 'g':
			*mode = RebootGPIO
		case 'b', 'a', 'k', 't', 'e', 'p':
			r.Method = letter
		case 'f':
			r.Force = true
		default:
			return Reboot{}, fmt.Errorf("%q is no way to restart", part)
		}
	}
	return r, nil
}
