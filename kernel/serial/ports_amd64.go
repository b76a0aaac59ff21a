//go:build metal

package serial

import "onsen/arch"

// ioPorts are the registers of a 16550 at I/O ports, starting with this one.
type ioPorts uint16

// Read implements Registers8.
func (p ioPorts) Read(reg uint8) byte {
	return arch.In8(uint16(p) + uint16(reg))
}

// Write implements Registers8.
func (p ioPorts) Write(reg uint8, v byte) {
	arch.Out8(uint16(p)+uint16(reg), v)
}

func openPorts(base uint64) (Registers8, error) {
	return ioPorts(base), nil
}
