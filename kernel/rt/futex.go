//go:build metal

package rt

import (
	"sync/atomic"

	"onsen/arch"
)

// wait blocks the calling thread until a wake-up or its deadline. It reports
// whether the deadline ended it.
//
// Preconditions: mu held; released on return.
//
//go:nosplit
func wait(addr uintptr, deadline int64) bool {
	c := thisCPU()
	t := &threads[c.cur]
	t.state = waiting
	t.futex, t.deadline, t.timedOut = addr, deadline, false
	nextDeadline = min(nextDeadline, deadline)
	c.leave()
	unlock()
	return t.timedOut
}

// futexWait is FUTEX_WAIT: "If the thread starts to sleep, it is considered a
// waiter on this futex word. If the futex value does not match val, then the
// call fails immediately with the error EAGAIN." - futex(2)
//
//go:nosplit
func futexWait(addr uintptr, val uint32, timeout uintptr) uintptr {
	deadline := int64(never)
	if timeout != 0 {
		deadline = arch.Ktime() + nanoseconds(timeout)
	}
	lock()
	if atomic.LoadUint32((*uint32)(at(addr))) != val {
		unlock()
		return fail(eagain)
	}
	if wait(addr, deadline) {
		return fail(etimedout)
	}
	return 0
}

// futexWake is FUTEX_WAKE. It returns the number of threads woken.
//
//go:nosplit
func futexWake(addr uintptr, most uint32) uintptr {
	woken := uint32(0)
	lock()
	for i := int32(0); i < used && woken < most; i++ {
		if t := &threads[i]; t.state == waiting && t.futex == addr {
			wake(i)
			woken++
		}
	}
	unlock()
	return uintptr(woken)
}

// nanosleep sleeps for the timespec at addr.
//
//go:nosplit
func nanosleep(addr uintptr) uintptr {
	deadline := arch.Ktime() + nanoseconds(addr)
	lock()
	wait(0, deadline)
	return 0
}

// nanoseconds reads a timespec.
//
//go:nosplit
func nanoseconds(addr uintptr) int64 {
	ts := (*[2]int64)(at(addr))
	return ts[0]*1e9 + ts[1]
}
