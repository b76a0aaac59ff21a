package vm

import (
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/spin"
)

// tableStack keeps some of the page tables of address spaces that have ended:
// they are empty, and need not be cleared for the next one.
type tableStack struct {
	lock spin.Lock
	n    int         // lock
	pa   [24]uintptr // lock
}

// emptyTables are the tables by CPU. A task that has just moved may use
// another's.
var emptyTables [spec.MaxCPUs]tableStack

// take returns an empty table, 0 if there is none.
func (s *tableStack) take() (pa uintptr) {
	s.lock.Lock()
	if s.n > 0 {
		s.n--
		pa = s.pa[s.n]
	}
	s.lock.Unlock()
	return pa
}

// put keeps a table that is empty. It reports false if there are enough.
func (s *tableStack) put(pa uintptr) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.n == len(s.pa) {
		return false
	}
	s.pa[s.n] = pa
	s.n++
	return true
}

// Reclaim frees what is only kept because it may be useful, and returns how many
// pages that were.
func Reclaim() (pages int) {
	for i := range emptyTables {
		for pa := emptyTables[i].take(); pa != 0; pa = emptyTables[i].take() {
			mm.FreePage(pa)
			pages++
		}
	}
	return pages
}
