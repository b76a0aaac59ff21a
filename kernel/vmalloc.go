//go:build metal

package kernel

import (
	"onsen/arch"
	"onsen/kernel/mm"
)

// vmalloc is kernel address space for memory that is contiguous for the CPU
// only, each piece between unmapped pages.
var vmalloc = mm.NewArea(arch.VmallocBase, arch.VmallocEnd)
