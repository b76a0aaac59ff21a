//go:build metal

package rt

import "onsen/arch"

// StackSlot is what the kernel stack of a thread takes of the addresses from
// arch.ThreadStackBase on: a guard page that is never mapped, then the stack. One
// that overflows ends in a report, not in somebody else's memory.
const StackSlot = arch.PageSize + KernelStackSize

// newStack maps the kernel stack of thread i and returns its top, or 0 if there is
// no memory. What it has mapped by then serves the next attempt.
//
//go:nosplit
func newStack(i int32) uintptr {
	top := arch.ThreadStackBase + uintptr(i+1)*StackSlot
	for va := top - KernelStackSize; va < top; va += arch.PageSize {
		if !arch.KernelPageMapped(va) && !populate(va) {
			return 0
		}
	}
	return top
}
