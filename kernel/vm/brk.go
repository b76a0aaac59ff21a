package vm

import "onsen/arch"

// SetBrk moves the end of the heap to brk if that is possible, and returns where
// it is then: brk(2) as the kernel has it.
func (m *MM) SetBrk(brk uintptr) uintptr {
	var old deadAreas
	m.lock.Lock()
	was := m.Brk
	if m.brkLocked(brk, &old) {
		m.ArgLock.Lock()
		m.Brk = brk
		m.ArgLock.Unlock()
	}
	now, lock := m.Brk, m.defFlags&vmLocks == VM_LOCKED
	m.lock.Unlock()
	old.release()
	if lock && now > was {
		m.populate(pageAlign(was), pageAlign(now))
	}
	return now
}

func pageAlign(n uintptr) uintptr { return (n + pageMask) &^ pageMask }

// brkLocked makes the mappings fit a new end of the heap.
//
// Preconditions: lock held for writing.
func (m *MM) brkLocked(brk uintptr, old *deadAreas) bool {
	if brk < m.StartBrk || brk > arch.TaskSize {
		return false
	}
	if uint64(brk-m.StartBrk+m.EndData-m.StartData) > Rlimit(rlimitData) {
		return false
	}
	from, to := pageAlign(m.Brk), pageAlign(brk)
	switch {
	case to < from:
		return m.unmapLocked(to, from, old) == nil
	case to > from:
		return m.growBrk(from, to)
	}
	return true
}

func (m *MM) growBrk(from, to uintptr) bool {
	// A page between heap and the next mapping stays free.
	if next := treeFind(m.root, from); next != nil && to+pageSize > next.startGap() {
		return false
	}
	f := VM_READ | VM_WRITE | vmMay | VM_ACCOUNT | m.defFlags
	pages := int((to - from) >> pageShift)
	if checkFixed(from, to-from) != nil || m.mayLock(f, pages) != nil || !m.mayExpand(f, pages) ||
		m.count > maxAreas || !enoughMemory(pages) {
		return false
	}
	m.insert(&Area{Start: from, End: to, Flags: f, mm: m})
	return true
}
