package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/random"
	"onsen/kernel/seccomp"
	"onsen/kernel/uaccess"
)

// seccompSyscalls are the system calls of this file.
var seccompSyscalls = []Syscall{
	{"seccomp", sysSeccomp},
}

// Operations of seccomp(2) (include/uapi/linux/seccomp.h).
const (
	SECCOMP_SET_MODE_STRICT  = 0
	SECCOMP_SET_MODE_FILTER  = 1
	SECCOMP_GET_ACTION_AVAIL = 2
	SECCOMP_GET_NOTIF_SIZES  = 3
)

// Flags of SECCOMP_SET_MODE_FILTER.
const (
	SECCOMP_FILTER_FLAG_TSYNC uint32 = 1 << iota
	SECCOMP_FILTER_FLAG_LOG
	// SECCOMP_FILTER_FLAG_SPEC_ALLOW leaves mitigations of the processor's
	// speculation off, as they are anyway.
	SECCOMP_FILTER_FLAG_SPEC_ALLOW
	SECCOMP_FILTER_FLAG_NEW_LISTENER
	SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV

	seccompFilterFlags = 1<<6 - 1
)

// sysSeccomp is seccomp(2).
func sysSeccomp(t *Task, a *SyscallArgs) (uintptr, error) {
	op, flags, arg := uint32(a[0]), uint32(a[1]), a[2]
	if op != SECCOMP_SET_MODE_FILTER && flags != 0 {
		return 0, syscall.EINVAL
	}
	switch op {
	case SECCOMP_SET_MODE_STRICT:
		if arg != 0 {
			return 0, syscall.EINVAL
		}
		return 0, t.setSeccompStrict()
	case SECCOMP_SET_MODE_FILTER:
		return t.setSeccompFilter(flags, arg)
	case SECCOMP_GET_ACTION_AVAIL:
		action, err := uaccess.Get[uint32](arg)
		if err == nil && !seccomp.Action(action).Exists() {
			err = syscall.EOPNOTSUPP
		}
		return 0, err
	case SECCOMP_GET_NOTIF_SIZES:
		return 0, uaccess.Put(arg, [3]uint16{uint16(notifSize), uint16(respSize), seccomp.DataSize})
	}
	return 0, syscall.EINVAL
}

// prSetSeccomp is prctl(PR_SET_SECCOMP).
func prSetSeccomp(t *Task, a []uintptr) (uintptr, error) {
	switch a[0] {
	case SECCOMP_MODE_STRICT:
		return 0, t.setSeccompStrict()
	case SECCOMP_MODE_FILTER:
		return t.setSeccompFilter(0, a[1])
	}
	return 0, syscall.EINVAL
}

// maySetSeccomp returns EINVAL if the task has another mode than the one that it wants
// to have.
//
// Preconditions: siglock held.
func (t *Task) maySetSeccomp(mode uint32) error {
	if have := t.seccomp.mode.Load(); have != SECCOMP_MODE_DISABLED && have != mode {
		return syscall.EINVAL
	}
	return nil
}

// setSeccompStrict leaves the calling task read, write, exit and sigreturn. EINVAL.
func (t *Task) setSeccompStrict() error {
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	if err := t.maySetSeccomp(SECCOMP_MODE_STRICT); err != nil {
		return err
	}
	t.setSeccompMode(SECCOMP_MODE_STRICT)
	return nil
}

// setSeccompFilter puts the filter that struct sock_fprog at addr describes on top of
// those that the calling task has. It returns the descriptor of a new listener, or the
// ID of a thread that does not allow SECCOMP_FILTER_FLAG_TSYNC, else 0. Errors: EINVAL,
// EFAULT, EACCES, EMFILE, EBUSY, ENOMEM, ESRCH.
func (t *Task) setSeccompFilter(flags uint32, addr uintptr) (uintptr, error) {
	has := func(f uint32) bool { return flags&f != 0 }
	sync, listen := has(SECCOMP_FILTER_FLAG_TSYNC), has(SECCOMP_FILTER_FLAG_NEW_LISTENER)
	switch {
	case flags&^seccompFilterFlags != 0,
		sync && listen && !has(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), // what would the result be?
		has(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) && !listen:
		return 0, syscall.EINVAL
	}
	p, err := t.readSeccompProgram(addr)
	if err != nil {
		return 0, err
	}
	f := seccomp.NewFilter(p, auditArch)
	f.Log = has(SECCOMP_FILTER_FLAG_LOG)
	if listen {
		f.Notifier = seccomp.NewNotifier(random.Uint64(), has(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
		return t.listenToSeccomp(f, sync)
	}
	unsynced, err := t.installSeccompFilter(f, sync)
	switch {
	case unsynced == nil:
		return 0, err
	case has(SECCOMP_FILTER_FLAG_TSYNC_ESRCH):
		return 0, syscall.ESRCH
	}
	return uintptr(unsynced.Pid), nil
}

// listenToSeccomp installs a filter and returns the descriptor of its listener.
func (t *Task) listenToSeccomp(f *seccomp.Filter, sync bool) (uintptr, error) {
	fd, err := t.files.AllocFd(0, t.rlimit(RLIMIT_NOFILE), true)
	if err != nil {
		return 0, err
	}
	unsynced, err := t.installSeccompFilter(f, sync)
	if unsynced != nil {
		err = syscall.ESRCH
	}
	if err != nil {
		t.files.PutUnused(fd)
		return 0, err
	}
	t.files.Install(fd, fs.NewAnonFile("seccomp notify", listenerOps{}, f.Notifier, syscall.O_RDWR))
	return uintptr(fd), nil
}

// installSeccompFilter is addSeccompFilter with its locks. With sync an execve of
// another thread is waited for: EINVAL if the task is killed meanwhile.
func (t *Task) installSeccompFilter(f *seccomp.Filter, sync bool) (unsynced *Task, err error) {
	if sync {
		guard := &t.signal.credGuard
		if guard.LockKillable() != nil {
			return nil, syscall.EINVAL
		}
		defer guard.Unlock()
	}
	t.sighand.siglock.Lock()
	unsynced, err = t.addSeccompFilter(f, sync)
	t.sighand.siglock.Unlock()
	if sync && unsynced == nil && err == nil {
		// A thread that was in user mode has now been out of it: whatever call it
		// makes is filtered.
		barrierEverywhere()
	}
	return unsynced, err
}

// sockFprog is struct sock_fprog.
type sockFprog struct {
	Len    uint16
	_      [6]byte
	Filter uint64
}

var _ [16]byte = [unsafe.Sizeof(sockFprog{})]byte{}

// readSeccompProgram reads a filter's program from the user's memory. EFAULT, EINVAL;
// EACCES for one who could make a program with more rights do what it should not.
func (t *Task) readSeccompProgram(addr uintptr) (*seccomp.Program, error) {
	prog, err := uaccess.Get[sockFprog](addr)
	switch {
	case err != nil:
		return nil, err
	case prog.Len == 0 || prog.Len > seccomp.MaxInsns:
		return nil, syscall.EINVAL
	case !t.noNewPrivs.Load() && !t.Cred().Capable(cred.CAP_SYS_ADMIN):
		return nil, syscall.EACCES
	case prog.Filter == 0:
		return nil, syscall.EINVAL
	}
	code := make([]seccomp.Insn, prog.Len)
	if err := uaccess.GetSlice(code, uintptr(prog.Filter)); err != nil {
		return nil, err
	}
	return seccomp.Compile(code)
}
