package vm

import "syscall"

// Flags of msync(2).
const (
	MS_ASYNC      = 1
	MS_INVALIDATE = 2
	MS_SYNC       = 4
)

// Msync does msync(2): EINVAL, EBUSY, ENOMEM. A shared mapping shows the pages of
// the file themselves, so there is nothing to write back.
func (m *MM) Msync(addr, n uintptr, flags int) error {
	if flags&^(MS_ASYNC|MS_INVALIDATE|MS_SYNC) != 0 || addr&pageMask != 0 ||
		flags&(MS_ASYNC|MS_SYNC) == MS_ASYNC|MS_SYNC {
		return syscall.EINVAL
	}
	end := addr + pageAlign(n)
	if end < addr {
		return syscall.ENOMEM
	}
	m.lock.RLock()
	defer m.lock.RUnlock()
	var gap error
	for start := addr; start < end; {
		a := treeFind(m.root, start)
		if a == nil || a.Start >= end {
			return syscall.ENOMEM
		}
		if a.Start > start {
			gap = syscall.ENOMEM
		}
		if flags&MS_INVALIDATE != 0 && a.Flags&VM_LOCKED != 0 {
			return syscall.EBUSY
		}
		start = a.End
	}
	return gap
}

// Mincore stores in out, for every page from addr on, 1 if it would not have to
// be read in; mincore(2). It returns how many it has answered, at least 1, or
// ENOMEM if addr is not mapped.
func (m *MM) Mincore(addr uintptr, out []byte) (n int, err error) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	a := treeFind(m.root, addr)
	if a == nil || a.Start > addr {
		return 0, syscall.ENOMEM
	}
	n = min(len(out), int((a.End-addr)>>pageShift))
	for i := range out[:n] {
		out[i] = byte(btoi(m.inMemory(a, addr+uintptr(i)<<pageShift)))
	}
	return n, nil
}

// inMemory reports whether the page at addr is in memory: mapped, or in the
// page cache.
//
// Preconditions: lock held.
func (m *MM) inMemory(a *Area, addr uintptr) bool {
	if t := m.leaf(addr); t != nil && !loadPTE(t.entry(addr)).None() {
		return true
	}
	c, ok := a.Object.(*AddressSpace)
	return ok && c.has(a.index(addr))
}
