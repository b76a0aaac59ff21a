//go:build metal && amd64

package amd64

import (
	_ "unsafe" // for go:linkname

	"onsen/arch/spec"
)

// The lowest layer of the kernel and its page allocator are called from here
// although they import this package, as Linux's entry code calls do_syscall_64:
// by name, at link time.

//go:linkname rtSyscall onsen/kernel/rt.Syscall
func rtSyscall(f *Frame)

//go:linkname rtInterrupt onsen/kernel/rt.Interrupt
func rtInterrupt(f *Frame)

//go:linkname rtFault onsen/kernel/rt.Fault
func rtFault(f *Frame, kind spec.FaultKind, addr uintptr)

//go:linkname rtThreadStart onsen/kernel/rt.ThreadStart
func rtThreadStart()

//go:linkname rtIdleStart onsen/kernel/rt.IdleStart
func rtIdleStart()

//go:linkname mmAllocHeapPage onsen/kernel/mm.AllocHeapPage
func mmAllocHeapPage() uintptr

//go:linkname mmFreePage onsen/kernel/mm.FreePage
func mmFreePage(pa uintptr)

// The page allocator is called through variables. The linker adds up the stack
// that nosplit functions use along direct calls and allows 800 bytes, the part
// of a goroutine's stack that is always there. A kernel stack is much larger;
// an indirect call begins a new sum.
var (
	allocTable = mmAllocHeapPage
	freePage   = mmFreePage
)

//go:linkname mmInitEarly onsen/kernel/mm.InitEarly
func mmInitEarly(va, pa, size uintptr)

//go:linkname rtStart onsen/kernel/rt.Start
func rtStart(top uintptr) uintptr

//go:linkname rtSecondaryStart onsen/kernel/rt.SecondaryStart
func rtSecondaryStart(cpu int)
