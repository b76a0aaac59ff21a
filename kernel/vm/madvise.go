package vm

import (
	"syscall"

	"onsen/arch/spec"
)

// Advice of madvise(2) (include/uapi/asm-generic/mman-common.h).
const (
	MADV_NORMAL          = 0
	MADV_RANDOM          = 1
	MADV_SEQUENTIAL      = 2
	MADV_WILLNEED        = 3
	MADV_DONTNEED        = 4
	MADV_FREE            = 8
	MADV_REMOVE          = 9
	MADV_DONTFORK        = 10
	MADV_DOFORK          = 11
	MADV_DONTDUMP        = 16
	MADV_DODUMP          = 17
	MADV_WIPEONFORK      = 18
	MADV_KEEPONFORK      = 19
	MADV_COLD            = 20
	MADV_PAGEOUT         = 21
	MADV_POPULATE_READ   = 22
	MADV_POPULATE_WRITE  = 23
	MADV_DONTNEED_LOCKED = 24
)

// Madvise takes advice on n bytes at addr; madvise(2): EINVAL, ENOMEM, EACCES,
// EFAULT. Merging and huge pages answer as in a Linux without them.
func (m *MM) Madvise(addr, n uintptr, advice int) error {
	if !knownAdvice(advice) || addr&pageMask != 0 {
		return syscall.EINVAL
	}
	end := addr + pageAlign(n)
	if n != 0 && pageAlign(n) == 0 || end < addr {
		return syscall.EINVAL
	}
	if end == addr {
		return nil
	}
	switch advice {
	case MADV_POPULATE_READ, MADV_POPULATE_WRITE:
		return m.populateNow(addr, end, advice == MADV_POPULATE_WRITE)
	case MADV_REMOVE:
		return m.remove(addr, end)
	}
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	defer m.lock.Unlock()
	var g gather
	g.begin(m, false)
	defer g.finish()
	return m.eachPart(addr, end, func(a *Area, start, end uintptr) (*Area, error) {
		return m.advise(&g, a, start, end, advice)
	})
}

func knownAdvice(advice int) bool {
	switch advice {
	case MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED,
		MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP,
		MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_DONTNEED_LOCKED:
		return true
	}
	return false
}

// eachPart calls visit for the part of every area in [start, end). visit returns
// the area that its part is in afterwards. A gap is passed over, and ENOMEM in
// the end.
//
// Preconditions: lock held for writing.
func (m *MM) eachPart(start, end uintptr, visit func(a *Area, start, end uintptr) (*Area, error)) error {
	var gap error
	for a := treeFind(m.root, start); start < end; {
		if a == nil || a.Start >= end {
			return syscall.ENOMEM
		}
		if a.Start > start {
			gap = syscall.ENOMEM
			start = a.Start
		}
		stop := min(a.End, end)
		at, err := visit(a, start, stop)
		if err != nil {
			return err
		}
		if start = stop; start >= at.End {
			at = at.next
		}
		a = at
	}
	return gap
}

// advise does it for a part of one area.
//
// Preconditions: lock held for writing.
func (m *MM) advise(g *gather, a *Area, start, end uintptr, advice int) (*Area, error) {
	f := a.Flags
	switch advice {
	case MADV_NORMAL:
		f &^= VM_RAND_READ | VM_SEQ_READ
	case MADV_SEQUENTIAL:
		f = f&^VM_RAND_READ | VM_SEQ_READ
	case MADV_RANDOM:
		f = f&^VM_SEQ_READ | VM_RAND_READ
	case MADV_DONTFORK:
		f |= VM_DONTCOPY
	case MADV_DOFORK:
		f &^= VM_DONTCOPY
	case MADV_WIPEONFORK:
		if a.Object != nil {
			return nil, syscall.EINVAL
		}
		f |= VM_WIPEONFORK
	case MADV_KEEPONFORK:
		f &^= VM_WIPEONFORK
	case MADV_DONTDUMP:
		f |= VM_DONTDUMP
	case MADV_DODUMP:
		if f&VM_SPECIAL != 0 {
			return nil, syscall.EINVAL
		}
		f &^= VM_DONTDUMP
	case MADV_COLD, MADV_PAGEOUT:
		if f&VM_LOCKED != 0 {
			return nil, syscall.EINVAL
		}
	case MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE:
		if f&VM_LOCKED != 0 && advice != MADV_DONTNEED_LOCKED || f&VM_SPECIAL != 0 ||
			advice == MADV_FREE && a.Object != nil {
			return nil, syscall.EINVAL
		}
		m.notePeak()
		m.zap(g, a, start, end)
	}
	if f == a.Flags {
		return a, nil
	}
	return m.setFlags(a, start, end, f, nil)
}

// populateNow does MADV_POPULATE_READ and MADV_POPULATE_WRITE.
func (m *MM) populateNow(start, end uintptr, write bool) error {
	access := spec.AccessRead
	if write {
		access = spec.AccessWrite
	}
	for ; start < end; start += pageSize {
		m.lock.RLock()
		err := m.populatePage(start, access)
		m.lock.RUnlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Preconditions: lock held.
func (m *MM) populatePage(addr uintptr, access spec.Access) error {
	a := m.find(addr)
	if a == nil || a.Start > addr {
		return syscall.ENOMEM
	}
	if !a.Flags.permits(access) || a.Flags&VM_SPECIAL != 0 {
		return syscall.EINVAL
	}
	switch m.bringIn(a, addr, access == spec.AccessWrite) {
	case FaultOK:
		return nil
	case FaultOOM:
		return syscall.ENOMEM
	}
	return syscall.EFAULT
}

// remove does MADV_REMOVE: a hole in the file.
func (m *MM) remove(start, end uintptr) error {
	for start < end {
		c, pos, stop, err := m.removable(start, end)
		if err != nil {
			return err
		}
		c.Punch(pos, int64(stop-start))
		start = stop
	}
	return nil
}

// removable returns what part of which object is mapped from start on.
func (m *MM) removable(start, end uintptr) (c *AddressSpace, pos int64, stop uintptr, err error) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	a := m.find(start)
	if a == nil || a.Start > start {
		return nil, 0, 0, syscall.ENOMEM
	}
	c, ok := a.Object.(*AddressSpace)
	switch {
	case a.Flags&VM_LOCKED != 0, !ok:
		return nil, 0, 0, syscall.EINVAL
	case a.Flags&(VM_SHARED|VM_WRITE) != VM_SHARED|VM_WRITE:
		return nil, 0, 0, syscall.EACCES
	}
	return c, int64(a.Offset) + int64(start-a.Start), min(a.End, end), nil
}
