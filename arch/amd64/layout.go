//go:build metal && amd64

package amd64

import "onsen/arch/spec"

// The kernel's half of the address space. A top-level entry covers 512 GiB.
const (
	// DirectMapBase shows physical address 0 and everything above it.
	DirectMapBase uintptr = 0xffff_8880_0000_0000
	// HeapBase to HeapEnd hold the Go heap's arenas.
	HeapBase uintptr = 0xffff_c000_0000_0000
	HeapEnd  uintptr = 0xffff_d000_0000_0000
	// VMBase to VMEnd hold the runtime's other memory.
	VMBase uintptr = 0xffff_d000_0000_0000
	VMEnd  uintptr = 0xffff_e000_0000_0000
	// VmallocBase to VmallocEnd are for the kernel's own mappings.
	VmallocBase uintptr = 0xffff_e000_0000_0000
	VmallocEnd  uintptr = 0xffff_e100_0000_0000
	// VmemmapBase to VmemmapEnd hold the page array.
	VmemmapBase uintptr = 0xffff_ea00_0000_0000
	VmemmapEnd  uintptr = 0xffff_eb00_0000_0000
	// stackBase to stackEnd hold kernel stacks between guard pages: those of
	// the CPUs, and from ThreadStackBase on those of the runtime's threads.
	stackBase       uintptr = 0xffff_f000_0000_0000
	ThreadStackBase uintptr = stackBase + 1<<30
	stackEnd        uintptr = 0xffff_f080_0000_0000
	// deviceBase to deviceEnd hold device registers.
	deviceBase uintptr = 0xffff_fe00_0000_0000
	deviceEnd  uintptr = 0xffff_fe80_0000_0000
	// ImageBase is where the image would show physical address 0.
	ImageBase uintptr = 0xffff_ffff_8000_0000

	pageSize     = spec.PageSize
	pageMask     = pageSize - 1
	hugePageSize = 2 << 20
	gigaPageSize = 1 << 30
)

// bootTables is the physical address of the page tables that the image brings
// along: the low 4 GiB mapped one to one, the image in the high half.
const bootTables = 0x101000
