package vm

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
)

// Mremap changes the size or the place of a mapping and returns where it is;
// mremap(2) has the errors.
func (m *MM) Mremap(addr, oldLen, newLen uintptr, flags int, newAddr uintptr) (uintptr, error) {
	if flags&^(MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP) != 0 ||
		flags&MREMAP_FIXED != 0 && flags&MREMAP_MAYMOVE == 0 ||
		flags&MREMAP_DONTUNMAP != 0 && (flags&MREMAP_MAYMOVE == 0 || oldLen != newLen) ||
		addr&pageMask != 0 {
		return 0, syscall.EINVAL
	}
	oldLen, newLen = pageAlign(oldLen), pageAlign(newLen)
	if newLen == 0 {
		return 0, syscall.EINVAL
	}
	if err := m.lock.LockKillable(); err != nil {
		return 0, err
	}
	var old deadAreas
	r := remap{m: m, addr: addr, oldLen: oldLen, newLen: newLen, flags: flags, to: newAddr, old: &old}
	at, err := r.run()
	m.lock.Unlock()
	old.release()
	if err == nil && r.grown != 0 {
		m.populate(r.grown, at+newLen)
	}
	return at, err
}

// remap is one call of mremap(2). Exclusive to its task.
type remap struct {
	m              *MM
	addr           uintptr
	oldLen, newLen uintptr
	flags          int
	to             uintptr
	old            *deadAreas
	grown          uintptr // where new pages of locked memory begin
}

// run chooses between the ways to do it, in Linux's order.
//
// Preconditions: lock held for writing.
func (r *remap) run() (uintptr, error) {
	m := r.m
	if a := treeFind(m.root, r.addr); a == nil || a.Start > r.addr {
		return 0, syscall.EFAULT
	}
	if r.flags&(MREMAP_FIXED|MREMAP_DONTUNMAP) != 0 {
		return r.moveTo()
	}
	if r.oldLen >= r.newLen {
		if r.oldLen > r.newLen {
			if r.addr > arch.TaskSize || r.oldLen > arch.TaskSize-r.addr {
				return 0, syscall.EINVAL
			}
			if err := m.unmapLocked(r.addr+r.newLen, r.addr+r.oldLen, r.old); err != nil {
				return 0, err
			}
		}
		return r.addr, nil
	}
	a, err := r.resizable()
	if err != nil {
		return 0, err
	}
	if r.oldLen == a.End-r.addr && r.expand(a) {
		return r.addr, nil
	}
	if r.flags&MREMAP_MAYMOVE == 0 {
		return 0, syscall.ENOMEM
	}
	at, err := m.room(r.newLen)
	if err != nil {
		return 0, err
	}
	return r.move(a, at)
}

// resizable returns the area if what is asked is possible. Linux's
// vma_to_resize.
func (r *remap) resizable() (*Area, error) {
	m := r.m
	a := treeFind(m.root, r.addr)
	if a == nil || a.Start > r.addr {
		return nil, syscall.EFAULT
	}
	if r.oldLen == 0 && a.Flags.private() {
		return nil, syscall.EINVAL // only shared mappings can be doubled
	}
	if r.flags&MREMAP_DONTUNMAP != 0 && a.Flags&vmDontMove != 0 {
		return nil, syscall.EINVAL
	}
	if r.oldLen > a.End-r.addr {
		return nil, syscall.EFAULT
	}
	if r.newLen == r.oldLen {
		return a, nil
	}
	if a.Object != nil && a.Offset+uint64(r.addr-a.Start)+uint64(r.newLen) < uint64(r.newLen) {
		return nil, syscall.EINVAL
	}
	if a.Flags&vmDontMove != 0 {
		return nil, syscall.EFAULT
	}
	more := int(r.newLen>>pageShift) - int(r.oldLen>>pageShift)
	if more > 0 {
		if m.mayLock(a.Flags, more) != nil {
			return nil, syscall.EAGAIN
		}
		if !m.mayExpand(a.Flags, more) || a.Flags&VM_ACCOUNT != 0 && !enoughMemory(more) {
			return nil, syscall.ENOMEM
		}
	}
	return a, nil
}

