package serial

import (
	"sync/atomic"
	"unsafe"
)

// mmio32 has the 32-bit registers of a device mapped at this address.
type mmio32 uintptr

// Read implements Registers32.
func (m mmio32) Read(offset uint16) uint32 {
	return atomic.LoadUint32((*uint32)(register(uintptr(m) + uintptr(offset))))
}

// Write implements Registers32.
func (m mmio32) Write(offset uint16, v uint32) {
	atomic.StoreUint32((*uint32)(register(uintptr(m)+uintptr(offset))), v)
}

// mmio8 has the registers of a 16550 that is mapped at base. They are 1<<shift
// bytes apart.
type mmio8 struct {
	base  uintptr
	shift uint8
	wide  bool // accessed with 32 bits, not 8
}

// Read implements Registers8.
func (m mmio8) Read(reg uint8) byte {
	p := register(m.base + uintptr(reg)<<m.shift)
	if m.wide {
		return byte(atomic.LoadUint32((*uint32)(p)))
	}
	return load8((*byte)(p))
}

// Write implements Registers8.
func (m mmio8) Write(reg uint8, v byte) {
	p := register(m.base + uintptr(reg)<<m.shift)
	if m.wide {
		atomic.StoreUint32((*uint32)(p), uint32(v))
		return
	}
	store8((*byte)(p), v)
}

// register is the address of a device register as a pointer. It points to no
// memory of Go's.
func register(addr uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&addr))
}

// There is no atomic access to bytes in sync/atomic. As calls, these are at
// least neither left out nor merged nor moved by the compiler.

//go:noinline
func load8(p *byte) byte { return *p }

//go:noinline
func store8(p *byte, v byte) { *p = v }
