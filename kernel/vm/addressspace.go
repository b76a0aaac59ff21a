package vm

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// AddressSpace is the page cache of a file, or shared anonymous memory; Linux's
// struct address_space. The pages that are not there are zeros. All its pages
// stay in memory: it is the only place where the data is.
type AddressSpace struct {
	lock  spin.Lock
	index index        // lock
	areas *Area        // those that map it. lock
	size  atomic.Int64 // bytes. Written under lock
	pages atomic.Int64 // written under lock

	// making is how many shared mappings are being made that may be written to,
	// and denied says that there must be none. lock.
	making int
	denied bool

	// charge is asked before pages are added, and told, with a negative number,
	// of pages that go. nil: no limit. Constant.
	charge func(pages int) bool
	// anon says that it is shared anonymous memory, which goes with its last
	// area. Constant.
	anon bool
}

// NewAddressSpace returns an empty page cache. charge, if not nil, is called
// with the number of pages that are to be added, and returns false if there may
// be no more; and with a negative number when pages are gone. It must not sleep.
func NewAddressSpace(charge func(pages int) bool) *AddressSpace {
	return &AddressSpace{charge: charge}
}

// NewSharedMemory returns size bytes of zeros for shared mappings. They are
// freed with the last one.
func NewSharedMemory(size uintptr) *AddressSpace {
	c := &AddressSpace{anon: true}
	c.size.Store(int64(size))
	return c
}

// cachedPages is the number of pages in all address spaces.
var cachedPages atomic.Int64

// CachedPages returns how many pages files and shared memory have in memory.
func CachedPages() int { return int(cachedPages.Load()) }

// Size returns the length in bytes.
func (c *AddressSpace) Size() int64 { return c.size.Load() }

// Pages returns the number of pages present.
func (c *AddressSpace) Pages() int { return int(c.pages.Load()) }

// get returns page i with a reference, 0 if it is not there.
func (c *AddressSpace) get(i uint64) uintptr {
	c.lock.Lock()
	pa := c.index.get(i)
	if pa != 0 {
		mm.GetPage(pa)
	}
	c.lock.Unlock()
	return pa
}

// getPages stores the pages from i on in out, with a reference each, up to the
// first that is not there. It returns what of out is in use.
func (c *AddressSpace) getPages(i uint64, out []uint64) []uint64 {
	c.lock.Lock()
	out = out[:c.index.run(i, out)]
	mm.GetPages(out, addressBits)
	c.lock.Unlock()
	return out
}

// mapPages fills those of at most aroundPages page table entries that are empty
// with the pages from i on, as far as these are there and before the end of the
// file. It returns how many that were.
//
// Preconditions: MM.lock held.
func (c *AddressSpace) mapPages(i uint64, entries []uint64, p spec.UserProt) (n int) {
	var found [aroundPages]uint64
	c.lock.Lock()
	c.index.peek(i, pagesOf(c.size.Load()), entries, found[:])
	mm.GetPages(found[:], addressBits)
	c.lock.Unlock()
	for k, pa := range found[:len(entries)] {
		if pa == 0 {
			continue
		}
		if p&spec.UserX != 0 {
			syncCode(uintptr(pa))
		}
		if swapPTE(&entries[k], 0, arch.MakePTE(uintptr(pa), p)) {
			n++
		} else {
			mm.PutPage(uintptr(pa))
		}
	}
	return n
}

// pagesOf returns how many pages n bytes are.
func pagesOf(n int64) uint64 { return (uint64(n) + pageMask) >> pageShift }

// add makes pa, whose reference it takes over, page i unless there is one
// already. It returns the page that is there then, with a reference for the
// caller. inFile says that the page must be before the end of the file: EFAULT.
// ENOMEM, ENOSPC; the reference is given up then.
func (c *AddressSpace) add(i uint64, pa uintptr, inFile bool) (uintptr, error) {
	if c.charge != nil && !c.charge(1) {
		mm.PutPage(pa)
		return 0, syscall.ENOSPC
	}
	there, err := c.insert(i, pa, inFile)
	if there != pa {
		mm.PutPage(pa)
		if c.charge != nil {
			c.charge(-1)
		}
	}
	return there, err
}

