package vm

// Which parts of a program's memory go into a core file (core(5)). The bits of
// /proc/PID/coredump_filter; Linux's MMF_DUMP_*, moved down to bit 0.
const (
	DumpAnonPrivate   = 1 << 0
	DumpAnonShared    = 1 << 1
	DumpMappedPrivate = 1 << 2
	DumpMappedShared  = 1 << 3
	DumpElfHeaders    = 1 << 4

	// DumpFilterMask are all bits that there are: those of huge pages and of
	// DAX select nothing here.
	DumpFilterMask = 1<<9 - 1
	// DumpFilterDefault is Linux's default.
	DumpFilterDefault = 0x33
)

// CoredumpFilter returns the program's Dump bits.
func (s *execState) CoredumpFilter() uint32 { return s.coredumpFilter.Load() ^ DumpFilterDefault }

// SetCoredumpFilter changes them; bits that do not exist are dropped.
func (s *execState) SetCoredumpFilter(v uint32) {
	s.coredumpFilter.Store(v&DumpFilterMask ^ DumpFilterDefault)
}

// Written reports whether a private area has pages of its own: of a file, copies;
// else any. Called by the visitor of Walk.
func (a *Area) Written() bool {
	switch {
	case !a.Flags.private():
		return false
	case a.Object != nil:
		return a.copied.Load()
	}
	return a.nextPresent(a.Start, a.End) < a.End
}

// nextPresent returns the first address from addr to end at which there is a page,
// or end.
//
// Preconditions: lock held; addr and end are whole pages of the area.
func (a *Area) nextPresent(addr, end uintptr) uintptr {
	const leafSize = pageSize << 9 // what one table covers
	for addr < end {
		t := a.mm.leaf(addr)
		if t == nil {
			addr = addr&^(leafSize-1) + leafSize
			continue
		}
		if !loadPTE(t.entry(addr)).None() {
			return addr
		}
		addr += pageSize
	}
	return end
}

// NextPresent returns the first address from addr to end, whole pages, that is
// worth a look: anonymous memory that nothing has touched is passed over.
func (m *MM) NextPresent(addr, end uintptr) uintptr {
	m.lock.RLock()
	defer m.lock.RUnlock()
	a := m.find(addr)
	if a == nil || addr < a.Start || !a.anonymous() {
		return addr
	}
	return a.nextPresent(addr, min(end, a.End))
}
