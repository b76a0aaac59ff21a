package vm

import (
	"math"
	"syscall"

	"onsen/arch"
)

// MmapArgs is what a new mapping is to be.
type MmapArgs struct {
	// Addr is where it is to be, or a hint; Len how long, in bytes.
	Addr, Len uintptr
	// Prot are PROT_* and Flags MAP_* bits.
	Prot, Flags int
	// File is the file mapped, nil for none. Mmap takes a reference of its own.
	File File
	// Object is where pages come from; nil for zeros, and with MAP_SHARED for
	// new shared memory.
	Object Mappable
	// Offset is the position in Object, in bytes.
	Offset int64
	// Deny are PROT_* bits that mprotect(2) may never add: what the file was
	// not opened for.
	Deny int
	// Name is what /proc/PID/maps shows if there is no File.
	Name string
	// Special makes it one of the kernel's own mappings, which do not move.
	Special bool
}

// Mmap makes a mapping and returns its address; mmap(2) has the errors. The
// rights of the file were checked by the caller.
func (m *MM) Mmap(args MmapArgs) (uintptr, error) {
	a := &args
	if err := a.check(); err != nil {
		return 0, err
	}
	var old deadAreas
	if err := m.lock.LockKillable(); err != nil {
		return 0, err
	}
	addr, flags, err := m.mmapLocked(a, &old)
	m.lock.Unlock()
	old.release()
	if err == nil && (flags&vmLocks == VM_LOCKED || a.Flags&(MAP_POPULATE|MAP_NONBLOCK) == MAP_POPULATE) {
		m.populate(addr, addr+a.Len)
	}
	return addr, err
}

// check makes the checks that do not depend on the MM, and completes a.
func (a *MmapArgs) check() error {
	if a.Len == 0 {
		return syscall.EINVAL
	}
	if a.Flags&MAP_FIXED_NOREPLACE != 0 {
		a.Flags |= MAP_FIXED
	}
	if a.Flags&MAP_FIXED == 0 {
		if a.Addr &^= pageMask; a.Addr != 0 {
			a.Addr = max(a.Addr, minAddr)
		}
	}
	a.Len = (a.Len + pageMask) &^ pageMask
	if a.Len == 0 {
		return syscall.ENOMEM
	}
	limit := uint64(math.MaxUint64)
	if a.File != nil {
		limit = math.MaxInt64
	}
	if uint64(a.Len) > limit || uint64(a.Offset) > limit-uint64(a.Len) {
		return syscall.EOVERFLOW
	}
	return nil
}

// checkType checks MAP_TYPE.
func (a *MmapArgs) checkType() error {
	switch a.Flags & MAP_TYPE {
	case MAP_PRIVATE:
		if a.File != nil && a.Flags&MAP_GROWSDOWN != 0 {
			return syscall.EINVAL
		}
		return nil
	case MAP_SHARED_VALIDATE:
		if a.File == nil {
			return syscall.EINVAL
		}
		const known = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE |
			MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |
			MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_FIXED_NOREPLACE | mapHugeMask
		if a.Flags&^known != 0 {
			return syscall.EOPNOTSUPP
		}
		fallthrough
	case MAP_SHARED:
		if a.Flags&MAP_GROWSDOWN != 0 {
			return syscall.EINVAL
		}
		return nil
	}
	return syscall.EINVAL
}

// areaFlags returns the flags of the new area.
func (a *MmapArgs) areaFlags(def Flags) Flags {
	f := Flags(a.Prot)&vmAccess | def | vmMay&^(Flags(a.Deny)&vmAccess<<4)
	if a.Flags&MAP_TYPE != MAP_PRIVATE {
		f |= VM_SHARED | VM_MAYSHARE
		if a.Deny&PROT_WRITE != 0 {
			f &^= VM_SHARED // nobody can ever write through it
		}
	}
	if a.Flags&MAP_GROWSDOWN != 0 {
		f |= VM_GROWSDOWN
	}
	if a.Flags&MAP_LOCKED != 0 {
		f |= VM_LOCKED
	}
	if a.Flags&MAP_NORESERVE != 0 {
		f |= VM_NORESERVE
	}
	if a.Special {
		f |= VM_SPECIAL | VM_DONTEXPAND
	}
	if accountable(f) {
		f |= VM_ACCOUNT
	}
	return f
}

// mmapLocked does Mmap, with Linux's checks in Linux's order.
//
// Preconditions: lock held for writing.
func (m *MM) mmapLocked(a *MmapArgs, old *deadAreas) (addr uintptr, f Flags, err error) {
	if m.count > maxAreas {
		return 0, 0, syscall.ENOMEM
	}
	if addr, err = m.place(a); err != nil {
		return 0, 0, err
	}
	if a.Flags&MAP_FIXED_NOREPLACE != 0 && m.findIn(addr, addr+a.Len) != nil {
		return 0, 0, syscall.EEXIST
	}
	f = a.areaFlags(m.defFlags)
	if a.Flags&MAP_LOCKED != 0 && !Capable(capIPCLock) && Rlimit(rlimitMemlock) == 0 {
		return 0, 0, syscall.EPERM
	}
	pages := int(a.Len >> pageShift)
	if err := m.mayLock(f, pages); err != nil {
		return 0, 0, err
	}
	if err := a.checkType(); err != nil {
		return 0, 0, err
	}
	if !m.mayExpand(f, pages) && !m.mayExpand(f, pages-m.pagesIn(addr, addr+a.Len)) {
		return 0, 0, syscall.ENOMEM
	}
	if a.Flags&MAP_FIXED != 0 {
		if err := m.unmapLocked(addr, addr+a.Len, old); err != nil {
			return 0, 0, err
		}
	}
	if f&VM_ACCOUNT != 0 && !enoughMemory(pages) {
		return 0, 0, syscall.ENOMEM
	}
	m.insert(m.newArea(a, addr, f))
	return addr, f, nil
}

