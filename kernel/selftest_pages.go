//go:build metal

package kernel

import (
	"fmt"
	"reflect"

	"onsen/arch"
)

func init() {
	selfTests = append(selfTests, selfTest{"mappings", testMappings})
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
