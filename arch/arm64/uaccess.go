//go:build metal && arm64

package arm64

import "unsafe"

// User memory is touched by the routines in uaccess_arm64.s only. They are made
// of pieces, each its own symbol. A piece that may fault is followed by the one
// to go on with after a fault: the end of the first is where the other begins,
// which the linker keeps and init makes sure of.

// hasPAN says that the CPUs have PAN. Set by bootGo.
var hasPAN bool

// userAccess is one piece that may fault, and what follows.
type userAccess struct {
	code, fixup uintptr
}

// userAccessPieces is how many there are, and userAccessSize more than the
// longest has.
const (
	userAccessPieces = 6
	userAccessSize   = 1024
)

// detectPAN reports whether this CPU has PAN.
func detectPAN() bool

// userAccesses returns the table of the pieces.
func userAccesses() *[userAccessPieces]userAccess

// init panics if the linker has not kept the pieces in order.
func init() {
	for _, u := range userAccesses() {
		if u.fixup-u.code >= userAccessSize {
			panic("arm64: the routines for user memory are not in order")
		}
	}
}

// fixUserAccess makes f go on behind a failed access to user memory, if it was
// one.
//
//go:nosplit
func fixUserAccess(f *Frame, addr uintptr) bool {
	if addr>>55&1 != 0 || f.ESR>>ecShift&ecMask != ecDataSame {
		return false
	}
	if s := f.ESR & fscMask; s != fscTranslation && s != fscPermission && s != fscAccessFlag {
		return false
	}
	pieces := userAccesses()
	for i := range pieces {
		if u := &pieces[i]; uintptr(f.IP)-u.code < u.fixup-u.code {
			f.IP = uint64(u.fixup)
			return true
		}
	}
	return false
}

// copyUser copies n bytes from src to dst, one of which is in user memory. It
// returns how many are left after a fault there.
//
//go:noescape
func copyUser(dst, src unsafe.Pointer, n uintptr) (left uintptr)

// ClearUser zeroes n bytes of user memory. It returns how many are left after a
// fault.
func ClearUser(dst, n uintptr) (left uintptr)

// LoadUser32 loads an aligned word of user memory. ok is false after a fault.
func LoadUser32(addr uintptr) (v uint32, ok bool)

// CmpxchgUser32 replaces an aligned word of user memory by new if it is old,
// atomically and fully ordered, and returns what it was. ok is false after a
// fault.
func CmpxchgUser32(addr uintptr, old, new uint32) (prev uint32, ok bool)

// CopyFromUser copies n bytes of user memory. It returns how many are left after
// a fault.
//
//go:nosplit
func CopyFromUser(dst unsafe.Pointer, src, n uintptr) (left uintptr) {
	return copyUser(dst, at(src), n)
}

// CopyToUser copies n bytes to user memory. It returns how many are left after a
// fault.
//
//go:nosplit
func CopyToUser(dst uintptr, src unsafe.Pointer, n uintptr) (left uintptr) {
	return copyUser(at(dst), src, n)
}
