//go:build metal && arm64

package arch

import (
	"unsafe"

	impl "onsen/arch/arm64"
	"onsen/arch/spec"
)

// TaskSize is the end of user space.
const TaskSize = impl.TaskSize

type (
	PtRegs      = impl.PtRegs
	UserContext = impl.UserContext
	PTE         = impl.PTE
	MMContext   = impl.MMContext
)

//go:nosplit
func EnterUser(c *UserContext) spec.Entry { return impl.EnterUser(c) }

//go:nosplit
func SwitchUser(prev, next *UserContext) { impl.SwitchUser(prev, next) }

func MakePTE(pa uintptr, p spec.UserProt) PTE { return impl.MakePTE(pa, p) }
func MakeTable(pa uintptr) PTE                { return impl.MakeTable(pa) }

//go:nosplit
func SwitchMM(c *MMContext) { impl.SwitchMM(c) }

//go:nosplit
func RetireMM(c *MMContext)                     { impl.RetireMM(c) }
func FlushTLB(c *MMContext, start, end uintptr) { impl.FlushTLB(c, start, end) }
func SyncICache(va, n uintptr)                  { impl.SyncICache(va, n) }
func SyscallNames() []string                    { return impl.SyscallNames() }

//go:nosplit
func CopyFromUser(dst unsafe.Pointer, src, n uintptr) uintptr { return impl.CopyFromUser(dst, src, n) }

//go:nosplit
func CopyToUser(dst uintptr, src unsafe.Pointer, n uintptr) uintptr {
	return impl.CopyToUser(dst, src, n)
}

//go:nosplit
func ClearUser(dst, n uintptr) uintptr { return impl.ClearUser(dst, n) }

//go:nosplit
func LoadUser32(addr uintptr) (uint32, bool) { return impl.LoadUser32(addr) }

//go:nosplit
func CmpxchgUser32(addr uintptr, old, new uint32) (uint32, bool) {
	return impl.CmpxchgUser32(addr, old, new)
}