// insert is add without accounting; pa's reference stays with the caller if pa is
// not what it returns.
func (c *AddressSpace) insert(i uint64, pa uintptr, inFile bool) (uintptr, error) {
	var spare spares
	defer spare.release()
	c.lock.Lock()
	for {
		if n := c.index.missing(i); n > spare.n {
			c.lock.Unlock()
			if !spare.fill(n) {
				return 0, syscall.ENOMEM
			}
			c.lock.Lock()
			continue
		}
		if inFile && i >= pagesOf(c.size.Load()) {
			c.lock.Unlock()
			return 0, syscall.EFAULT
		}
		slot := c.index.slot(i, &spare)
		if *slot == 0 {
			*slot = uint64(pa)
			c.pages.Add(1)
			cachedPages.Add(1)
		} else {
			pa = uintptr(*slot)
		}
		mm.GetPage(pa)
		c.lock.Unlock()
		return pa, nil
	}
}

// FaultPage returns a page for a mapping; see Mappable.
func (c *AddressSpace) FaultPage(i uint64, write bool) (uintptr, error) {
	if i >= pagesOf(c.size.Load()) {
		return 0, syscall.EFAULT
	}
	if pa := c.get(i); pa != 0 {
		return pa, nil
	}
	pa := allocZeroed()
	if pa == 0 {
		return 0, syscall.ENOMEM
	}
	return c.add(i, pa, true)
}

// Attach and Detach keep the list of areas; see Mappable.
func (c *AddressSpace) Attach(a *Area) {
	c.lock.Lock()
	a.mapPrev, a.mapNext = nil, c.areas
	if c.areas != nil {
		c.areas.mapPrev = a
	}
	c.areas = a
	c.lock.Unlock()
}

// Detach takes an area off the list.
func (c *AddressSpace) Detach(a *Area) {
	c.lock.Lock()
	if a.mapPrev != nil {
		a.mapPrev.mapNext = a.mapNext
	} else {
		c.areas = a.mapNext
	}
	if a.mapNext != nil {
		a.mapNext.mapPrev = a.mapPrev
	}
	a.mapNext, a.mapPrev = nil, nil
	gone := c.anon && c.areas == nil
	c.lock.Unlock()
	if gone {
		c.Release()
	}
}

// Mapped reports whether areas map it.
func (c *AddressSpace) Mapped() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.areas != nil
}

// WritablyMapped reports whether shared mappings can write to it.
func (c *AddressSpace) WritablyMapped() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	for a := c.areas; a != nil; a = a.mapNext {
		if a.Flags&VM_SHARED != 0 {
			return true
		}
	}
	return false
}

// BeginWritable announces a shared mapping through which it can be written to; it
// reports false if there must be none. EndWritable follows once it is there.
func (c *AddressSpace) BeginWritable() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.denied {
		return false
	}
	c.making++
	return true
}

// EndWritable ends what BeginWritable began.
func (c *AddressSpace) EndWritable() {
	c.lock.Lock()
	c.making--
	c.lock.Unlock()
}

// DenyWritable forbids such mappings for good. It reports false if there are some.
func (c *AddressSpace) DenyWritable() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	for a := c.areas; a != nil; a = a.mapNext {
		if a.Flags&VM_SHARED != 0 {
			return false
		}
	}
	c.denied = c.denied || c.making == 0
	return c.denied
}

// Truncate sets the size to n. What was beyond it is gone, from mappings, too:
// they answer with SIGBUS. EINVAL for a negative size. The caller keeps writers
// out; it must not hold an MM's lock.
func (c *AddressSpace) Truncate(n int64) error {
	if n < 0 {
		return syscall.EINVAL
	}
	c.lock.Lock()
	old := c.size.Load()
	c.size.Store(n)
	c.lock.Unlock()
	if n >= old {
		return nil
	}
	c.unmap(pagesOf(n), ^uint64(0)>>pageShift)
	c.drop(pagesOf(n), ^uint64(0)>>pageShift)
	c.zeroPart(n, pageSize-n&pageMask)
	return nil
}

