// Package goos is the API by which TamaGo's packages meet the runtime that
// hosts them (https://github.com/usbarmory/tamago, package goos). Onsen uses
// those packages as device drivers only: it runs the stock runtime and calls
// none of these hooks. They exist so that the packages compile and link.
package goos

import "unsafe"

// Memory available to the runtime. TamaGo's boards define them by linkname;
// nothing reads them here.

//go:linkname RamStart
var RamStart uint

//go:linkname RamSize
var RamSize uint

//go:linkname RamStackOffset
var RamStackOffset uint

// Hooks that TamaGo's CPU packages set when they are told to run the machine.
var (
	Bloc   uintptr
	Exit   func(code int32)
	Idle   func(until int64)
	ProcID func() uint64
	Task   func(sp, mp, gp, fn unsafe.Pointer)
	Wake   func(procid uint64)
)
