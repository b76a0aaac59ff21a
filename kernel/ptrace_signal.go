package kernel

import (
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// ptraceSignalRequest does the requests about a frozen tracee's signals.
func ptraceSignalRequest(t, child *Task, request int, addr, data uintptr) (uintptr, error) {
	switch request {
	case PTRACE_GETEVENTMSG:
		return 0, uaccess.Put(data, child.ptraceMessage)
	case PTRACE_GETSIGINFO:
		info, err := child.stopInfo(nil)
		if err != nil {
			return 0, err
		}
		return 0, uaccess.Put(data, info.Siginfo())
	case PTRACE_SETSIGINFO:
		info, err := userInfo(data, signal.KeepSigno)
		if err != nil {
			return 0, err
		}
		_, err = child.stopInfo(&info)
		return 0, err
	case PTRACE_PEEKSIGINFO:
		return ptracePeekSiginfo(t, child, addr, data)
	}
	if addr != sigsetSize {
		return 0, syscall.EINVAL
	}
	if request == PTRACE_GETSIGMASK {
		return 0, uaccess.Put(data, child.sigmaskToSave())
	}
	return 0, ptraceSetSigmask(child, data)
}

// stopInfo returns the siginfo of the stop that t is in, and replaces it unless
// change is nil. EINVAL if there is none: a group stop.
func (t *Task) stopInfo(change *signal.Info) (info signal.Info, err error) {
	lock := &t.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	if t.lastSiginfo == nil {
		return info, syscall.EINVAL
	}
	info = *t.lastSiginfo
	if change != nil {
		*t.lastSiginfo = *change
	}
	return info, nil
}

// ptraceSetSigmask replaces the signals that the tracee blocks. It looks at what
// is pending when it goes on.
func ptraceSetSigmask(child *Task, addr uintptr) error {
	set, err := uaccess.Get[signal.Set](addr)
	if err != nil {
		return err
	}
	lock := &child.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	child.blocked.Store(set &^ signal.Unblockable)
	child.restoreSigmask = false
	return nil
}

// peekSiginfoArgs is struct __ptrace_peeksiginfo_args.
type peekSiginfoArgs struct {
	Off   uint64
	Flags uint32
	Nr    int32
}

// peekSiginfoShared asks for the signals of the process;
// PTRACE_PEEKSIGINFO_SHARED.
const peekSiginfoShared = 1

// ptracePeekSiginfo copies siginfos of signals that wait, without taking them. It
// returns how many; EINVAL, EFAULT.
func ptracePeekSiginfo(t, child *Task, addr, data uintptr) (n uintptr, err error) {
	args, err := uaccess.Get[peekSiginfoArgs](addr)
	if err != nil {
		return 0, err
	}
	if args.Flags&^peekSiginfoShared != 0 || args.Nr < 0 {
		return 0, syscall.EINVAL
	}
	queue := &child.pending
	if args.Flags&peekSiginfoShared != 0 {
		queue = &child.signal.sharedPending
	}
	lock := &child.sighand.siglock
	for ; n < uintptr(args.Nr); n++ {
		lock.Lock()
		info, ok := queue.Peek(args.Off + uint64(n))
		lock.Unlock()
		if !ok {
			break
		}
		if err = uaccess.Put(data, info.Siginfo()); err != nil {
			break
		}
		data += signal.InfoSize
		if sched.SignalPending(&t.Task) {
			n++
			break
		}
		sched.CondResched()
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}
