package mm

import "sync/atomic"

// spinLock is the lock of the lowest layer. It is taken with interrupts
// masked, so that its holder is never interrupted.
type spinLock struct{ held uint32 }

//go:nosplit
func (l *spinLock) lock() {
	for !atomic.CompareAndSwapUint32(&l.held, 0, 1) {
		for atomic.LoadUint32(&l.held) != 0 {
			hwCPURelax()
		}
	}
}

//go:nosplit
func (l *spinLock) unlock() {
	atomic.StoreUint32(&l.held, 0)
}
