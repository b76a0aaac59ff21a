//go:build metal && arm64

package arm64

import (
	"sync/atomic"

	"onsen/arch/bootinfo"
)

// Registers of serial ports and their bits that say "cannot take a byte".
const (
	pl011Data = 0x00 // UARTDR, PL011 3.3.1
	pl011Flag = 0x18 // UARTFR, PL011 3.3.3
	pl011Full = 1 << 5

	uartData      = 0 // 8250 transmit holding register
	uartStatus    = 5 // line status register
	uartSendEmpty = 1 << 5
)

// console is the earliest console. Where it is stands in the device tree, which
// is read by ordinary Go: bytes written before are kept here.
var console struct {
	kind  bootinfo.SerialKind
	shift uint8          // log2 of the distance of registers
	wide  bool           // registers want 32-bit accesses
	base  atomic.Uintptr // virtual address of the registers; 0: not known yet

	kept  [4096]byte // the last bytes
	count uint32     // of bytes written to kept
}

// initConsole makes s the earliest console and writes to it what was kept.
func initConsole(s *bootinfo.Serial) {
	switch s.Kind {
	case bootinfo.SerialPL011, bootinfo.Serial8250, bootinfo.SerialMiniUART:
	default:
		return
	}
	base := MapDevice(uintptr(s.Base), max(uintptr(s.Size), 1))
	if base == 0 {
		return
	}
	console.kind, console.shift, console.wide = s.Kind, s.RegShift, s.RegWidth == 4
	console.base.Store(base)
	n := console.count
	for i := n - min(n, uint32(len(console.kept))); i != n; i++ {
		EarlyPutc(console.kept[i%uint32(len(console.kept))])
	}
}

// EarlyPutc writes a byte to the earliest console, or keeps it for later.
//
//go:nosplit
func EarlyPutc(b byte) {
	base := console.base.Load()
	switch {
	case base == 0:
		console.kept[console.count%uint32(len(console.kept))] = b
		console.count++
	case console.kind == bootinfo.SerialPL011:
		waitClear(base+pl011Flag, pl011Full)
		write32(base+pl011Data, uint32(b))
	default:
		putc8250(base, b)
	}
}

//go:nosplit
func putc8250(base uintptr, b byte) {
	status := base + uartStatus<<(console.shift&7)
	for end := Ktime() + 1e9; readUART(status)&uartSendEmpty == 0 && Ktime() < end; {
		CPURelax()
	}
	if console.wide {
		write32(base+uartData, uint32(b))
	} else {
		store8(base+uartData, b)
	}
}

//go:nosplit
func readUART(addr uintptr) uint8 {
	if console.wide {
		return uint8(read32(addr))
	}
	return load8(addr)
}

//go:nosplit
func puts(s string) {
	for i := range len(s) {
		EarlyPutc(s[i])
	}
}

//go:nosplit
func puthex(v uint64) {
	for shift := 60; shift >= 0; shift -= 4 {
		EarlyPutc("0123456789abcdef"[v>>shift&15])
	}
}
