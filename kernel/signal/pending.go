package signal

import "sync/atomic"

// Entry is one instance of a pending signal that comes with an Info.
type Entry struct {
	Info Info
	// Charged is who the instance is counted for, and nil if nobody. It is the
	// owner's business.
	Charged *atomic.Int64
	// Timer, if not nil, is told of Info before it is handed out: a timer has
	// one Entry, which counts expiries while it is pending.
	Timer func(e *Entry)

	next   *Entry
	queued bool
	own    bool // part of something else
}

// Queued reports whether the entry is in a Pending.
func (e *Entry) Queued() bool { return e.queued }

// Orphan makes the entry of a timer that has gone one like any other, but for its
// memory, which stays with the timer.
func (e *Entry) Orphan() { e.Timer, e.own = nil, true }

// Pending are the signals that a thread or a process has still to take. A
// standard signal is there once at most, a real-time signal as often as it was
// sent; signal(7). The zero value is empty.
type Pending struct {
	// set is the signals that are pending. It can be looked at without a lock.
	set atomic.Uint64
	// kernel are those without Entry that come from the kernel. The others
	// without Entry have lost their Info for want of memory.
	kernel Set

	first, last *Entry
	// spare serves the first signal, so that hardly any needs memory.
	spare Entry
}

// Set returns the signals that are pending.
func (p *Pending) Set() Set { return Set(p.set.Load()) }

// Coalesces reports whether sending the signal again would make no difference.
func (p *Pending) Coalesces(sig int) bool { return sig < SIGRTMIN && p.Set().Has(sig) }

// Spare returns an Entry that needs no memory, or nil if it is in use.
func (p *Pending) Spare() *Entry {
	if p.spare.queued {
		return nil
	}
	p.spare.own = true
	return &p.spare
}

// Pool is a stock of entries for those who cannot allocate. The zero value is
// empty.
type Pool struct {
	first *Entry
	n     int
}

// Len returns how many entries there are.
func (p *Pool) Len() int { return p.n }

// Put adds an entry that nobody uses.
func (p *Pool) Put(e *Entry) {
	e.next, p.first = p.first, e
	p.n++
}

// Take returns an entry, or nil.
func (p *Pool) Take() *Entry {
	e := p.first
	if e != nil {
		p.first, e.next = e.next, nil
		p.n--
	}
	return e
}

// Recyclable reports whether the entry can be used elsewhere when it is dequeued.
func (e *Entry) Recyclable() bool { return !e.own && e.Timer == nil }

// Add makes an entry's signal pending.
func (p *Pending) Add(e *Entry) {
	e.queued, e.next = true, nil
	if p.last != nil {
		p.last.next = e
	} else {
		p.first = e
	}
	p.last = e
	p.mark(int(e.Info.Signo))
}

// AddKernel makes a signal of the kernel pending, without memory.
func (p *Pending) AddKernel(sig int) {
	p.kernel |= Of(sig)
	p.mark(sig)
}

// AddBare makes a signal pending of which nothing is known.
func (p *Pending) AddBare(sig int) { p.mark(sig) }

func (p *Pending) mark(sig int) {
	if s := p.Set(); !s.Has(sig) {
		p.set.Store(uint64(s | Of(sig)))
	}
}

// Next returns the signal to take next among those that are not blocked, or 0:
// the lowest, but what the program has caused itself comes first.
func (p *Pending) Next(blocked Set) int {
	s := p.Set() &^ blocked
	if sync := s & Synchronous; sync != 0 {
		return sync.First()
	}
	return s.First()
}

// NextSynchronous returns the oldest pending signal that the program has caused
// itself by a fault, or 0. Its handler must see the registers of the fault, so
// that it comes before all others.
func (p *Pending) NextSynchronous(blocked Set) int {
	if p.Set()&^blocked&Synchronous == 0 {
		return 0
	}
	for e := p.first; e != nil; e = e.next {
		if sig := int(e.Info.Signo); e.Info.Code > SI_USER && (Synchronous &^ blocked).Has(sig) {
			return sig
		}
	}
	return 0
}

// Take takes the oldest instance of a pending signal. It fills info and returns
// the entry that there was, which is the caller's.
func (p *Pending) Take(sig int, info *Info) *Entry {
	e, more := p.unlink(sig)
	if e == nil {
		*info = Info{Signo: int32(sig)}
		if p.kernel.Has(sig) {
			info.Code = SI_KERNEL
		}
	} else {
		if e.Timer != nil {
			e.Timer(e)
		}
		*info = e.Info
	}
	if !more {
		p.kernel &^= Of(sig)
		p.set.Store(uint64(p.Set() &^ Of(sig)))
	}
	return e
}

// unlink takes the first entry of a signal from the list, and tells whether there
// are more.
func (p *Pending) unlink(sig int) (found *Entry, more bool) {
	if e := p.first; e != nil && e == p.last { // as nearly always
		if int(e.Info.Signo) != sig {
			return nil, false
		}
		p.first, p.last, e.queued = nil, nil, false
		return e, false
	}
	var prev *Entry
	for e := p.first; e != nil; {
		next := e.next
		if int(e.Info.Signo) == sig {
			if found != nil {
				return found, true
			}
			found = e
			p.remove(prev, e)
		} else {
			prev = e
		}
		e = next
	}
	return found, false
}

// remove takes e, which comes after prev, from the list.
func (p *Pending) remove(prev, e *Entry) {
	if prev != nil {
		prev.next = e.next
	} else {
		p.first = e.next
	}
	if p.last == e {
		p.last = prev
	}
	e.next, e.queued = nil, false
}

// Forget drops all instances of the signals in a set, and hands their entries to
// free.
func (p *Pending) Forget(s Set, free func(*Entry)) {
	var prev *Entry
	for e := p.first; e != nil; {
		next := e.next
		if s.Has(int(e.Info.Signo)) {
			p.remove(prev, e)
			free(e)
		} else {
			prev = e
		}
		e = next
	}
	p.kernel &^= s
	p.set.Store(uint64(p.Set() &^ s))
}

// ForgetTimers drops the signals of timers, also of those that are deleted, and
// hands their entries to free; Linux's flush_itimer_signals.
func (p *Pending) ForgetTimers(free func(*Entry)) {
	var prev *Entry
	var dropped, kept Set
	for e := p.first; e != nil; {
		next := e.next
		if sig := Of(int(e.Info.Signo)); e.Info.Code == SI_TIMER {
			dropped |= sig
			p.remove(prev, e)
			free(e)
		} else {
			kept |= sig
			prev = e
		}
		e = next
	}
	if gone := dropped &^ kept &^ p.kernel; gone != 0 {
		p.set.Store(uint64(p.Set() &^ gone))
	}
}

// Peek returns the Info number n, from 0, of those that are pending, and leaves it
// there. Those without an Entry, which come from the kernel, are the last.
func (p *Pending) Peek(n uint64) (info Info, ok bool) {
	for e := p.first; e != nil; e = e.next {
		if n == 0 {
			return e.Info, true
		}
		n--
	}
	for s := p.kernel; s != 0; s &= s - 1 {
		if n == 0 {
			return Kernel(s.First()), true
		}
		n--
	}
	return info, false
}
