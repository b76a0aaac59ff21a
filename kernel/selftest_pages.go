//go:build metal

package kernel

import (
	"fmt"
	"reflect"

	"onsen/arch"
	"onsen/kernel/rt"
)

func init() {
	selfTests = append(selfTests, selfTest{"mappings", testMappings}, selfTest{"stacks", testStacks})
}

// testMappings looks at all page tables: nothing may be writable and
// executable, only the image executable, and nothing mapped in the low half,
// where the null pointer is.
func testMappings() error {
	var err error
	complain := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
	}
	executable := uintptr(0)
	arch.WalkKernel(func(va, size uintptr, p arch.Prot) {
		switch {
		case va < arch.DirectMapBase && p&arch.ProtDevice == 0:
			complain("%#x is mapped, in the low half", va)
		case p&arch.ProtX == 0:
		case p&arch.ProtW != 0:
			complain("%#x is writable and executable", va)
		case va < arch.ImageBase:
			complain("%#x is executable, outside of the image", va)
		default:
			executable += size
		}
	})
	if err == nil && executable == 0 {
		return fmt.Errorf("no code is mapped")
	}
	here := reflect.ValueOf(testMappings).Pointer()
	if !arch.KernelPageMapped(here) {
		complain("the code at %#x is not mapped", here)
	}
	if arch.KernelPageMapped(0) {
		complain("the null pointer can be used")
	}
	return err
}

// testStacks looks at the kernel stacks of the runtime's threads, at least one for
// each CPU: all of each is mapped, and the page below none.
func testStacks() error {
	var err error
	mapped := uintptr(0)
	arch.WalkKernel(func(va, size uintptr, p arch.Prot) {
		if va < arch.ThreadStackBase || va >= arch.ThreadStackBase+rt.MaxThreads*rt.StackSlot {
			return
		}
		for page := va; page < va+size; page += arch.PageSize {
			if (page-arch.ThreadStackBase)%rt.StackSlot < arch.PageSize {
				err = fmt.Errorf("the guard page at %#x is mapped", page)
			}
		}
		mapped += size
	})
	if least := uintptr(len(activeCPUs())) * rt.KernelStackSize; mapped < least || mapped%rt.KernelStackSize != 0 {
		return fmt.Errorf("%d KiB of stacks are mapped, want %d or more, in units of %d",
			mapped>>10, least>>10, rt.KernelStackSize>>10)
	}
	return err
}
