//go:build metal

package rt

import (
	"math"
	"sync/atomic"
	"unsafe"

	"onsen/arch"
)

const (
	// MaxThreads bounds the number of Ms; beyond it clone answers EAGAIN.
	MaxThreads = 256
	// KernelStackSize is the size of a thread's kernel stack in bytes.
	KernelStackSize = 2 * arch.PageSize

	// slice is how long a background thread, and the goroutine on it, may run
	// before others get their turn, in nanoseconds: as long as under sysmon.
	slice = 10_000_000
	// never is a deadline that does not come.
	never = math.MaxInt64
	// idle is the thread index of a CPU that runs none.
	idle = -1
)

var mu atomic.Uint32

//go:nosplit
func lock() {
	for !mu.CompareAndSwap(0, 1) {
		arch.CPURelax()
	}
}

//go:nosplit
func unlock() { mu.Store(0) }

// at turns an address that the runtime passed in a register into a pointer.
//
//go:nosplit
func at(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }
