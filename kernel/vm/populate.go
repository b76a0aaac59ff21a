package vm

import (
	"onsen/arch/spec"
	"onsen/kernel/sched"
)

// populate makes the pages of [start, end) present as far as they are mapped and
// accessible. What fails is left to be faulted in. Linux's mm_populate.
func (m *MM) populate(start, end uintptr) {
	for start < end {
		m.lock.RLock()
		a := m.find(start)
		if a == nil || a.Start >= end {
			m.lock.RUnlock()
			return
		}
		start = max(start, a.Start)
		stop := min(a.End, end, start+64*pageSize)
		ok := m.populateArea(a, start, stop) == FaultOK
		m.lock.RUnlock()
		if !ok {
			return
		}
		start = stop
		sched.CondResched()
	}
}

// populateArea does populate for a part of one area. As in Linux a private
// writable mapping gets pages of its own.
//
// Preconditions: lock held.
func (m *MM) populateArea(a *Area, start, end uintptr) FaultResult {
	if a.Flags&vmAccess == 0 {
		return FaultAccErr
	}
	write := a.Flags&(VM_WRITE|VM_SHARED) == VM_WRITE
	for ; start < end; start += pageSize {
		if r := m.bringIn(a, start, write); r != FaultOK {
			return r
		}
	}
	return FaultOK
}

// bringIn faults until the page at addr, which the area allows, is present and,
// with write, writable.
//
// Preconditions: lock held.
func (m *MM) bringIn(a *Area, addr uintptr, write bool) FaultResult {
	for {
		if t := m.leaf(addr); t != nil {
			if p := loadPTE(t.entry(addr)).Prot(); p != 0 && (!write || p&spec.UserW != 0) {
				return FaultOK
			}
		}
		if r := m.fault(a, addr, write); r != FaultOK {
			return r
		}
	}
}
