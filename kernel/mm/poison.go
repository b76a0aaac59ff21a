package mm

import "unsafe"

// poisonWord fills free pages when poisoning is on, as Linux's page_poison=1
// does (PAGE_POISON, include/linux/poison.h).
const poisonWord = 0xaaaaaaaaaaaaaaaa

var poisoning uint32 // set by Init before the first page is poisoned

// word returns the i-th word of a block.
//
//go:nosplit
//go:nocheckptr
func word(pfn uint32, i uintptr) *uint64 {
	return (*uint64)(unsafe.Add(nil, hwPhysToVirt(uintptr(pfn)<<pageShift)+i*8))
}

//go:nosplit
func poison(pfn, order uint32) {
	for i := uintptr(0); i < PageSize/8<<(order%16); i++ {
		*word(pfn, i) = poisonWord
	}
}

// checkPoison reports a block that was written since it was freed.
//
//go:nosplit
func checkPoison(pfn, order uint32) {
	for i := uintptr(0); i < PageSize/8<<(order%16); i++ {
		if *word(pfn, i) != poisonWord {
			reportBug(BugPoison, uintptr(pfn)<<pageShift)
			return
		}
	}
}