// newArea returns the area that a asks for. It holds no references yet.
func (m *MM) newArea(a *MmapArgs, addr uintptr, f Flags) *Area {
	n := &Area{Start: addr, End: addr + a.Len, Flags: f, File: a.File, Object: a.Object, Offset: uint64(a.Offset), Name: a.Name, mm: m}
	shared := !f.private()
	switch {
	case n.Object == Zero && !shared:
		n.Object, n.File, n.Offset = nil, nil, 0
	case shared && (n.Object == nil || n.Object == Zero):
		n.Object, n.File, n.Offset = NewSharedMemory(a.Len), nil, 0
		n.Name = "/dev/zero (deleted)"
	case n.Object == nil:
		n.Offset = 0
	}
	return n
}

// place finds out where a new mapping is to be.
//
// Preconditions: lock held.
func (m *MM) place(a *MmapArgs) (uintptr, error) {
	if a.Len > arch.TaskSize {
		return 0, syscall.ENOMEM
	}
	if a.Flags&MAP_FIXED != 0 {
		return a.Addr, checkFixed(a.Addr, a.Len)
	}
	if a.Addr != 0 && a.Addr <= arch.TaskSize-a.Len && m.free(a.Addr, a.Len) {
		return a.Addr, nil
	}
	return m.room(a.Len)
}

// checkFixed checks an address that the program insists on.
func checkFixed(addr, n uintptr) error {
	switch {
	case addr > arch.TaskSize-n:
		return syscall.ENOMEM
	case addr&pageMask != 0:
		return syscall.EINVAL
	case addr < minAddr && !Capable(capSysRawIO):
		return syscall.EPERM
	}
	return nil
}

// free reports whether a mapping can be made at addr without harm to others.
func (m *MM) free(addr, n uintptr) bool {
	next := treeFind(m.root, addr)
	return next == nil || next.startGap() >= addr+n && next.Start >= addr+n
}

// room finds n free bytes, as high as possible below mmapBase, or else above
// it. ENOMEM.
func (m *MM) room(n uintptr) (uintptr, error) {
	for _, r := range [2]room{{n, minAddr, m.mmapBase}, {n, m.mmapBase, arch.TaskSize}} {
		if at, ok := r.highest(m.root, 0, arch.TaskSize); ok {
			return at, nil
		}
	}
	return 0, syscall.ENOMEM
}

// insert adds an area where nothing is, or enlarges its neighbours. It takes the
// references of the new area.
//
// Preconditions: lock held for writing.
func (m *MM) insert(n *Area) {
	m.account(n.Flags, n.pages())
	next := treeFind(m.root, n.Start)
	prev := m.last
	if next != nil {
		prev = next.prev
	}
	switch {
	case prev != nil && prev.joins(n):
		m.moveEnds(prev, prev.Start, n.End)
		m.join(prev)
	case next != nil && n.joins(next):
		next.Offset = n.Offset
		m.moveEnds(next, n.Start, next.End)
	default:
		n.hold()
		m.link(n)
	}
}

// join makes a and the next area one, if they can be.
//
// Preconditions: lock held for writing.
func (m *MM) join(a *Area) *Area {
	b := a.next
	if b == nil || !a.joins(b) {
		return a
	}
	if b.copied.Load() {
		a.copied.Store(true)
	}
	end := b.End
	m.unlink(b)
	m.moveEnds(a, a.Start, end)
	m.forget(b)
	return a
}

// forget gives up the references of an area that another now covers. They are
// not the last ones.
func (m *MM) forget(a *Area) {
	if a.Object != nil {
		a.Object.Detach(a)
	}
	if a.File != nil {
		a.File.Put()
	}
}

// split cuts an area in two at addr and returns the upper one.
//
// Preconditions: lock held for writing; addr is inside a.
func (m *MM) split(a *Area, addr uintptr) *Area {
	b := &Area{Start: addr, End: a.End, Flags: a.Flags, File: a.File, Object: a.Object, Offset: a.Offset, Name: a.Name, mm: m}
	if a.Object != nil {
		b.Offset += uint64(addr - a.Start)
	}
	b.copied.Store(a.copied.Load())
	m.moveEnds(a, a.Start, addr)
	b.hold()
	m.link(b)
	m.cache.Store(nil)
	return b
}

// cut returns the areas of [start, end) as a run of whole areas: the first, or
// nil if there is none. ENOMEM if there would be too many.
//
// Preconditions: lock held for writing.
func (m *MM) cut(start, end uintptr) (*Area, error) {
	a := m.findIn(start, end)
	if a == nil {
		return nil, nil
	}
	if a.Start < start {
		if a.End > end && m.count >= maxAreas {
			return nil, syscall.ENOMEM
		}
		a = m.split(a, start)
	}
	if last := treeFind(m.root, end-1); last != nil && last.Start < end && end < last.End {
		m.split(last, end)
	}
	return a, nil
}

// pagesIn returns how many pages of [start, end) are mapped.
func (m *MM) pagesIn(start, end uintptr) (n int) {
	for a := m.findIn(start, end); a != nil && a.Start < end; a = a.next {
		n += int((min(a.End, end) - max(a.Start, start)) >> pageShift)
	}
	return n
}
