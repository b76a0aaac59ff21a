package vm

import "sync/atomic"

const (
	pageSize  = 4096
	pageShift = 12
	pageMask  = pageSize - 1
)

// Area is a range of an MM with the same rights and the same contents; Linux's
// struct vm_area_struct. All fields are protected by MM.lock: MM.Walk holds it
// for its caller.
type Area struct {
	// Start and End are whole pages.
	Start, End uintptr
	Flags      Flags
	// File is the file mapped, nil if there is none. The area has a reference.
	File File
	// Object is where pages come from, nil for zeros.
	Object Mappable
	// Offset is what of Object is at Start, in bytes.
	Offset uint64
	// Name is what /proc/PID/maps shows if there is no File, such as "[vdso]".
	Name string

	mm *MM

	next, prev  *Area // neighbours by address
	left, right *Area // tree; see tree.go
	height      int
	low, high   uintptr // the addresses that the subtree spans
	gap         uintptr // the largest gap between two areas of the subtree

	// copied is set once the area may have pages that are not those of Object.
	// Set under MM.lock held in any way; see dup.
	copied atomic.Bool

	// mapNext and mapPrev link the areas of an AddressSpace. AddressSpace.lock.
	mapNext, mapPrev *Area
}

// pages returns the length in pages.
func (a *Area) pages() int { return int((a.End - a.Start) >> pageShift) }

// index returns which page of Object is at addr.
func (a *Area) index(addr uintptr) uint64 {
	return (a.Offset + uint64(addr-a.Start)) >> pageShift
}

// anonymous reports whether the area's pages are all its own.
func (a *Area) anonymous() bool { return a.Object == nil }

// setRights replaces VM_READ, VM_WRITE and VM_EXEC.
func (f Flags) setRights(prot Flags) Flags { return f&^vmAccess | prot&vmAccess }

// joins reports whether b, which begins where a ends, can be one area with it.
func (a *Area) joins(b *Area) bool {
	return a.End == b.Start && a.Flags == b.Flags && a.Flags&VM_SPECIAL == 0 &&
		a.File == b.File && a.Object == b.Object && a.Name == b.Name &&
		(a.Object == nil || a.Offset+uint64(a.End-a.Start) == b.Offset)
}

// hold takes the references that a new area has.
func (a *Area) hold() {
	if a.File != nil {
		a.File.Get()
	}
	if a.Object != nil {
		a.Object.Attach(a)
	}
}

// startGap is where other areas must end: below a stack there is room for it
// to grow into a fault instead of them.
func (a *Area) startGap() uintptr {
	if a.Flags&VM_GROWSDOWN == 0 {
		return a.Start
	}
	return a.Start - min(a.Start, stackGuardGap)
}
