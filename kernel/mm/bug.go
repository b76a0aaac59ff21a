package mm

import "sync/atomic"

// Bug is a misuse of the page allocator by the kernel. The allocator reports
// it, refuses the call, and stays intact.
type Bug uint32

const (
	BugNotAllocated Bug = iota + 1 // not the start of an allocated block: freed before, reserved, or no memory
	BugOrder                       // freed with another order than it was allocated with
	BugShared                      // freed while it has other owners
	BugPoison                      // written after it was freed (page_poison)
)

func (b Bug) String() string {
	switch b {
	case BugNotAllocated:
		return "page is not allocated"
	case BugOrder:
		return "page has another order"
	case BugShared:
		return "page has other owners"
	case BugPoison:
		return "page was written after it was freed"
	}
	return "unknown"
}

// BugReport says which page was misused, and how.
type BugReport struct {
	Bug Bug
	PA  uintptr
}

var (
	bugCount uint32 // atomic
	bugFirst [8]struct {
		pa  uintptr // atomic
		bug uint32  // atomic; published last
	}
	bugHook func(b Bug, pa uintptr)
)

// SetBugHook makes f the receiver of further reports. f is called on the stack
// of the lowest layer with interrupts masked, so it must be go:nosplit and
// small. Call it once, while one CPU runs.
func SetBugHook(f func(b Bug, pa uintptr)) { bugHook = f }

// Bugs returns how many misuses were reported, and the first few of them.
func Bugs() (count int, first []BugReport) {
	for i := range bugFirst {
		r := &bugFirst[i]
		if b := Bug(atomic.LoadUint32(&r.bug)); b != 0 {
			first = append(first, BugReport{b, atomic.LoadUintptr(&r.pa)})
		}
	}
	return int(atomic.LoadUint32(&bugCount)), first
}

//go:nosplit
func reportBug(b Bug, pa uintptr) {
	n := atomic.AddUint32(&bugCount, 1) - 1
	if n < uint32(len(bugFirst)) {
		r := &bugFirst[n]
		atomic.StoreUintptr(&r.pa, pa)
		atomic.StoreUint32(&r.bug, uint32(b))
	}
	if bugHook != nil {
		bugHook(b, pa)
	}
}