// Punch makes the n bytes from pos on a hole, which reads as zeros. As
// Truncate, but the size stays.
func (c *AddressSpace) Punch(pos, n int64) {
	first, end := pagesOf(pos), uint64(pos+n)>>pageShift
	if first < end {
		c.unmap(first, end)
		c.drop(first, end)
	}
	if head := min(n, -pos&pageMask); head > 0 {
		c.zeroPart(pos, head)
	}
	if tail := (pos + n) & pageMask; tail > 0 && (pos+n)>>pageShift >= int64(first) {
		c.zeroPart(pos+n-tail, tail)
	}
}

// zeroPart clears n bytes at pos, which are in one page and do not begin at its
// start unless that is meant, if the page is there.
func (c *AddressSpace) zeroPart(pos, n int64) {
	off := pos & pageMask
	if n <= 0 || off+n > pageSize || off == 0 && n == pageSize {
		return
	}
	if pa := c.get(uint64(pos) >> pageShift); pa != 0 {
		clear(pageBytes(pa)[off : off+n])
		mm.PutPage(pa)
	}
}

// drop gives up the pages in [from, to).
func (c *AddressSpace) drop(from, to uint64) {
	var some [64]uintptr
	for from < to {
		c.lock.Lock()
		n, next := c.index.take(from, to, some[:])
		c.pages.Add(-int64(n))
		cachedPages.Add(-int64(n))
		c.lock.Unlock()
		for _, pa := range some[:n] {
			mm.PutPage(pa)
		}
		if c.charge != nil && n > 0 {
			c.charge(-n)
		}
		from = next
		sched.CondResched()
	}
}

// Release frees everything when the file is gone. No area maps it.
func (c *AddressSpace) Release() {
	c.drop(0, ^uint64(0)>>pageShift)
	c.lock.Lock()
	x := c.index
	c.index = index{}
	c.lock.Unlock()
	x.clear()
}

// unmap takes the pages in [from, to) back from all areas, copies of them, too.
func (c *AddressSpace) unmap(from, to uint64) {
	for seen := uintptr(0); ; {
		m := c.nextMM(&seen)
		if m == nil {
			return
		}
		m.unmapObject(c, from, to)
		m.Put()
	}
}

// nextMM returns a user of the MM that maps c and has the lowest address above
// *seen, which it sets, nil if there is none. Areas come and go meanwhile: new
// ones do not see what is beyond the end.
func (c *AddressSpace) nextMM(seen *uintptr) (next *MM) {
	c.lock.Lock()
	defer c.lock.Unlock()
	for {
		next = nil
		for a := c.areas; a != nil; a = a.mapNext {
			if at := a.mm.id(); at > *seen && (next == nil || at < next.id()) {
				next = a.mm
			}
		}
		if next == nil {
			return nil
		}
		*seen = next.id()
		if next.TryGet() {
			return next
		}
		// It is about to exit, which ends its mappings as well.
	}
}

// unmapObject clears the entries of the object's pages [from, to).
func (m *MM) unmapObject(c *AddressSpace, from, to uint64) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.notePeak()
	var g gather
	g.begin(m, false)
	for a := m.first; a != nil; a = a.next {
		if a.Object != Mappable(c) {
			continue
		}
		first, end := a.index(a.Start), a.index(a.End)
		first, end = max(first, from), min(end, to)
		if first < end {
			base := a.index(a.Start)
			m.zap(&g, a, a.Start+uintptr(first-base)<<pageShift, a.Start+uintptr(end-base)<<pageShift)
		}
	}
	g.finish()
}

// has reports whether page i is there.
func (c *AddressSpace) has(i uint64) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.index.get(i) != 0
}
