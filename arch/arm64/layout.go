package arm64

import "onsen/arch/spec"

// The kernel's half of the address space, translated by TTBR1. A level 0 entry
// covers 512 GiB.
const (
	// DirectMapBase shows physical address 0 and everything up to 512 GiB.
	DirectMapBase uintptr = 0xffff_0000_0000_0000
	directMapEnd  uintptr = 0xffff_0080_0000_0000
	// deviceBase shows device registers, from physical address 0 on.
	deviceBase uintptr = 0xffff_0080_0000_0000
	deviceEnd  uintptr = 0xffff_4000_0000_0000
	// HeapBase to HeapEnd hold the Go heap's arenas.
	HeapBase uintptr = 0xffff_4000_0000_0000
	HeapEnd  uintptr = 0xffff_5000_0000_0000
	// VMBase to VMEnd hold the runtime's other memory.
	VMBase uintptr = 0xffff_5000_0000_0000
	VMEnd  uintptr = 0xffff_6000_0000_0000
	// VmemmapBase to VmemmapEnd hold the page array: 16 bytes for each page of
	// the 512 GiB that the direct map has room for.
	VmemmapBase uintptr = 0xffff_6000_0000_0000
	VmemmapEnd  uintptr = VmemmapBase + (directMapEnd-DirectMapBase)/pageSize*16
	// VmallocBase to VmallocEnd are for the kernel's own mappings.
	VmallocBase uintptr = 0xffff_6800_0000_0000
	VmallocEnd  uintptr = 0xffff_6900_0000_0000
	// stackBase holds kernel stacks between guard pages: those of the CPUs, and
	// from ThreadStackBase on those of the runtime's threads.
	stackBase       uintptr = 0xffff_7000_0000_0000
	ThreadStackBase uintptr = stackBase + 1<<30
	// ImageBase is where the image is linked. One page with the image header
	// lies in front of the code.
	ImageBase  uintptr = 0xffff_ffff_8000_0000
	headerSize uintptr = pageSize

	pageSize = spec.PageSize
	pageMask = pageSize - 1
)

// What the kernel stacks of a CPU take in its slot above stackBase: a guard
// page, the idle stack, a guard page, the emergency stack.
const (
	idleStackSize      = 4 * pageSize
	emergencyStackSize = 2 * pageSize

	idleStackTop      = pageSize + idleStackSize
	emergencyStackTop = idleStackTop + pageSize + emergencyStackSize
	stackSlot         = 16 * pageSize
)
