package vm

import (
	"onsen/kernel/mm"
)

// Usage is what of an area is in memory, in pages, for /proc/PID/smaps.
type Usage struct {
	// Private pages are mapped once, Shared ones more often. Clean ones have
	// another place where their contents are: those of the kernel itself. The page
	// cache is the only place of its pages.
	PrivateClean, PrivateDirty, SharedClean, SharedDirty int
	Anonymous                                            int
	// The proportional share: every page divided by how often it is mapped, in
	// bytes << PSSShift. By whose pages they are.
	PSSAnon, PSSShmem, PSSFile uint64
}

// PSSShift is how many binary digits of fraction a proportional share has.
const PSSShift = 12

// Rss is the number of pages present.
func (u *Usage) Rss() int { return u.PrivateClean + u.PrivateDirty + u.SharedClean + u.SharedDirty }

// Add adds that of another area.
func (u *Usage) Add(o *Usage) {
	u.PrivateClean += o.PrivateClean
	u.PrivateDirty += o.PrivateDirty
	u.SharedClean += o.SharedClean
	u.SharedDirty += o.SharedDirty
	u.Anonymous += o.Anonymous
	u.PSSAnon += o.PSSAnon
	u.PSSShmem += o.PSSShmem
	u.PSSFile += o.PSSFile
}

// Usage returns what of the area is in memory. Called by the visitor of Walk.
func (a *Area) Usage() (u Usage) {
	a.mm.eachLeaf(a.Start, a.End, func(t *table, start, end uintptr) {
		for addr := start; addr < end; addr += pageSize {
			if e := loadPTE(t.entry(addr)); !e.None() {
				a.addPage(&u, addr, e.PA())
			}
		}
	})
	return u
}

// addPage counts the page at addr. A device's registers are no memory.
func (a *Area) addPage(u *Usage, addr, pa uintptr) {
	owners := mm.PageOwners(pa)
	if owners == 0 {
		return
	}
	c, cached := a.Object.(*AddressSpace)
	if cached {
		cached = c.page(a.index(addr)) == pa
	}
	ofKernel := !cached && a.Flags&VM_SPECIAL != 0
	if cached || ofKernel {
		owners = max(owners-1, 1) // whose page it is does not map it
	}
	share := uint64(pageSize<<PSSShift) / uint64(owners)
	switch {
	case cached:
		u.PSSShmem += share
	case ofKernel:
		u.PSSFile += share
	default:
		u.PSSAnon += share
		u.Anonymous++
	}
	u.count(owners == 1, ofKernel)
}

func (u *Usage) count(private, clean bool) {
	switch {
	case private && clean:
		u.PrivateClean++
	case private:
		u.PrivateDirty++
	case clean:
		u.SharedClean++
	default:
		u.SharedDirty++
	}
}

// page returns page i without a reference, 0 if it is not there.
func (c *AddressSpace) page(i uint64) uintptr {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.index.get(i)
}
