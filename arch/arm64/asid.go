package arm64

import (
	"sync/atomic"

	"onsen/arch/spec"
)

// Address space identifiers keep the translations of several programs apart in
// one TLB. There are fewer of them than programs, so they are given out in
// generations: when one is used up, the next begins and all TLBs are emptied.
// An address space keeps its ASID over a change of generation if some CPU is
// using it at that moment.

// asidShift is where the generation begins in an id; below is the ASID.
const asidShift = 16

// asids gives out ASIDs. ASID 0 is for the empty table.
type asids struct {
	lock       atomic.Uint32
	generation atomic.Uint64 // in place: a multiple of 1<<asidShift
	limit      uint64        // number of ASIDs; 0 before the first use
	next       uint64        // where to look for a free one
	used       [1 << asidShift / 64]uint64
	cpu        [spec.MaxCPUs]asidCPU
}

// asidCPU is the part of a CPU.
type asidCPU struct {
	// active is the id in use, 0 if the CPU must take the slow path: at the
	// start, and after a change of generation.
	active atomic.Uint64
	// reserved is the id that was in use at the last change of generation.
	// asids.lock.
	reserved uint64
	// flush says that the CPU's TLB may hold entries of an older generation.
	// asids.lock.
	flush bool
	_     [40]byte // one cache line each
}

// use returns the ASID that the address space with this id shall have on a CPU,
// the caller's, from now on. Interrupts are masked.
//
//go:nosplit
func (a *asids) use(id *atomic.Uint64, cpu int) uint64 {
	c := &a.cpu[cpu%spec.MaxCPUs]
	v, active := id.Load(), c.active.Load()
	if active != 0 && v != 0 && v>>asidShift == a.generation.Load()>>asidShift &&
		c.active.CompareAndSwap(active, v) {
		return v & (1<<asidShift - 1)
	}
	return a.useSlowly(id, c)
}

//go:nosplit
func (a *asids) useSlowly(id *atomic.Uint64, c *asidCPU) uint64 {
	for !a.lock.CompareAndSwap(0, 1) {
		CPURelax()
	}
	v := id.Load()
	if v == 0 || v>>asidShift != a.generation.Load()>>asidShift {
		v = a.renew(v)
		id.Store(v)
	}
	if c.flush {
		c.flush = false
		flushLocal()
	}
	c.active.Store(v)
	a.lock.Store(0)
	return v & (1<<asidShift - 1)
}

// renew returns an id of this generation, or of the next, for the address space
// that had the id old.
//
// Preconditions: lock held.
//
//go:nosplit
func (a *asids) renew(old uint64) uint64 {
	if a.limit == 0 {
		a.limit, a.next = asidCount(), 1
		a.generation.Store(1 << asidShift)
	}
	gen := a.generation.Load()
	if old != 0 {
		asid := old & (1<<asidShift - 1)
		if a.keep(old, gen|asid) {
			return gen | asid
		}
		if a.take(asid) {
			return gen | asid
		}
	}
	asid, ok := a.find(a.next)
	if !ok {
		gen += 1 << asidShift
		a.generation.Store(gen)
		a.rollOver()
		asid, _ = a.find(1) // there are more ASIDs than CPUs
	}
	a.next = asid + 1
	a.take(asid)
	return gen | asid
}

// keep reports whether old is in use on some CPU since the last generation, and
// makes it v there.
//
//go:nosplit
func (a *asids) keep(old, v uint64) bool {
	hit := false
	for i := range a.cpu {
		if c := &a.cpu[i]; c.reserved == old {
			c.reserved = v
			hit = true
		}
	}
	return hit
}

// take marks an ASID as used. It reports whether it was free.
//
//go:nosplit
func (a *asids) take(asid uint64) bool {
	w, bit := &a.used[asid/64], uint64(1)<<(asid%64)
	free := *w&bit == 0
	*w |= bit
	return free
}

// find returns a free ASID that is at least from.
//
//go:nosplit
func (a *asids) find(from uint64) (asid uint64, ok bool) {
	for asid = from; asid < a.limit; asid++ {
		w := a.used[asid/64]
		if w == ^uint64(0) {
			asid |= 63
			continue
		}
		if w>>(asid%64)&1 == 0 {
			return asid, true
		}
	}
	return 0, false
}

// rollOver frees all ASIDs but those that CPUs are using, and has every CPU
// empty its TLB before it uses another one.
//
//go:nosplit
func (a *asids) rollOver() {
	for i := range a.used {
		a.used[i] = 0
	}
	for i := range a.cpu {
		c := &a.cpu[i]
		// 0: the CPU was here before, and has not been in use since.
		if v := c.active.Swap(0); v != 0 {
			c.reserved = v
		}
		a.take(c.reserved & (1<<asidShift - 1))
		c.flush = true
	}
}
