package vm

import (
	"syscall"

	"onsen/arch"
)

// SetupStack makes a stack that ends at top, of size bytes for a start, rounded
// up to whole pages; prot are PROT_* bits. ENOMEM.
func (m *MM) SetupStack(top, size uintptr, prot int) error {
	size = pageAlign(size)
	if size == 0 || top&pageMask != 0 || top > arch.TaskSize || size > top {
		return syscall.ENOMEM
	}
	f := Flags(prot)&vmAccess | vmMay | VM_GROWSDOWN | VM_ACCOUNT | m.defFlags
	if f&VM_WRITE == 0 {
		f &^= VM_ACCOUNT
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.findIn(top-size, top) != nil || !m.mayExpand(f, int(size>>pageShift)) {
		return syscall.ENOMEM
	}
	m.insert(&Area{Start: top - size, End: top, Flags: f, mm: m})
	return nil
}

// growDown makes the stack a begin at or below addr. Linux's expand_downwards:
// ENOMEM, EPERM.
//
// Preconditions: lock held for writing; addr is between a and the area before.
func (m *MM) growDown(a *Area, addr uintptr) error {
	addr &^= pageMask
	if a.Flags&VM_GROWSDOWN == 0 {
		return syscall.EFAULT
	}
	if addr < minAddr {
		return syscall.EPERM
	}
	if p := a.prev; p != nil && p.Flags&VM_GROWSDOWN == 0 && p.Flags&vmAccess != 0 && addr-p.End < stackGuardGap {
		return syscall.ENOMEM
	}
	grow := int((a.Start - addr) >> pageShift)
	if !m.mayExpand(a.Flags, grow) || uint64(a.End-addr) > Rlimit(rlimitStack) {
		return syscall.ENOMEM
	}
	if m.mayLock(a.Flags, grow) != nil || !enoughMemory(grow) {
		return syscall.ENOMEM
	}
	m.account(a.Flags, grow)
	m.moveEnds(a, addr, a.End)
	return nil
}
