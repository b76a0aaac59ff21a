package vm

import (
	"sync/atomic"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
)

// A program that forks again and again, such as a shell, writes to the same few
// pages after each fork: its stack, its allocator's state. For each of them the
// parent takes a fault to get a copy, and often the child another to find that
// the page is its own. So the program's MM remembers which pages were copied
// since its first fork, and the next forks copy them at once.

// hotPages are the addresses of pages that were copied after a fork.
type hotPages struct {
	addr [8]atomic.Uintptr // 0: none
	next atomic.Uint32     // which to replace
	// forks counts the forks. MM.lock held for writing; read in any case.
	forks atomic.Uint32
}

// hotForks is after how many forks everything is learned anew.
const hotForks = 32

// note remembers that the page at addr was copied.
func (h *hotPages) note(addr uintptr) {
	if h.forks.Load() == 0 {
		return
	}
	for i := range h.addr {
		if h.addr[i].Load() == addr {
			return
		}
	}
	h.addr[h.next.Add(1)%uint32(len(h.addr))].Store(addr)
}

// copyHot gives the child n of m copies of its hot pages, which they share, and
// lets m keep writing to them. Other threads could see that the copies are not
// of one moment, so there must be none.
//
// Preconditions: lock held for writing; n is not used yet.
func (m *MM) copyHot(n *MM) {
	h := &m.hot
	forget := h.forks.Add(1)%hotForks == 0
	for i := range h.addr {
		addr := h.addr[i].Load()
		if addr == 0 {
			continue
		}
		if forget {
			h.addr[i].Store(0)
		}
		if a := treeFind(m.root, addr); a != nil && addr >= a.Start && m.users.Load() == 1 {
			m.unshare(n, a, addr)
		}
	}
}

// unshare gives n a copy of a page of its own if m and n share it.
func (m *MM) unshare(n *MM, a *Area, addr uintptr) {
	if a.Flags&(VM_WRITE|VM_MAYSHARE) != VM_WRITE {
		return
	}
	mine, its := m.leaf(addr), n.leaf(addr)
	if mine == nil || its == nil {
		return
	}
	e := loadPTE(mine.entry(addr))
	if e.None() || e != loadPTE(its.entry(addr)) || e.Prot()&spec.UserR == 0 || mm.PageOwners(e.PA()) != 2 {
		return
	}
	pa := mm.AllocPage()
	if pa == 0 {
		return
	}
	copyPage(pa, e.PA())
	rights := a.Flags.rights()
	if rights&spec.UserX != 0 {
		syncCode(pa)
	}
	storePTE(its.entry(addr), arch.MakePTE(pa, rights))
	storePTE(mine.entry(addr), e.WithProt(rights))
	mm.PutPage(e.PA())
}
