package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// signalSyscalls are the system calls of this file and its neighbours.
var signalSyscalls = []Syscall{
	{"rt_sigaction", sysRtSigaction},
	{"rt_sigprocmask", sysRtSigprocmask},
	{"rt_sigpending", sysRtSigpending},
	{"rt_sigsuspend", sysRtSigsuspend},
	{"rt_sigtimedwait", sysRtSigtimedwait},
	{"rt_sigreturn", sysRtSigreturn},
	{"sigaltstack", sysSigaltstack},
	{"restart_syscall", sysRestartSyscall},
	{"pause", sysPause},
	{"kill", sysKill},
	{"tkill", sysTkill},
	{"tgkill", sysTgkill},
	{"rt_sigqueueinfo", sysRtSigqueueinfo},
	{"rt_tgsigqueueinfo", sysRtTgsigqueueinfo},
	{"signalfd", sysSignalfd},
	{"signalfd4", sysSignalfd4},
}

// sysRtSigaction: rt_sigaction(int sig, const struct sigaction *act, struct
// sigaction *old, size_t size).
func sysRtSigaction(t *Task, a *SyscallArgs) (uintptr, error) {
	sig := int(int32(a[0]))
	if a[3] != sigsetSize {
		return 0, syscall.EINVAL
	}
	if a[1] == 0 {
		return 0, t.storeAction(sig, a[2])
	}
	var act signal.Action
	if err := uaccess.Load(&act, a[1]); err != nil {
		return 0, err
	}
	act.Clean()
	if !signal.Valid(sig) || signal.Unblockable.Has(sig) {
		return 0, syscall.EINVAL
	}
	h := t.sighand
	slot := &h.actions[sig-1]
	h.lockFor(t)
	old := *slot
	if old.Flags&signal.SA_IMMUTABLE != 0 {
		h.unlock()
		return 0, syscall.EINVAL
	}
	*slot = act
	if act.Ignores(sig) && t.mayHavePending() {
		// "Setting a signal action to SIG_IGN for a signal that is pending shall
		// cause the pending signal to be discarded" - POSIX
		t.signal.forgetPending(signal.Of(sig))
	}
	h.unlock()
	if a[2] != 0 {
		return 0, uaccess.PutFrom(a[2], &old)
	}
	return 0, nil
}

// storeAction writes the action for a signal to a user address, unless that is 0.
func (t *Task) storeAction(sig int, addr uintptr) error {
	if !signal.Valid(sig) {
		return syscall.EINVAL
	}
	if addr == 0 {
		return nil
	}
	h := t.sighand
	slot := &h.actions[sig-1]
	if h.users.Load() != 1 { // otherwise nobody else changes it
		h.lockFor(t)
		action := *slot
		h.unlock()
		slot = &action
	}
	if slot.Flags&signal.SA_IMMUTABLE != 0 {
		return syscall.EINVAL
	}
	return uaccess.PutFrom(addr, slot)
}

// Ways of rt_sigprocmask.
const (
	sigBlock   = 0
	sigUnblock = 1
	sigSetmask = 2
)

// sysRtSigprocmask: rt_sigprocmask(int how, const sigset_t *set, sigset_t *old,
// size_t size).
func sysRtSigprocmask(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[3] != sigsetSize {
		return 0, syscall.EINVAL
	}
	old := t.blocked.Load()
	if a[1] != 0 {
		s, err := uaccess.Get[signal.Set](a[1])
		if err != nil {
			return 0, err
		}
		switch int32(a[0]) {
		case sigBlock:
			s |= old
		case sigUnblock:
			s = old &^ s
		case sigSetmask:
		default:
			return 0, syscall.EINVAL
		}
		t.setCurrentBlocked(s)
	}
	if a[2] != 0 {
		return 0, uaccess.Put(a[2], old)
	}
	return 0, nil
}

// sysRtSigpending: rt_sigpending(sigset_t *set, size_t size).
func sysRtSigpending(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] > sigsetSize {
		return 0, syscall.EINVAL
	}
	t.sighand.siglock.Lock()
	s := (t.pending.Set() | t.signal.sharedPending.Set()) & t.blocked.Load()
	t.sighand.siglock.Unlock()
	b := (*[sigsetSize]byte)(unsafe.Pointer(&s))
	_, err := uaccess.CopyToUser(a[0], b[:a[1]])
	return 0, err
}

// waitForSignal sleeps until a signal is pending.
func (t *Task) waitForSignal() {
	for !sched.SignalPending(&t.Task) {
		sched.SetCurrentState(sched.TaskInterruptible)
		sched.Schedule()
	}
	sched.SetCurrentState(sched.TaskRunning)
}

// sysPause: pause(void).
func sysPause(t *Task, _ *SyscallArgs) (uintptr, error) {
	t.waitForSignal()
	return 0, errno.ERESTARTNOHAND
}

// sysRtSigsuspend: rt_sigsuspend(const sigset_t *mask, size_t size).
func sysRtSigsuspend(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] != sigsetSize {
		return 0, syscall.EINVAL
	}
	s, err := uaccess.Get[signal.Set](a[0])
	if err != nil {
		return 0, err
	}
	t.savedSigmask, t.restoreSigmask = t.blocked.Load(), true
	t.setCurrentBlocked(s)
	t.waitForSignal()
	return 0, errno.ERESTARTNOHAND
}

// sysRtSigtimedwait: rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const
// struct timespec *timeout, size_t size).
func sysRtSigtimedwait(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[3] != sigsetSize {
		return 0, syscall.EINVAL
	}
	which, err := uaccess.Get[signal.Set](a[0])
	if err != nil {
		return 0, err
	}
	timeout := int64(sched.Forever)
	if a[2] != 0 {
		ts, err := uaccess.Get[timekeeping.Timespec](a[2])
		if err != nil {
			return 0, err
		}
		if !ts.Valid() {
			return 0, syscall.EINVAL
		}
		timeout = ts.Ns()
	}
	var info signal.Info
	sig, err := t.sigtimedwait(which&^signal.Unblockable, timeout, &info)
	if err != nil {
		return 0, err
	}
	if a[1] != 0 {
		if err := uaccess.Put(a[1], info.Siginfo()); err != nil {
			return 0, err
		}
	}
	return uintptr(sig), nil
}

// sigtimedwait takes a signal of a set, and waits for one up to ns nanoseconds.
// Errors: EAGAIN if there was none in time, EINTR for a signal with a handler.
func (t *Task) sigtimedwait(which signal.Set, ns int64, info *signal.Info) (int, error) {
	h := t.sighand
	h.siglock.Lock()
	sig, _ := t.takeSignal(^which, info)
	if sig == 0 && ns > 0 {
		// Let them in, so that they wake; realBlocked keeps them from doing
		// what they do by default.
		t.realBlocked = t.blocked.Load()
		t.blocked.Store(t.realBlocked &^ which)
		RecalcSigpending(t)
		h.siglock.Unlock()
		sched.SetCurrentState(sched.TaskInterruptible)
		ns = sched.ScheduleTimeout(ns)
		h.siglock.Lock()
		t.setBlockedLocked(t.realBlocked)
		t.realBlocked = 0
		sig, _ = t.takeSignal(^which, info)
	}
	h.siglock.Unlock()
	switch {
	case sig != 0:
		return sig, nil
	case ns > 0:
		return 0, syscall.EINTR
	}
	return 0, syscall.EAGAIN
}
