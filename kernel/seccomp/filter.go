package seccomp

import (
	"sync/atomic"
	"syscall"
)

// Filter is one of a task's filters. Tasks that were forked or that share a filter
// by other means have the same one, on top of the same others; so the filters of
// all tasks are a tree, of which each task knows a leaf.
//
// A filter does not change once Attach has put it on top of others.
type Filter struct {
	// Program decides. Constant, as all below.
	Program *Program
	// Log says that what the filter decides is to be logged, whatever it is.
	Log bool
	// Notifier answers for the filter's UserNotif; nil without a listener.
	Notifier *Notifier

	// prev is the filter below, or nil; depth is how many there are with this one.
	prev  *Filter
	depth int
	// starts has for each system call the instruction at which the program begins.
	starts [cachedCalls]uint16
	// allowed has the system calls that this filter and all below allow in any case.
	allowed [cachedCalls / 64]uint64
	// users is how many tasks and filters have this one on top of theirs. A filter
	// that had none never gets one again.
	users atomic.Int64
}

// cachedCalls is for how many system calls a filter knows something beforehand: for
// all of either architecture.
const cachedCalls = 512

// maxPath bounds the size of a task's filters, in instructions of Linux's, with a
// penalty for each.
const (
	maxPath       = 1 << 18 / InsnSize
	filterPenalty = 4
)

// NewFilter returns a filter, to be attached. arch is the AUDIT_ARCH_* of the programs
// for which it decides.
func NewFilter(p *Program, arch uint32) *Filter {
	f := &Filter{Program: p}
	for nr := range cachedCalls {
		pc := p.start(int32(nr), arch)
		f.starts[nr] = uint16(pc)
		if p.allowsAt(pc) {
			f.allowed[nr/64] |= 1 << (nr % 64)
		}
	}
	return f
}

// MayAttach reports whether f can be put on top of prev, which may be nil. EBUSY if
// both have a listener, ENOMEM if they are too large together.
func (f *Filter) MayAttach(prev *Filter) error {
	if f.Notifier != nil && prev.HasListener() {
		return syscall.EBUSY
	}
	total := f.Program.size
	for g := prev; g != nil; g = g.prev {
		total += g.Program.size + filterPenalty
	}
	if total > maxPath {
		return syscall.ENOMEM
	}
	return nil
}

// Attach puts f on top of prev, as MayAttach allows: f then has the user that prev
// had.
func (f *Filter) Attach(prev *Filter) {
	f.prev, f.depth = prev, prev.Depth()+1
	f.users.Store(1)
	if prev != nil {
		for i := range f.allowed {
			f.allowed[i] &= prev.allowed[i]
		}
	}
}

// AlwaysAllows reports whether f and all filters below allow a system call whatever
// its arguments are, and wherever it is made.
func (f *Filter) AlwaysAllows(nr int) bool {
	return uint(nr) < cachedCalls && f.allowed[uint(nr)/64]>>(uint(nr)%64)&1 != 0
}

// Run runs f and all filters below. It returns what counts of what they say and
// which of them says it, the topmost if there are several, or nil if the system
// call is allowed.
func (f *Filter) Run(d *Data) (ret uint32, match *Filter) {
	ret = uint32(Allow)
	for g := f; g != nil; g = g.prev {
		pc := 0
		if uint32(d.Nr) < cachedCalls {
			pc = int(g.starts[d.Nr])
		}
		if r := g.Program.run(d, pc); int32(r&actionMask) < int32(ret&actionMask) {
			ret, match = r, g
		}
	}
	return ret, match
}

// Depth returns how many filters f is one of, itself included; 0 for nil.
func (f *Filter) Depth() int {
	if f == nil {
		return 0
	}
	return f.depth
}

// Below reports whether f is g or below it. nil is below all.
func (f *Filter) Below(g *Filter) bool {
	for ; g != nil; g = g.prev {
		if f == g {
			return true
		}
	}
	return f == nil
}

// Nth returns one of the filters from f down. They are counted from 0, oldest
// first. nil if there are not as many.
func (f *Filter) Nth(n uint64) *Filter {
	if n >= uint64(f.Depth()) {
		return nil
	}
	for f.depth != int(n)+1 {
		f = f.prev
	}
	return f
}

// HasListener reports whether f or a filter below has a listener.
func (f *Filter) HasListener() bool {
	for ; f != nil; f = f.prev {
		if f.Notifier.Listening() {
			return true
		}
	}
	return false
}

// Use counts one more task that has f for its topmost filter, which may be nil.
func (f *Filter) Use() {
	if f != nil {
		f.users.Add(1)
	}
}

// Unuse undoes Use or Attach. Listeners of filters that nobody has any more are
// told.
func (f *Filter) Unuse() {
	for ; f != nil && f.users.Add(-1) == 0; f = f.prev {
		f.Notifier.orphan()
	}
}
