//go:build metal && arm64

package arm64

import "unsafe"

// bootArea needs no clearing: what matters in it is cleared or written first.
var bootArea [bootAreaSize + pageSize]byte

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
	for pa := area + bootPool; pa < area+bootTableEnd; pa += pageSize {
		clearUncached(pa)
	}
	s := sections()
	var t tables
	t.next = area + bootEmptyTable + pageSize
	t.end = area + bootTableEnd

	t.root = area + bootIdentityRoot
	if !mapIdentity(&t, s, offset) {
		return 0
	}
	t.root = area + bootKernelRoot
	if !mapImage(&t, s, area, offset) {
		return 0
	}
	return t.next
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
	hasPAN = detectPAN()
	kernel.root, kernel.offset = area+bootKernelRoot-offset, DirectMapBase

	boot.tree, boot.level = tree, uint64(level)
	guessFirmware(boot.level)
	counterZero = uint64(zero)
	setCounterHz(guessHz)
	setCounterHz(firmwareHz())

	c := &cpus[0]
	c.midr, c.mpidr = readMIDR(), readMPIDR()&mpidrMask
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
