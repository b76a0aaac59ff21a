package spin

import "sync/atomic"

// owner is the lock word: 0 when free, else the holder's CPU index + 1.
// Keeping the holder there costs nothing and lets a CPU recognise its own lock.
type owner struct {
	word atomic.Uint32
}

// acquire makes cpu the holder if the lock is free.
//
//go:nosplit
func (o *owner) acquire(cpu int) bool {
	return o.word.CompareAndSwap(0, uint32(cpu)+1)
}

//go:nosplit
func (o *owner) release() {
	o.word.Store(0)
}

//go:nosplit
func (o *owner) free() bool {
	return o.word.Load() == 0
}

//go:nosplit
func (o *owner) heldBy(cpu int) bool {
	return o.word.Load() == uint32(cpu)+1
}

// checkLock panics when cpu is about to wait for itself.
func (o *owner) checkLock(cpu int) {
	if o.heldBy(cpu) {
		panic("spin: lock taken twice by the same CPU")
	}
}

// checkUnlock panics when cpu gives back what it doesn't hold.
func (o *owner) checkUnlock(cpu int) {
	switch {
	case o.free():
		panic("spin: unlock of a free lock")
	case !o.heldBy(cpu):
		panic("spin: unlock by a CPU that doesn't hold the lock")
	}
}
