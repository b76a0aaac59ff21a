package seccomp

import "unsafe"

// Data is what a filter knows of a system call: struct seccomp_data.
type Data struct {
	Nr   int32
	Arch uint32 // AUDIT_ARCH_*
	// IP is the program counter, behind the instruction that makes the call.
	IP   uint64
	Args [6]uintptr
}

// DataSize is the size of Data.
const DataSize = 64

// words returns the data as a filter loads it, in the processor's byte order.
func (d *Data) words() *[DataSize / 4]uint32 {
	return (*[DataSize / 4]uint32)(unsafe.Pointer(d))
}
