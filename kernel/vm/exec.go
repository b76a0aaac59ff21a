package vm

import (
	"sync/atomic"
	"syscall"
)

// execState is what exec(2) has decided about the program.
type execState struct {
	dumpable atomic.Int32
	// coredumpFilter is what CoredumpFilter differs in from its default.
	coredumpFilter atomic.Uint32
	// thpDisabled is PR_SET_THP_DISABLE's. There are no huge pages anyway.
	thpDisabled atomic.Bool
}

// THPDisabled returns what SetTHPDisabled has set.
func (s *execState) THPDisabled() bool { return s.thpDisabled.Load() }

// SetTHPDisabled notes whether the program wants no transparent huge pages.
func (s *execState) SetTHPDisabled(off bool) { s.thpDisabled.Store(off) }

// Dumpable returns whether others that run as the same user may look at the
// program: 1 if they may, 0 if not, 2 if only root may (PR_GET_DUMPABLE).
func (s *execState) Dumpable() int { return int(s.dumpable.Load()) }

// SetDumpable changes that.
func (s *execState) SetDumpable(v int) { s.dumpable.Store(int32(v)) }

// copy is for a fork.
func (s *execState) copy(from *execState) {
	s.dumpable.Store(from.dumpable.Load())
	s.coredumpFilter.Store(from.coredumpFilter.Load())
	s.thpDisabled.Store(from.thpDisabled.Load())
}

// AdoptPage makes the page at pa, which the caller has filled, the one at addr in
// an anonymous area where there is none yet, and takes its reference over. EFAULT:
// there is no such place; ENOMEM.
func (m *MM) AdoptPage(addr, pa uintptr) error {
	m.lock.RLock()
	defer m.lock.RUnlock()
	a := m.find(addr)
	if a == nil || addr < a.Start || !a.anonymous() {
		return syscall.EFAULT
	}
	t := m.leafAlloc(addr)
	if t == nil {
		return syscall.ENOMEM
	}
	if !m.install(t.entry(addr), pa, a.Flags.rights(), rssAnon) {
		return syscall.EFAULT
	}
	return nil
}

// UnmappedArea returns where n bytes, whole pages, are free, for MAP_FIXED before
// anybody else maps something. ENOMEM; EINTR if the task is being killed.
func (m *MM) UnmappedArea(n uintptr) (uintptr, error) {
	if err := m.lock.LockKillable(); err != nil {
		return 0, err
	}
	defer m.lock.Unlock()
	return m.room(n)
}
