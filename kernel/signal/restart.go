package signal

import (
	"syscall"

	"onsen/kernel/errno"
)

// Verdict is what becomes of a system call that a signal has ended.
type Verdict uint8

const (
	// Finished: the call has ended for another reason; its result stands.
	Finished Verdict = iota
	// Interrupted: the program gets EINTR.
	Interrupted
	// Restarted: the call is made again, as it was made.
	Restarted
	// Continued: restart_syscall(2) is made in its place.
	Continued
)

// Interruption decides about a system call that returned err. handled says that a
// handler with the given flags runs first. The table is that of signal(7) and of
// the comments in Linux's include/linux/errno.h.
func Interruption(err syscall.Errno, handled bool, flags uint64) Verdict {
	switch err {
	case errno.ERESTARTNOINTR:
		return Restarted
	case errno.ERESTARTSYS:
		if handled && flags&SA_RESTART == 0 {
			return Interrupted
		}
		return Restarted
	case errno.ERESTARTNOHAND:
		if handled {
			return Interrupted
		}
		return Restarted
	case errno.ERESTART_RESTARTBLOCK:
		if handled {
			return Interrupted
		}
		return Continued
	}
	return Finished
}

// Restartable reports whether err is one of those that Interruption decides about.
func Restartable(err syscall.Errno) bool {
	switch err {
	case errno.ERESTARTSYS, errno.ERESTARTNOINTR, errno.ERESTARTNOHAND, errno.ERESTART_RESTARTBLOCK:
		return true
	}
	return false
}
