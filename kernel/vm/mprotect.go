package vm

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

// Mprotect changes the rights of n bytes at addr; mprotect(2): EINVAL, ENOMEM,
// EACCES. What was changed before an error stays changed.
func (m *MM) Mprotect(addr, n uintptr, prot int) error {
	grows := prot & (PROT_GROWSDOWN | PROT_GROWSUP)
	if grows == PROT_GROWSDOWN|PROT_GROWSUP || addr&pageMask != 0 {
		return syscall.EINVAL
	}
	if n == 0 {
		return nil
	}
	end := addr + pageAlign(n)
	if end <= addr {
		return syscall.ENOMEM
	}
	if prot &^= grows; prot&^(vmAccessProt|PROT_SEM) != 0 {
		return syscall.EINVAL
	}
	if err := m.lock.LockKillable(); err != nil {
		return err
	}
	defer m.lock.Unlock()
	return m.protectLocked(addr, end, Flags(prot)&vmAccess, grows)
}

const vmAccessProt = PROT_READ | PROT_WRITE | PROT_EXEC

// protectLocked does Mprotect for whole pages.
//
// Preconditions: lock held for writing.
func (m *MM) protectLocked(start, end uintptr, prot Flags, grows int) (err error) {
	a := treeFind(m.root, start)
	switch {
	case a == nil:
		return syscall.ENOMEM
	case grows == PROT_GROWSDOWN:
		if a.Start >= end {
			return syscall.ENOMEM
		}
		if start = a.Start; a.Flags&VM_GROWSDOWN == 0 {
			return syscall.EINVAL
		}
	case a.Start > start:
		return syscall.ENOMEM
	case grows == PROT_GROWSUP:
		return syscall.EINVAL // no stack of ours grows up
	}
	var g gather
	g.begin(m, false)
	defer g.finish()
	for start < end {
		if a == nil || a.Start > start {
			return syscall.ENOMEM
		}
		stop := min(a.End, end)
		f := a.Flags.setRights(prot)
		if f&^(f>>4)&vmAccess != 0 {
			return syscall.EACCES
		}
		if a, err = m.protectArea(&g, a, start, stop, f); err != nil {
			return err
		}
		if start = stop; start >= a.End { // or a now has what follows, too
			a = a.next
		}
	}
	return nil
}

// protectArea gives a part of an area other rights. It returns the area that the
// part is in then.
//
// Preconditions: lock held for writing.
func (m *MM) protectArea(g *gather, a *Area, start, end uintptr, f Flags) (*Area, error) {
	if f == a.Flags {
		return a, nil
	}
	pages := int((end - start) >> pageShift)
	if f&VM_WRITE != 0 && f&(VM_SHARED|VM_NORESERVE|VM_ACCOUNT) == 0 {
		if !enoughMemory(pages) {
			return nil, syscall.ENOMEM
		}
		f |= VM_ACCOUNT
	}
	if isData(f) && !isData(a.Flags) && !m.mayGrowData(pages) {
		return nil, syscall.ENOMEM
	}
	return m.setFlags(a, start, end, f, func(a *Area) { m.changeRights(g, a) })
}

// mayGrowData checks RLIMIT_DATA only: the pages exist already.
func (m *MM) mayGrowData(n int) bool {
	return uint64(m.data.Load())+uint64(n) <= Rlimit(rlimitData)>>pageShift
}

// setFlags gives the part [start, end) of a other flags, calls apply for it, and
// joins it with its neighbours. It returns the area that the part is in then.
// ENOMEM: there would be too many areas.
//
// Preconditions: lock held for writing.
func (m *MM) setFlags(a *Area, start, end uintptr, f Flags, apply func(*Area)) (*Area, error) {
	if need := btoi(a.Start < start) + btoi(end < a.End); m.count+need > maxAreas {
		return nil, syscall.ENOMEM
	}
	if a.Start < start {
		a = m.split(a, start)
	}
	if end < a.End {
		m.split(a, end)
	}
	m.account(a.Flags, -a.pages())
	m.account(f, a.pages())
	grew := (a.Flags^f)&VM_GROWSDOWN != 0
	a.Flags = f
	if grew {
		treeRefresh(m.root, a)
	}
	if apply != nil {
		apply(a)
	}
	if p := a.prev; p != nil && p.joins(a) {
		a = p
		m.join(a)
	}
	return m.join(a), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// changeRights makes the entries of an area what its flags say. The right to
// write a private page comes with the next fault, which knows whether it must be
// copied.
//
// Preconditions: lock held for writing.
func (m *MM) changeRights(g *gather, a *Area) {
	rights := a.Flags.rights()
	kept := rights
	if a.Flags.private() {
		kept &^= spec.UserW
	}
	m.eachLeaf(a.Start, a.End, func(t *table, start, end uintptr) {
		lost := false
		for addr := start; addr < end; addr += pageSize {
			slot := t.entry(addr)
			old := arch.PTE(atomic.LoadUint64(slot))
			if old.None() {
				continue
			}
			now := old.WithProt(kept)
			if rights&spec.UserW != 0 && (old.Prot()&spec.UserW != 0 || mm.PageOwners(old.PA()) == 1) {
				now = old.WithProt(rights)
			}
			if kept&spec.UserX != 0 && old.Prot()&spec.UserX == 0 {
				syncCode(old.PA())
			}
			storePTE(slot, now)
			lost = lost || old.Prot()&^now.Prot() != 0
		}
		if lost {
			g.changed(start, end)
		}
		sched.CondResched()
	})
}
