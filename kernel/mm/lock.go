package mm

import (
	"sync/atomic"
	"unsafe"
)

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

// stackDepth is more than the calls below touchStack need, in bytes, and less
// than what the linker keeps free below any go:nosplit function.
const stackDepth = 384

// touchStack makes sure that the stack is mapped as far down as the caller's
// callees will use it. A goroutine's stack is part of the demand-mapped heap:
// a page fault while one of our locks is held would come back here for a page
// and wait for that lock forever.
//
// Preconditions: interrupts masked, because the goroutine could otherwise be
// stopped and moved to another stack.
//
//go:nosplit
func touchStack() {
	var here uintptr
	atomic.LoadUintptr((*uintptr)(unsafe.Add(unsafe.Pointer(&here), -stackDepth)))
}