// expand enlarges the area where it is, if there is room.
func (r *remap) expand(a *Area) bool {
	end := r.addr + r.newLen
	if end < r.addr || end > arch.TaskSize {
		return false
	}
	if n := a.next; n != nil && n.startGap() < end {
		return false
	}
	r.m.account(a.Flags, int((end-a.End)>>pageShift))
	if a.Flags&vmLocks == VM_LOCKED {
		r.grown = a.End
	}
	r.m.moveEnds(a, a.Start, end)
	r.m.join(a)
	return true
}

// moveTo does MREMAP_FIXED and MREMAP_DONTUNMAP. Linux's mremap_to.
func (r *remap) moveTo() (uintptr, error) {
	m := r.m
	if r.to&pageMask != 0 || r.newLen > arch.TaskSize || r.to > arch.TaskSize-r.newLen {
		return 0, syscall.EINVAL
	}
	if r.addr+r.oldLen > r.to && r.to+r.newLen > r.addr {
		return 0, syscall.EINVAL
	}
	if m.count+2 >= maxAreas-3 {
		return 0, syscall.ENOMEM
	}
	if r.flags&MREMAP_FIXED != 0 {
		if err := checkFixed(r.to, r.newLen); err != nil {
			return 0, err
		}
		if err := m.unmapLocked(r.to, r.to+r.newLen, r.old); err != nil {
			return 0, err
		}
	}
	if r.oldLen > r.newLen {
		if err := m.unmapLocked(r.addr+r.newLen, r.addr+r.oldLen, r.old); err != nil {
			return 0, err
		}
		r.oldLen = r.newLen
	}
	a, err := r.resizable()
	if err != nil {
		return 0, err
	}
	at := r.to
	if r.flags&MREMAP_FIXED == 0 {
		place := MmapArgs{Addr: r.to, Len: r.newLen}
		if at, err = m.place(&place); err != nil {
			return 0, err
		}
	}
	return r.move(a, at)
}

// move makes a new area at at, with the pages of [addr, addr+oldLen) of a.
func (r *remap) move(a *Area, at uintptr) (uintptr, error) {
	m := r.m
	if m.count >= maxAreas-3 {
		return 0, syscall.ENOMEM
	}
	f := a.Flags
	n := &Area{Start: at, End: at + r.newLen, Flags: f, File: a.File, Object: a.Object, Name: a.Name, mm: m}
	if a.Object != nil {
		n.Offset = a.Offset + uint64(r.addr-a.Start)
	}
	n.copied.Store(a.copied.Load())
	if !m.movePages(r.addr, at, r.oldLen) {
		m.movePages(at, r.addr, r.oldLen) // its tables are all still there
		return 0, syscall.ENOMEM
	}
	n.hold()
	m.account(f, n.pages())
	m.link(n)
	if f&VM_SPECIAL != 0 && r.addr == m.VDSO.Load() {
		m.VDSO.Store(at)
	}
	if f&vmLocks == VM_LOCKED {
		r.grown = at + r.oldLen
	}
	if r.flags&MREMAP_DONTUNMAP != 0 {
		_, err := m.setFlags(a, r.addr, r.addr+r.oldLen, f&^VM_LOCKED, nil)
		m.join(n)
		return at, err
	}
	err := m.unmapLocked(r.addr, r.addr+r.oldLen, r.old)
	if p := n.prev; p != nil {
		n = m.join(p)
	}
	m.join(n)
	return at, err
}

// movePages moves the entries of n bytes at from to to. It reports false if
// there was no memory for a table; some have moved then.
func (m *MM) movePages(from, to, n uintptr) bool {
	moved := false
	for off := uintptr(0); off < n; {
		src, skip := m.leafOrHole(from + off)
		if src == nil {
			off = ((from + off) | (1<<skip - 1)) + 1 - from
			continue
		}
		slot := src.entry(from + off)
		e := arch.PTE(atomic.LoadUint64(slot))
		if !e.None() {
			dst := m.leafAlloc(to + off)
			if dst == nil {
				return false
			}
			storePTE(slot, 0)
			storePTE(dst.entry(to+off), e)
			moved = true
		}
		off += pageSize
	}
	if moved {
		arch.FlushTLB(&m.ctx, from, from+n)
	}
	return true
}
