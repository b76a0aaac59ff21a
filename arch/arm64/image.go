package arm64

// Layout of bootArea, from its first page boundary on: the stacks of the boot
// CPU, a guard page below each, then the pool that the first tables and then
// the early page allocator take their pages from.
const (
	bootIdleTop      = pageSize + idleStackSize // also the stack for start-up
	bootEmergencyTop = bootIdleTop + pageSize + emergencyStackSize
	bootThreadTop    = bootEmergencyTop + pageSize + threadStackSize
	bootPool         = bootThreadTop

	// threadStackSize is for the first thread: the runtime takes 64 KiB below
	// the stack pointer it is entered with.
	threadStackSize = 80 << 10
	bootPoolSize    = 4 << 20

	// The first three pages of the pool.
	bootKernelRoot   = bootPool            // TTBR1
	bootIdentityRoot = bootPool + pageSize // TTBR0 until the kernel runs high
	bootEmptyTable   = bootIdentityRoot + pageSize

	bootAreaSize = bootPool + bootPoolSize

	// segmentAlign is what Go's linker aligns segments to. The first sections
	// of the writable one, in front of noptrdata, are much smaller.
	segmentAlign = 64 << 10

	// bootTableLimit bounds the tables of the image: two mappings of at most
	// 56 MiB in pages.
	bootTableLimit = 64 * pageSize
	bootTableEnd   = bootPool + bootTableLimit
)

// guards are the offsets of the guard pages in bootArea.
var guards = [...]uintptr{0, bootIdleTop, bootEmergencyTop}

// imageSections are the linked addresses of the image's parts.
type imageSections struct {
	text, etext         uintptr
	rodata, noptrdata   uintptr
	end                 uintptr
	bss, ebss           uintptr
	noptrbss, enoptrbss uintptr
	enableMMU           uintptr // less than a page of code
}

// mapIdentity maps the code that switches the MMU on where it was loaded.
//
//go:nosplit
func mapIdentity(t *tables, s *imageSections, offset uintptr) bool {
	pa := (s.enableMMU - offset) &^ pageMask
	return t.mapRange(pa, pa, 2*pageSize, attrText)
}

// mapImage maps the image: at its linked address with code executable and
// constants read-only, without the guard pages, and in the direct map, where
// nothing is executable.
//
//go:nosplit
func mapImage(t *tables, s *imageSections, area, offset uintptr) bool {
	etext := (s.etext + pageMask) &^ pageMask
	erodata := s.noptrdata &^ (segmentAlign - 1)
	end := (s.end + pageMask) &^ pageMask

	ok := t.mapRange(ImageBase, ImageBase-offset, etext-ImageBase, attrText)
	ok = ok && t.mapRange(s.rodata, s.rodata-offset, erodata-s.rodata, attrRodata)
	from := erodata
	for i := range guards {
		guard := area + offset + guards[i]
		ok = ok && t.mapRange(from, from-offset, guard-from, attrData)
		from = guard + pageSize
	}
	ok = ok && t.mapRange(from, from-offset, end-from, attrData)

	direct := DirectMapBase - offset
	ok = ok && t.mapRange(ImageBase+direct, ImageBase-offset, erodata-ImageBase, attrRodata)
	return ok && t.mapRange(erodata+direct, erodata-offset, end-erodata, attrData)
}
