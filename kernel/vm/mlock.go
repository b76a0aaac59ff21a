package vm

import "syscall"

// Flags of mlock2(2) and mlockall(2).
const (
	MLOCK_ONFAULT = 1
	MCL_CURRENT   = 1
	MCL_FUTURE    = 2
	MCL_ONFAULT   = 4
)

// Nothing here is ever paged out, so locking means that pages are brought in,
// that madvise(2) leaves them alone, and that they are counted.

const vmLocks = VM_LOCKED | VM_LOCKONFAULT

// Mlock locks n bytes at addr; flags are those of mlock2(2). EINVAL, EPERM,
// ENOMEM.
func (m *MM) Mlock(addr, n uintptr, flags int) error {
	if flags&^MLOCK_ONFAULT != 0 {
		return syscall.EINVAL
	}
	f := VM_LOCKED
	if flags&MLOCK_ONFAULT != 0 {
		f |= VM_LOCKONFAULT
	}
	if err := mayLockAny(); err != nil {
		return err
	}
	start, end := lockRange(addr, n)
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	err := m.mlockLocked(start, end, f)
	m.lock.Unlock()
	if err == nil && f&VM_LOCKONFAULT == 0 {
		m.populate(start, end)
	}
	return err
}

// mayLockAny returns EPERM for a task that may not lock anything.
func mayLockAny() error {
	if Rlimit(rlimitMemlock) == 0 && !Capable(capIPCLock) {
		return syscall.EPERM
	}
	return nil
}

func lockRange(addr, n uintptr) (start, end uintptr) {
	start = addr &^ pageMask
	return start, start + pageAlign(n+addr&pageMask)
}

// Preconditions: lock held for writing.
func (m *MM) mlockLocked(start, end uintptr, f Flags) error {
	limit := Rlimit(rlimitMemlock) >> pageShift
	want := uint64((end - start) >> pageShift)
	if want+uint64(m.locked.Load()) > limit && !Capable(capIPCLock) {
		if want+uint64(m.locked.Load())-uint64(m.lockedIn(start, end)) > limit {
			return syscall.ENOMEM
		}
	}
	return m.setLocks(start, end, f)
}

// lockedIn returns how many pages of [start, end) are locked already.
func (m *MM) lockedIn(start, end uintptr) (n int) {
	for a := m.findIn(start, end); a != nil && a.Start < end; a = a.next {
		if a.Flags&VM_LOCKED != 0 {
			n += int((min(a.End, end) - max(a.Start, start)) >> pageShift)
		}
	}
	return n
}

// setLocks gives [start, end) the lock flags f. EINVAL, ENOMEM for a gap.
//
// Preconditions: lock held for writing.
func (m *MM) setLocks(start, end uintptr, f Flags) error {
	if end < start {
		return syscall.EINVAL
	}
	for start < end {
		a := treeFind(m.root, start)
		if a == nil || a.Start > start {
			return syscall.ENOMEM
		}
		stop := min(a.End, end)
		if err := m.setAreaLocks(a, start, stop, f); err != nil {
			return err
		}
		start = stop
	}
	return nil
}

func (m *MM) setAreaLocks(a *Area, start, end uintptr, f Flags) error {
	now := a.Flags&^vmLocks | f
	if now == a.Flags || a.Flags&VM_SPECIAL != 0 {
		return nil
	}
	_, err := m.setFlags(a, start, end, now, nil)
	return err
}

// Munlock unlocks n bytes at addr. EINVAL, ENOMEM.
func (m *MM) Munlock(addr, n uintptr) error {
	start, end := lockRange(addr, n)
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	defer m.lock.Unlock()
	return m.setLocks(start, end, 0)
}

// MlockAll locks what is and what will be mapped; mlockall(2): EINVAL, EPERM,
// ENOMEM.
func (m *MM) MlockAll(flags int) error {
	if flags == 0 || flags&^(MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT) != 0 || flags == MCL_ONFAULT {
		return syscall.EINVAL
	}
	if err := mayLockAny(); err != nil {
		return err
	}
	f := VM_LOCKED
	if flags&MCL_ONFAULT != 0 {
		f |= VM_LOCKONFAULT
	}
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	if flags&MCL_CURRENT != 0 && uint64(m.total.Load()) > Rlimit(rlimitMemlock)>>pageShift && !Capable(capIPCLock) {
		m.lock.Unlock()
		return syscall.ENOMEM
	}
	m.defFlags &^= vmLocks
	if flags&MCL_FUTURE != 0 {
		m.defFlags |= f
	}
	if flags&MCL_CURRENT != 0 {
		m.lockEvery(f)
	}
	m.lock.Unlock()
	if flags&MCL_CURRENT != 0 && f&VM_LOCKONFAULT == 0 {
		m.populate(0, ^uintptr(pageMask))
	}
	return nil
}

// MunlockAll undoes MlockAll and every Mlock.
func (m *MM) MunlockAll() error {
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	defer m.lock.Unlock()
	m.defFlags &^= vmLocks
	m.lockEvery(0)
	return nil
}

// lockEvery gives all areas the lock flags f, as far as that is possible.
//
// Preconditions: lock held for writing.
func (m *MM) lockEvery(f Flags) {
	for at := uintptr(0); ; {
		a := treeFind(m.root, at)
		if a == nil {
			return
		}
		at = a.End
		_ = m.setAreaLocks(a, a.Start, a.End, f)
	}
}
