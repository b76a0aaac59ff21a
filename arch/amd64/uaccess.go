//go:build metal && amd64

package amd64

import "unsafe"

// The only code that touches user memory is in uaccess_amd64.s, between
// userAccess and userAccessEnd. A fault there at a user address goes on at
// userFault.

// hasSMAP says that kernel code cannot use user memory unless it says so.
var hasSMAP bool

func copyUser(dst, src, n uintptr) (left uintptr)
func clearUser(dst, _, n uintptr) (left uintptr)
func loadUser32(dst, src, n uintptr) (left uintptr)
func cmpxchgUser32(pair, addr, n uintptr) (left uintptr)
func storeFrame(dst, c, state uintptr) (left uintptr)
func loadUsualState(c, src, _ uintptr) (left uintptr)
func loadState(c, src, components uintptr) (left uintptr)

func userAccessPC() uintptr
func userAccessEndPC() uintptr
func userFaultPC() uintptr

// fixUserAccess lets f go on behind an access to user memory that failed. It
// reports false if that is not what has happened.
//
//go:nosplit
func fixUserAccess(f *Frame, addr uintptr) bool {
	if addr >= TaskSize || f.PC() < userAccessPC() || f.PC() >= userAccessEndPC() {
		return false
	}
	f.IP, f.R9 = uint64(userFaultPC()), f.Vec
	return true
}

// CopyFromUser copies from user memory; see package arch.
//
//go:nosplit
func CopyFromUser(dst unsafe.Pointer, src, n uintptr) (left uintptr) {
	return copyUser(uintptr(dst), src, n)
}

// CopyToUser copies to user memory; see package arch.
//
//go:nosplit
func CopyToUser(dst uintptr, src unsafe.Pointer, n uintptr) (left uintptr) {
	return copyUser(dst, uintptr(src), n)
}

// ClearUser zeroes user memory; see package arch.
//
//go:nosplit
func ClearUser(dst, n uintptr) (left uintptr) { return clearUser(dst, 0, n) }

// LoadUser32 loads a word of user memory; see package arch.
//
//go:nosplit
func LoadUser32(addr uintptr) (v uint32, ok bool) {
	left := loadUser32(uintptr(unsafe.Pointer(&v)), addr, 4)
	return v, left == 0
}

// CmpxchgUser32 changes a word of user memory; see package arch.
//
//go:nosplit
func CmpxchgUser32(addr uintptr, old, new uint32) (prev uint32, ok bool) {
	pair := [2]uint32{old, new}
	left := cmpxchgUser32(uintptr(unsafe.Pointer(&pair)), addr, 4)
	return pair[0], left == 0
}
