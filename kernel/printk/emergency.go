package printk

import "onsen/arch"

// Emergency writes s to the early console, past the log and all locks. It is
// for the lowest layer, and for nothing else: it may mix with what a console
// is writing. "\n" becomes "\r\n".
//
//go:nosplit
func Emergency(s string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' {
			arch.EarlyPutc('\r')
		}
		arch.EarlyPutc(s[i])
	}
}

// EmergencyHex writes v to the early console like Emergency, as 0x and 16
// hexadecimal digits.
//
//go:nosplit
func EmergencyHex(v uint64) {
	arch.EarlyPutc('0')
	arch.EarlyPutc('x')
	for shift := 60; shift >= 0; shift -= 4 {
		digit := byte(v>>shift) & 0xf
		if digit < 10 {
			arch.EarlyPutc('0' + digit)
		} else {
			arch.EarlyPutc('a' + digit - 10)
		}
	}
}

// EarlyConsole is the early console as a Console, to be registered with Boot.
type EarlyConsole struct{}

// Write writes p like Emergency.
func (EarlyConsole) Write(p []byte) {
	for _, c := range p {
		if c == '\n' {
			arch.EarlyPutc('\r')
		}
		arch.EarlyPutc(c)
	}
}
