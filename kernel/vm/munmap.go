package vm

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
)

// deadAreas are areas that are gone, whose references are to be given up without
// any lock: the last one may close a file.
type deadAreas struct{ first *Area }

func (d *deadAreas) add(a *Area) {
	a.next = d.first
	d.first = a
}

func (d *deadAreas) release() {
	for a := d.first; a != nil; a = a.next {
		if a.File != nil {
			a.File.Put()
		}
	}
	d.first = nil
}

// Munmap ends all mappings in n bytes at addr; munmap(2): EINVAL, ENOMEM.
func (m *MM) Munmap(addr, n uintptr) error {
	if addr&pageMask != 0 || addr > arch.TaskSize || n > arch.TaskSize-addr {
		return syscall.EINVAL
	}
	if n = (n + pageMask) &^ pageMask; n == 0 {
		return syscall.EINVAL
	}
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	var old deadAreas
	err := m.unmapLocked(addr, addr+n, &old)
	m.lock.Unlock()
	old.release()
	return err
}

// unmapLocked ends all mappings in [start, end).
//
// Preconditions: lock held for writing.
func (m *MM) unmapLocked(start, end uintptr, old *deadAreas) error {
	if start >= end {
		return nil
	}
	a, err := m.cut(start, end)
	if a == nil || err != nil {
		return err
	}
	m.notePeak()
	var g gather
	g.begin(m, false)
	floor, low, high := uintptr(0), a.Start, a.End
	if a.prev != nil {
		floor = a.prev.End
	}
	for a != nil && a.Start < end {
		next := a.next
		high = a.End
		m.zap(&g, a, a.Start, a.End)
		m.account(a.Flags, -a.pages())
		m.unlink(a)
		if a.Object != nil {
			a.Object.Detach(a)
		}
		old.add(a)
		a = next
	}
	ceiling := ^uintptr(0)
	if a != nil {
		ceiling = a.Start
	}
	m.freeTables(&g, low, high, floor, ceiling)
	g.finish()
	return nil
}

// exit frees everything when the last user is gone.
func (m *MM) exit() {
	arch.RetireMM(&m.ctx)
	var g gather
	g.begin(m, true)
	var old deadAreas
	for a := m.first; a != nil; {
		next, ceiling := a.next, ^uintptr(0)
		if next != nil {
			ceiling = next.Start
		}
		m.zap(&g, a, a.Start, a.End)
		if a.Start>>leafShift != ceiling>>leafShift { // else a table stays
			m.freeTables(&g, a.Start, a.End, 0, ceiling)
		}
		if a.Object != nil {
			a.Object.Detach(a)
		}
		old.add(a)
		a = next
	}
	// What mremap(2) has left behind where nothing is mapped any more.
	if m.tables.Load() > 1 {
		m.freeTables(&g, 0, arch.TaskSize, 0, ^uintptr(0))
	}
	g.finish()
	mm.FreePage(m.ctx.Pgd)
	m.root, m.first, m.last, m.count = nil, nil, nil, 0
	m.cache.Store(nil)
	old.release()
	m.SetExeFile(nil)
}
