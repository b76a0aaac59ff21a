package kernel

import (
	"syscall"

	"onsen/kernel/seccomp"
	"onsen/kernel/signal"
)

// What becomes of a system call that seccomp(2) has its say about; Linux's
// __secure_computing.

// strictCalls are the system calls of SECCOMP_MODE_STRICT.
var strictCalls = [...]int{
	syscallNumber("read"), syscallNumber("write"), syscallNumber("exit"), syscallNumber("rt_sigreturn"),
}

// seccompAllows reports whether the calling task is to make the system call
// t.call, whose arguments are in the registers. If not, its result is set. It does
// not return if the task has to die at once.
func (t *Task) seccompAllows() bool {
	if t.ptraceOption(PTRACE_O_SUSPEND_SECCOMP) {
		return true
	}
	switch t.seccomp.mode.Load() {
	case SECCOMP_MODE_FILTER:
		return t.filterAllows(false)
	case SECCOMP_MODE_STRICT:
		for _, nr := range strictCalls {
			if t.call.nr() == nr {
				return true
			}
		}
		t.seccomp.mode.Store(seccompModeDead)
		t.logSeccomp(seccomp.KillThread, signal.SIGKILL, nil)
	}
	DoExit(signal.SIGKILL)
	return false
}

// filterAllows is seccompAllows for the mode with filters. traced says that a tracer
// has had the say about this call already.
func (t *Task) filterAllows(traced bool) bool {
	ret, match := t.runFilters()
	action, data := seccomp.Split(ret)
	switch action {
	case seccomp.Allow:
		return true
	case seccomp.Log:
		t.logSeccomp(action, 0, nil)
		return true
	case seccomp.Trace:
		if traced || t.askTracer(data) {
			return true
		}
	case seccomp.UserNotif:
		if t.askListener(match) {
			return true
		}
	case seccomp.Errno:
		t.user.Regs().SetReturnValue(failure(min(syscall.Errno(data), maxErrno)))
	case seccomp.Trap:
		info := t.seccompInfo(data)
		t.forceSigInfo(&info, false)
	default:
		t.killBySeccomp(action, data)
		return false
	}
	t.logSeccomp(action, 0, match)
	return false
}

// runFilters runs the calling task's filters about the system call that it is in.
func (t *Task) runFilters() (ret uint32, match *seccomp.Filter) {
	d, regs := &t.seccomp.data, t.user.Regs()
	d.Nr, d.Arch, d.IP = int32(t.call.nr()), auditArch, uint64(regs.PC())
	regs.SyscallArgs(&d.Args)
	return t.seccomp.filter.Load().Run(d)
}

// seccompInfo brings the registers of a system call that is not made back to what
// they were in front of it, and describes it as a signal.
func (t *Task) seccompInfo(reason uint16) signal.Info {
	t.user.HideSyscall(t.call.word, t.origArg0)
	return signal.Seccomp(t.user.Regs().PC(), t.call.nr(), auditArch, int(reason))
}

// killBySeccomp makes the calling task's process die. With seccomp.KillThread it is
// only the thread, which ends right here, unless there is no other.
func (t *Task) killBySeccomp(action seccomp.Action, data uint16) {
	t.seccomp.mode.Store(seccompModeDead)
	t.logSeccomp(action, signal.SIGSYS, nil)
	if action == seccomp.KillThread && t.signal.live.Load() != 1 {
		DoExit(signal.SIGSYS)
	}
	info := t.seccompInfo(data)
	t.forceExit(&info)
}

// askTracer stops for the tracer, if that has asked for it, and reports whether the
// system call is to be made as the tracer has left it: seccomp looks at it once more.
// Without a tracer there is no call, ENOSYS.
func (t *Task) askTracer(data uint16) bool {
	if !t.ptraceEventEnabled(PTRACE_EVENT_SECCOMP) {
		t.user.Regs().SetReturnValue(failure(syscall.ENOSYS))
		return false
	}
	t.ptraceEvent(PTRACE_EVENT_SECCOMP, uintptr(data))
	if fatalSignalPending(t) || t.call.nr() < 0 {
		return false
	}
	return t.filterAllows(true)
}

// askListener has a filter's listener answer the system call, and reports whether it
// is to be made. A signal may interrupt that.
func (t *Task) askListener(match *seccomp.Filter) bool {
	r, err := match.Notifier.Ask(t.Pid, &t.seccomp.data, t.installFile)
	switch {
	case err != nil:
		t.finishSyscall(err)
	case r.Flags&seccomp.RespContinue != 0:
		return true
	case r.Error != 0:
		t.user.Regs().SetReturnValue(uintptr(r.Error))
	default:
		t.user.Regs().SetReturnValue(uintptr(r.Val))
	}
	return false
}

// installFile gives the calling task a file from a listener. It returns the
// descriptor, or a negative errno: EMFILE, EBADF, EBUSY.
func (t *Task) installFile(a *seccomp.AddFD) int {
	limit := t.rlimit(RLIMIT_NOFILE)
	if a.Set {
		if err := t.files.Dup2(a.File, a.FD, limit, a.Cloexec); err != nil {
			return -int(err.(syscall.Errno))
		}
		return a.FD
	}
	fd, err := t.files.AllocFd(0, limit, a.Cloexec)
	if err != nil {
		return -int(err.(syscall.Errno))
	}
	a.File.Get()
	t.files.Install(fd, a.File)
	return fd
}
