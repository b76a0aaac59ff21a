package vm

import (
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

// ReadRemote reads from the address space of a program that need not be the
// caller's. It returns how much, and EFAULT if that is not all; ENOMEM.
func (m *MM) ReadRemote(addr uintptr, b []byte) (n int, err error) {
	return m.access(addr, b, spec.AccessRead, false)
}

// WriteRemote is ReadRemote for writing. Shared pages are copied as they would
// be for the program itself.
func (m *MM) WriteRemote(addr uintptr, b []byte) (n int, err error) {
	return m.access(addr, b, spec.AccessWrite, false)
}

// PeekRemote and PokeRemote are for debuggers: what the program must not read
// can be read, and private memory it must not write can be written. Linux's
// FOLL_FORCE.
func (m *MM) PeekRemote(addr uintptr, b []byte) (n int, err error) {
	return m.access(addr, b, spec.AccessRead, true)
}

// PokeRemote writes; see PeekRemote.
func (m *MM) PokeRemote(addr uintptr, b []byte) (n int, err error) {
	return m.access(addr, b, spec.AccessWrite, true)
}

func (m *MM) access(addr uintptr, b []byte, access spec.Access, force bool) (n int, err error) {
	for n < len(b) && err == nil {
		if addr+uintptr(n) >= arch.TaskSize {
			return n, syscall.EFAULT
		}
		var done int
		done, err = m.accessPage(addr+uintptr(n), b[n:], access, force)
		n += done
		sched.CondResched()
	}
	return n, err
}

// accessPage copies up to the end of a page.
func (m *MM) accessPage(addr uintptr, b []byte, access spec.Access, force bool) (n int, err error) {
	m.lock.RLock()
	a, err := m.areaFor(addr, access, force)
	if err != nil || a.Flags&vmAccess != 0 || access != spec.AccessWrite {
		if err == nil {
			n, err = m.accessIn(a, addr, b, access)
		}
		m.lock.RUnlock()
		return n, err
	}
	m.lock.RUnlock()
	// A page that allows nothing looks like one that is being replaced. Nobody
	// replaces any now.
	m.lock.Lock()
	defer m.lock.Unlock()
	if a, err = m.areaFor(addr, access, force); err == nil {
		n, err = m.accessIn(a, addr, b, access)
	}
	return n, err
}

// areaFor returns the area of addr, if it allows the access or can be forced to.
//
// Preconditions: lock held.
func (m *MM) areaFor(addr uintptr, access spec.Access, force bool) (*Area, error) {
	a := m.find(addr)
	if a == nil || addr < a.Start {
		return nil, syscall.EFAULT
	}
	if !a.Flags.permits(access) && !(force && a.mayForce(access)) {
		return nil, syscall.EFAULT
	}
	return a, nil
}

// accessIn is accessPage for an area that allows it.
//
// Preconditions: lock held; not shared if the area allows nothing and it is a
// write.
func (m *MM) accessIn(a *Area, addr uintptr, b []byte, access spec.Access) (n int, err error) {
	for {
		e, slot, err := m.entryFor(a, addr&^pageMask, access == spec.AccessWrite)
		if err != nil {
			return 0, err
		}
		part := pageBytes(e.PA())[addr&pageMask:]
		if access != spec.AccessWrite {
			n = copy(b, part)
			if loadPTE(slot) == e {
				return n, nil
			}
			continue // replaced meanwhile, and maybe free: read again
		}
		n = copy(part, b)
		if a.Flags&VM_EXEC != 0 {
			arch.SyncICache(arch.PhysToVirt(e.PA()), pageSize)
		}
		return n, nil
	}
}

// mayForce reports whether a debugger may do what the program may not.
func (a *Area) mayForce(access spec.Access) bool {
	if access == spec.AccessWrite {
		return a.Flags&VM_MAYWRITE != 0 && a.Flags.private()
	}
	return a.Flags&VM_MAYREAD != 0
}

// entryFor returns the entry for addr, with its page brought in if need be; with
// write it is one that may be written, and stays as long as the lock is held.
//
// Preconditions: lock held.
func (m *MM) entryFor(a *Area, addr uintptr, write bool) (arch.PTE, *uint64, error) {
	for {
		if t := m.leaf(addr); t != nil {
			slot := t.entry(addr)
			if e := loadPTE(slot); a.usable(e, write) {
				return e, slot, nil
			}
		}
		switch m.fault(a, addr, write) {
		case FaultOK:
		case FaultOOM:
			return 0, nil, syscall.ENOMEM
		default:
			return 0, nil, syscall.EFAULT
		}
	}
}

// usable reports whether the page of an entry can be read, or written.
func (a *Area) usable(e arch.PTE, write bool) bool {
	switch {
	case e.None():
		return false
	case !write:
		return e.Prot() != 0 || a.Flags&vmAccess == 0
	case a.Flags&VM_WRITE != 0:
		return e.Prot()&spec.UserW != 0
	}
	return (e.Prot() != 0 || a.Flags&vmAccess == 0) && mm.PageOwners(e.PA()) == 1 // forced
}
