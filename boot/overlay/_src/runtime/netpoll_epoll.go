package runtime

import "internal/runtime/atomic"

// This file replaces the epoll back end of netpoll.go. Nothing in the kernel
// waits for a file descriptor of the Go runtime, so all that is left to wait
// for are Go's own timers: one thread sleeps on a futex word until the first
// of them is due, to the nanosecond, or until netpollBreak.

// netpollWoken is 1 from netpollBreak until a blocking netpoll has seen it.
var netpollWoken uint32

func netpollinit() {}

func netpollIsPollDescriptor(fd uintptr) bool { return false }

// netpollopen reports EPERM (1), as epoll does for files that cannot be polled;
// package os then uses the descriptor in blocking mode.
func netpollopen(fd uintptr, pd *pollDesc) uintptr { return 1 }

func netpollclose(fd uintptr) uintptr { return 0 }

func netpollarm(pd *pollDesc, mode int) {
	throw("runtime: unused")
}

// netpollBreak ends a netpoll that blocks now, or else the next one.
func netpollBreak() {
	if atomic.Cas(&netpollWoken, 0, 1) {
		futexwakeup(&netpollWoken, 1)
	}
}

// netpoll blocks for delay nanoseconds, forever if delay is negative, not at
// all if it is 0. It may return early: the caller looks at the time again.
// There is never a goroutine to make runnable.
func netpoll(delay int64) (gList, int32) {
	if delay != 0 {
		futexsleep(&netpollWoken, 0, delay)
		atomic.Store(&netpollWoken, 0)
	}
	return gList{}, 0
}
