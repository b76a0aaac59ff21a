//go:build metal && arm64

package arm64

import "unsafe"

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
)

// bootArea needs no clearing: what matters in it is cleared or written first.
var bootArea [bootAreaSize + pageSize]byte

// guards are the offsets of the guard pages in bootArea.
var guards = [...]uintptr{0, bootIdleTop, bootEmergencyTop}

// imageSections are the linked addresses of the image's parts.
type imageSections struct {
	text, etext           uintptr
	rodata, noptrdata     uintptr
	end                   uintptr
	bss, ebss             uintptr
	noptrbss, enoptrbss   uintptr
	identityLow, identity uintptr // code that runs while the MMU is switched on
}

// bootTables builds the first page tables. It runs with the MMU off, at the
// physical address where the image was loaded, so it and what it calls must not
// use addresses that the linker has put into data (function values, strings,
// jump tables), nor unaligned, exclusive or vector accesses.
//
// area is the start of bootArea, offset the virtual minus the physical address
// of the image. It returns the end of the part of the pool that is in use, or 0
// if the image is too large.
//
//go:nosplit
func bootTables(area, offset uintptr) (poolEnd uintptr) {
	for pa := area + bootPool; pa < area+bootPool+bootTableLimit; pa += pageSize {
		clearUncached(pa)
	}
	s := sections()
	var t tables
	t.next = area + bootEmptyTable + pageSize
	t.end = area + bootPool + bootTableLimit

	t.root = area + bootIdentityRoot
	low := (s.identityLow - offset) &^ pageMask
	high := (s.identity - offset + pageMask) &^ pageMask
	ok := t.mapRange(low, low, high-low, attrText)

	t.root = area + bootKernelRoot
	ok = ok && mapImage(&t, s, area, offset)
	if !ok {
		return 0
	}
	return t.next
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

// bootGo runs on the boot CPU's idle stack, at the linked address, with the
// tables of bootTables. It returns the stack pointer with which to enter the
// runtime. tree and level are what the entry code found, zero the counter then.
// poolEnd is the physical address from bootTables.
//
//go:nosplit
func bootGo(tree, level, zero, offset, area, poolEnd uintptr) uintptr {
	clearBSS(area)
	imageOffset = offset
	kernel.root, kernel.offset = area+bootKernelRoot-offset, DirectMapBase

	boot.tree, boot.level = tree, uint64(level)
	counterZero = uint64(zero)
	setCounterHz(unknownHz)
	setCounterHz(firmwareHz())

	c := &cpus[0]
	c.mpidr = readMPIDR() & mpidrMask
	c.idleStack, c.emergency = area+bootIdleTop, area+bootEmergencyTop
	c.online.Store(1)

	pool := poolEnd + offset
	mmInitEarly(pool, poolEnd, area+bootAreaSize-pool)
	return rtStart(area + bootThreadTop)
}

// clearBSS clears all variables without initial value but bootArea, which holds
// the stack and the tables in use. Linux's boot protocol leaves this to the
// kernel.
//
//go:nosplit
func clearBSS(area uintptr) {
	s := sections()
	clearRange(s.bss, s.ebss)
	clearRange(s.noptrbss, area)
	clearRange(area+bootAreaSize, s.enoptrbss)
}

//go:nosplit
func clearRange(start, end uintptr) {
	if start < end {
		clear(unsafe.Slice((*byte)(at(start)), end-start))
	}
}

// InitIdleStack prepares the boot CPU's idle stack. The first switch to the
// returned stack calls rt.IdleStart. It is called on the upper half of that
// stack, so the idle loop starts in the middle.
//
//go:nosplit
func InitIdleStack() uintptr {
	return initSwitch(cpus[0].idleStack-idleStackSize/2, idleEntry())
}

// idleStart is entered from thread_arm64.s.
//
//go:nosplit
func idleStart() { rtIdleStart() }
