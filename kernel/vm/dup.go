package vm

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

// Dup returns a copy of the address space for the child of a fork, with one
// user. Pages of private mappings are shared until one side writes. ENOMEM.
func (m *MM) Dup() (*MM, error) {
	n, err := NewMM()
	if err != nil {
		return nil, err
	}
	if err := m.lock.LockKillable(); err != nil {
		n.Put()
		return nil, err
	}
	protected := false
	n.mmapBase = m.mmapBase
	n.copyFields(m)
	err = n.copyAreas(m, &protected)
	if err == nil {
		m.copyHot(n)
	}
	// Other threads of the program may still be able to write to pages that the
	// child has, too, until here; and the child does not run before.
	if protected {
		arch.FlushTLB(&m.ctx, 0, arch.TaskSize)
	}
	m.lock.Unlock()
	if err != nil {
		n.Put()
		return nil, err
	}
	return n, nil
}

// copyFields copies what exec(2) has set.
func (m *MM) copyFields(from *MM) {
	m.Membarrier.Store(from.Membarrier.Load())
	exe := from.ExeFile()
	from.ArgLock.Lock()
	m.StartCode, m.EndCode, m.StartData, m.EndData = from.StartCode, from.EndCode, from.StartData, from.EndData
	m.StartBrk, m.Brk, m.StartStack = from.StartBrk, from.Brk, from.StartStack
	m.ArgStart, m.ArgEnd, m.EnvStart, m.EnvEnd = from.ArgStart, from.ArgEnd, from.EnvStart, from.EnvEnd
	m.VDSO.Store(from.VDSO.Load())
	m.Auxv = from.Auxv // never changed, only replaced
	from.ArgLock.Unlock()
	m.exeFile = exe
	m.execState.copy(&from.execState)
}

// copyAreas copies areas and pages. Nobody else uses m.
//
// Preconditions: from.lock held for writing.
func (m *MM) copyAreas(from *MM, protected *bool) error {
	areas := make([]Area, from.count)
	used := 0
	for a := from.first; a != nil; a = a.next {
		if a.Flags&VM_DONTCOPY != 0 {
			continue
		}
		b := &areas[used]
		used++
		b.Start, b.End, b.Flags = a.Start, a.End, a.Flags&^VM_LOCKED
		b.File, b.Object, b.Offset, b.Name = a.File, a.Object, a.Offset, a.Name
		b.mm = m
		b.copied.Store(a.copied.Load())
		if b.File != nil {
			b.File.Get()
		}
		m.account(b.Flags, b.pages())
		m.append(b)
	}
	m.root = treeBuild(areas[:used])
	for a := m.first; a != nil; a = a.next {
		if a.Object != nil {
			a.Object.Attach(a)
		}
		if a.Flags&VM_WIPEONFORK != 0 || a.Object != nil && (!a.Flags.private() || !a.copied.Load()) {
			continue // comes by faults
		}
		if !m.copyPages(from, a, protected) {
			// The rest of the objects must be attached before they are detached.
			for a = a.next; a != nil; a = a.next {
				if a.Object != nil {
					a.Object.Attach(a)
				}
			}
			return syscall.ENOMEM
		}
	}
	return nil
}

// append adds an area that is above all others to the list alone.
func (m *MM) append(a *Area) {
	if a.prev = m.last; a.prev != nil {
		a.prev.next = a
	} else {
		m.first = a
	}
	m.last = a
	m.count++
}

// treeBuild returns a balanced tree of sorted areas.
func treeBuild(areas []Area) *Area {
	if len(areas) == 0 {
		return nil
	}
	mid := len(areas) / 2
	a := &areas[mid]
	a.left, a.right = treeBuild(areas[:mid]), treeBuild(areas[mid+1:])
	a.update()
	return a
}

// copyPages lets m share the pages of a private area with from, and takes from
// both the right to write.
func (m *MM) copyPages(from *MM, a *Area, protected *bool) bool {
	kind := a.kind()
	for start := a.Start; start < a.End; {
		src, skip := from.leafOrHole(start)
		if src == nil {
			start = min((start|(1<<skip-1))+1, a.End)
			continue
		}
		dst := m.leafAlloc(start)
		if dst == nil {
			return false
		}
		next := nextLeaf(start, a.End)
		first := int(start >> pageShift & tableMask)
		n, lost := copyLeaf(dst, src, first, first+int((next-start)>>pageShift))
		m.rss[kind].Add(int64(n))
		*protected = *protected || lost
		start = next
		sched.CondResched()
	}
	return true
}

// copyLeaf copies entries [i, end) of a table and returns how many there were,
// and whether the right to write was taken from one.
func copyLeaf(dst, src *table, i, end int) (n int, lost bool) {
	from, to := src[i:end], dst[i:end]
	for k := nextUsed(from, 0); k < len(from); k = nextUsed(from, k) {
		first := k
		for ; k < len(from) && k < len(to) && from[k] != 0; k++ {
			e := arch.PTE(from[k]).WrProtect()
			if uint64(e) != from[k] {
				lost = true // or it had no rights at all
				from[k] = uint64(e)
			}
			to[k] = uint64(e)
		}
		mm.GetPages(from[first:k], addressBits)
		n += k - first
	}
	return n, lost
}
