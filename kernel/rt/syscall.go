//go:build metal

package rt

import (
	"syscall"

	"onsen/arch"
)

// Errors as the runtime sees them. Plain numbers: a syscall.Errno in an
// interface would allocate.
const (
	enoent    = uintptr(syscall.ENOENT)
	esrch     = uintptr(syscall.ESRCH)
	ebadf     = uintptr(syscall.EBADF)
	eagain    = uintptr(syscall.EAGAIN)
	enomem    = uintptr(syscall.ENOMEM)
	einval    = uintptr(syscall.EINVAL)
	enosys    = uintptr(syscall.ENOSYS)
	etimedout = uintptr(syscall.ETIMEDOUT)
)

//go:nosplit
func fail(errno uintptr) uintptr { return -errno }

// Calls of ours, beyond any number that Linux uses.
const (
	sysPinTask = 0x4000 + iota
	sysIdle
	sysYield
)

const (
	futexWaitOp = 0
	futexWakeOp = 1
	futexOpMask = 0x7f // without FUTEX_PRIVATE_FLAG

	madvDontneed = 4
	madvFree     = 8

	fGetfd = 1
	fGetfl = 3
)

// Syscall carries out the system call in f, made by the Go runtime in kernel
// mode.
//
//go:nosplit
func Syscall(f *arch.Frame) {
	nr, a0, a1, a2, a3, _, _ := f.SyscallArgs()
	t := &threads[thisCPU().cur]
	if nr == syscall.SYS_RT_SIGRETURN {
		t.sigMask = f.PopSignal()
	} else {
		f.SetReturn(dispatch(t, f, nr, a0, a1, a2, a3))
	}
	if t.pinned < 0 {
		lock()
		thisCPU().preempt()
		unlock()
	}
	t.deliver(f)
}

//go:nosplit
func dispatch(t *thread, f *arch.Frame, nr, a0, a1, a2, a3 uintptr) uintptr {
	switch nr {
	case syscall.SYS_FUTEX:
		switch a1 & futexOpMask {
		case futexWaitOp:
			return futexWait(a0, uint32(a2), a3)
		case futexWakeOp:
			return futexWake(a0, uint32(a2))
		}
		return fail(enosys)
	case sysIdle:
		return rest()
	case sysYield:
		return yieldToBackground(int64(a0))
	case syscall.SYS_SCHED_YIELD:
		return yield()
	case syscall.SYS_NANOSLEEP:
		return nanosleep(a0)
	case syscall.SYS_CLOCK_GETTIME:
		return clockGettime(a1)
	case syscall.SYS_MMAP:
		return mmap(a0, a1, a2, a3)
	case syscall.SYS_MADVISE:
		if a2 == madvDontneed || a2 == madvFree {
			discard(a0, a1)
		}
		return 0
	case syscall.SYS_MUNMAP:
		discard(a0, a1)
		return 0
	case syscall.SYS_CLONE:
		return clone(f)
	case syscall.SYS_EXIT:
		exitThread()
	case syscall.SYS_EXIT_GROUP:
		exit(int(a0))
	}
	return dispatchRare(t, nr, a0, a1, a2)
}

// dispatchRare holds the calls that are made while the runtime or a thread
// starts.
//
//go:nosplit
func dispatchRare(t *thread, nr, a0, a1, a2 uintptr) uintptr {
	switch nr {
	case syscall.SYS_WRITE:
		return write(a0, a1, a2)
	case syscall.SYS_RT_SIGACTION:
		return sigaction(a0, a1, a2)
	case syscall.SYS_RT_SIGPROCMASK:
		return t.sigprocmask(a0, a1, a2)
	case syscall.SYS_SIGALTSTACK:
		return t.sigaltstack(a0, a1)
	case syscall.SYS_TGKILL:
		return tgkill(a1, a2)
	case syscall.SYS_GETPID:
		return 1
	case syscall.SYS_GETTID:
		return uintptr(thisCPU().cur) + 1
	case syscall.SYS_SCHED_GETAFFINITY:
		*(*uint64)(at(a2)) = 1 // the number of Ps is set with GOMAXPROCS
		return 8
	case arch.SysSetTLS:
		t.tls = a1
		arch.SetTLS(a1)
		return 0
	case syscall.SYS_FCNTL:
		return fcntl(a0, a1)
	case syscall.SYS_MPROTECT:
		return 0
	case arch.SysGetrandom:
		return getrandom(a0, a1)
	case syscall.SYS_OPENAT, syscall.SYS_FACCESSAT:
		return fail(enoent)
	case syscall.SYS_READ, syscall.SYS_CLOSE:
		return fail(ebadf)
	case syscall.SYS_PRCTL:
		return fail(einval) // PR_SET_VMA: the runtime stops naming its memory
	case sysPinTask:
		return pinTask(t, int32(a0))
	}
	return fail(enosys)
}

// fcntl lets the runtime find standard input, output and error open.
//
//go:nosplit
func fcntl(fd, cmd uintptr) uintptr {
	switch {
	case fd > 2:
		return fail(ebadf)
	case cmd == fGetfd:
		return 0
	case cmd == fGetfl:
		return syscall.O_RDWR
	}
	return fail(einval)
}

// clockGettime answers every clock with the time since boot; the kernel keeps
// the wall clock elsewhere.
//
//go:nosplit
func clockGettime(addr uintptr) uintptr {
	now := arch.Ktime()
	ts := (*[2]int64)(at(addr))
	ts[0], ts[1] = now/1e9, now%1e9
	return 0
}

// random is the state of getrandom, which feeds the runtime's hash seeds and
// its cheap random numbers. It is not a source of secrets.
var random uint64

//go:nosplit
func getrandom(buf, n uintptr) uintptr {
	for i := range n {
		random = random*6364136223846793005 + arch.Counter() | 1
		*(*byte)(at(buf + i)) = byte(random >> 33)
	}
	return n
}
