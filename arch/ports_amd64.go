//go:build metal && amd64

package arch

import "onsen/arch/amd64"

// In8 reads an I/O port. Only this architecture has any.
//
//go:nosplit
func In8(port uint16) uint8 { return amd64.In8(port) }

// Out8 writes an I/O port.
//
//go:nosplit
func Out8(port uint16, v uint8) { amd64.Out8(port, v) }
