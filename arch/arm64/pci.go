//go:build metal && arm64

package arm64

import "onsen/arch/spec"

// PCIFunctions says that there are none: what the kernel drives is in memory on
// the boards it knows. Ordinary Go.
func PCIFunctions() []spec.PCIFunction { return nil }
