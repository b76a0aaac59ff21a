package futex

import (
	"unsafe"

	"onsen/kernel/uaccess"
)

// Bits of a lock's word, as the C library and the kernel agree on them.
const (
	Waiters   uint32 = 0x8000_0000 // somebody waits
	OwnerDied uint32 = 0x4000_0000 // the owner has ended
	TIDMask   uint32 = 0x3fff_ffff // the owner
)

// robustLimit is how many entries of a list are looked at: it may be a ring, or
// made to be endless.
const robustLimit = 2048

// robustHead is struct robust_list_head.
type robustHead struct {
	Next    uintptr // the first entry; the head itself ends the list
	Offset  int64   // from an entry to its lock's word
	Pending uintptr // an entry that is about to be added or removed
}

// RobustHeadSize is what set_robust_list(2) must be told.
const RobustHeadSize = unsafe.Sizeof(robustHead{})

// ExitRobustList marks the locks in the list at head that the thread tid still
// holds as OwnerDied, and wakes a waiter of each: the thread ends. Anything may be
// wrong with the list; what cannot be read ends it.
func ExitRobustList(mm unsafe.Pointer, head uintptr, tid int) {
	h, err := uaccess.Get[robustHead](head)
	if err != nil {
		return
	}
	pending, pendingPI := splitEntry(h.Pending)
	entry, pi := splitEntry(h.Next)
	for n := 0; entry != head && n < robustLimit; n++ {
		next, err := uaccess.Get[uintptr](entry)
		if entry != pending && !ownerDied(mm, entry+uintptr(h.Offset), tid, pi, false) {
			return
		}
		if err != nil {
			break
		}
		entry, pi = splitEntry(next)
	}
	if pending != 0 {
		ownerDied(mm, pending+uintptr(h.Offset), tid, pendingPI, true)
	}
}

// splitEntry takes the bit that says that the lock passes on priority from a link.
func splitEntry(p uintptr) (entry uintptr, pi bool) { return p &^ 1, p&1 != 0 }

// ownerDied marks a lock if tid is its owner. It reports false for an address that
// no lock can have.
func ownerDied(mm unsafe.Pointer, addr uintptr, tid int, pi, pending bool) bool {
	if addr%4 != 0 {
		return false
	}
	for {
		v, err := uaccess.Load32(addr)
		if err != nil {
			return false
		}
		owner := v & TIDMask
		if pending && !pi && owner == 0 {
			// It was unlocked, but who waits was perhaps not woken.
			_, _ = Wake(mm, addr, Shared, 1, BitsetMatchAny)
			return true
		}
		if owner != uint32(tid) {
			return true
		}
		prev, err := uaccess.Cmpxchg32(addr, v, v&Waiters|OwnerDied)
		if err != nil {
			return false
		}
		if prev == v {
			if !pi && v&Waiters != 0 {
				_, _ = Wake(mm, addr, Shared, 1, BitsetMatchAny)
			}
			return true
		}
	}
}
