package vm

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
)

// FaultResult is what became of a fault.
type FaultResult uint8

const (
	// FaultOK: the access can be tried again.
	FaultOK FaultResult = iota
	// FaultMapErr: nothing is mapped there; SIGSEGV, SEGV_MAPERR.
	FaultMapErr
	// FaultAccErr: what is mapped there does not allow it; SEGV_ACCERR.
	FaultAccErr
	// FaultBus: the object mapped there has no such page; SIGBUS, BUS_ADRERR.
	FaultBus
	// FaultOOM: there is no memory for the page.
	FaultOOM
)

// HandleFault makes the access a at addr possible, if it is allowed. The caller
// is a task that holds no spin lock.
func (m *MM) HandleFault(addr uintptr, a spec.Access) FaultResult {
	if addr >= arch.TaskSize {
		return FaultMapErr
	}
	m.lock.RLock()
	r := m.faultLocked(addr, a)
	m.lock.RUnlock()
	if r == faultGrow {
		r = m.faultBelow(addr, a)
	}
	return r
}

// faultGrow says that an area would have to grow down to addr.
const faultGrow FaultResult = 255

// faultLocked looks up the area and its rights.
//
// Preconditions: lock held.
func (m *MM) faultLocked(addr uintptr, access spec.Access) FaultResult {
	a := m.find(addr)
	switch {
	case a == nil:
		return FaultMapErr
	case addr < a.Start:
		if a.Flags&VM_GROWSDOWN != 0 {
			return faultGrow
		}
		return FaultMapErr
	case !a.Flags.permits(access):
		return FaultAccErr
	}
	return m.fault(a, addr&^pageMask, access&spec.AccessWrite != 0)
}

// faultBelow is faultLocked for an address below a stack.
func (m *MM) faultBelow(addr uintptr, access spec.Access) FaultResult {
	m.lock.Lock()
	defer m.lock.Unlock()
	if a := m.find(addr); a != nil && addr < a.Start && m.growDown(a, addr) != nil {
		return FaultMapErr
	}
	return m.faultLocked(addr, access)
}

// fault makes the page at addr, which the area allows, accessible.
//
// Preconditions: lock held.
func (m *MM) fault(a *Area, addr uintptr, write bool) FaultResult {
	t := m.leafAlloc(addr)
	if t == nil {
		return FaultOOM
	}
	slot := t.entry(addr)
	e := loadPTE(slot)
	switch {
	case e.None():
		if a.Object == nil {
			return m.faultAnon(a, slot)
		}
		return m.faultObject(a, addr, slot, write)
	case e.Prot() == 0 && a.Flags&vmAccess != 0:
		// Another thread is replacing the page; or will have.
		arch.CPURelax()
		return FaultOK
	case write && e.Prot()&spec.UserW == 0:
		return m.faultWrite(a, addr, slot, e)
	}
	arch.FixSpuriousFault(&m.ctx, addr)
	return FaultOK // another thread was faster
}

// faultAnon puts a page of zeros into an empty entry.
func (m *MM) faultAnon(a *Area, slot *uint64) FaultResult {
	pa := mm.AllocPage()
	if pa == 0 {
		return FaultOOM
	}
	zeroPage(pa)
	if !m.install(slot, pa, a.Flags.rights(), rssAnon) {
		mm.FreePage(pa)
	}
	return FaultOK
}

// install puts a page into an entry if that is empty. The page's reference is
// then the entry's.
func (m *MM) install(slot *uint64, pa uintptr, p spec.UserProt, kind int) bool {
	if p&spec.UserX != 0 {
		syncCode(pa)
	}
	if !swapPTE(slot, 0, arch.MakePTE(pa, p)) {
		return false
	}
	m.rss[kind].Add(1)
	return true
}

// faultObject puts a page of the area's object, or a copy of it, into an empty
// entry.
func (m *MM) faultObject(a *Area, addr uintptr, slot *uint64, write bool) FaultResult {
	private := a.Flags.private()
	pa, err := a.Object.FaultPage(a.index(addr), a.Flags&VM_SHARED != 0 && write)
	if err != nil {
		return faultError(err)
	}
	rights := a.Flags.rights()
	switch {
	case private && write:
		copied := mm.AllocPage()
		if copied == 0 {
			mm.PutPage(pa)
			return FaultOOM
		}
		copyPage(copied, pa)
		mm.PutPage(pa)
		pa = copied
		a.noteCopied()
	case private:
		rights &^= spec.UserW
	}
	if !m.install(slot, pa, rights, a.kind()) {
		mm.PutPage(pa)
		return FaultOK
	}
	if c, ok := a.Object.(*AddressSpace); ok && !write {
		m.faultAround(a, c, addr, rights)
	}
	return FaultOK
}

// noteCopied notes that the area has pages that its object does not have.
// Threads that fault at the same time all store the same.
func (a *Area) noteCopied() {
	if !a.copied.Load() {
		a.copied.Store(true)
	}
}

func faultError(err error) FaultResult {
	if err == syscall.ENOMEM {
		return FaultOOM
	}
	return FaultBus
}

// faultWrite makes a present page writable: the page itself if nobody else has
// it or if it is shared on purpose, else a copy.
func (m *MM) faultWrite(a *Area, addr uintptr, slot *uint64, old arch.PTE) FaultResult {
	pa := old.PA()
	rights := a.Flags.rights()
	if !a.Flags.private() || mm.PageOwners(pa) == 1 {
		swapPTE(slot, old, old.WithProt(rights))
		arch.FixSpuriousFault(&m.ctx, addr)
		return FaultOK
	}
	copied := mm.AllocPage()
	if copied == 0 {
		return FaultOOM
	}
	copyPage(copied, pa)
	a.noteCopied()
	m.hot.note(addr)
	if rights&spec.UserX != 0 {
		syncCode(copied)
	}
	between := old.WithProt(0)
	if !swapPTE(slot, old, between) {
		mm.FreePage(copied)
		return FaultOK
	}
	arch.FlushTLB(&m.ctx, addr, addr+pageSize)
	atomic.StoreUint64(slot, uint64(arch.MakePTE(copied, rights)))
	mm.PutPage(pa)
	return FaultOK
}

// aroundPages is how many pages a read of a file's page maps at once; Linux's
// fault_around_bytes.
const aroundPages = 16

// faultAround maps the pages around addr that are in the page cache anyway, so
// that the program need not fault for them.
func (m *MM) faultAround(a *Area, c *AddressSpace, addr uintptr, rights spec.UserProt) {
	const size = aroundPages * pageSize
	start := max(addr&^(size-1), a.Start)
	end := min(addr&^(size-1)+size, a.End)
	t := m.leaf(addr) // the range does not leave the table
	first := start >> pageShift & tableMask
	n := c.mapPages(a.index(start), t[first:first+(end-start)>>pageShift], rights)
	m.rss[a.kind()].Add(int64(n))
}
