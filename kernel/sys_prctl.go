package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// prctlSyscalls are the system calls of this file.
var prctlSyscalls = []Syscall{
	{"prctl", sysPrctl},
}

// Options of prctl(2) (include/uapi/linux/prctl.h).
const (
	PR_SET_PDEATHSIG       = 1
	PR_GET_PDEATHSIG       = 2
	PR_GET_DUMPABLE        = 3
	PR_SET_DUMPABLE        = 4
	PR_GET_KEEPCAPS        = 7
	PR_SET_KEEPCAPS        = 8
	PR_GET_TIMING          = 13
	PR_SET_TIMING          = 14
	PR_SET_NAME            = 15
	PR_GET_NAME            = 16
	PR_GET_SECCOMP         = 21
	PR_SET_SECCOMP         = 22
	PR_CAPBSET_READ        = 23
	PR_CAPBSET_DROP        = 24
	PR_GET_SECUREBITS      = 27
	PR_SET_SECUREBITS      = 28
	PR_SET_TIMERSLACK      = 29
	PR_GET_TIMERSLACK      = 30
	PR_SET_CHILD_SUBREAPER = 36
	PR_GET_CHILD_SUBREAPER = 37
	PR_SET_NO_NEW_PRIVS    = 38
	PR_GET_NO_NEW_PRIVS    = 39
	PR_CAP_AMBIENT         = 47

	PR_MCE_KILL        = 33
	PR_MCE_KILL_GET    = 34
	PR_GET_TID_ADDRESS = 40
	PR_SET_THP_DISABLE = 41
	PR_GET_THP_DISABLE = 42
	PR_SET_IO_FLUSHER  = 57
	PR_GET_IO_FLUSHER  = 58
)

// Arguments of PR_CAP_AMBIENT.
const (
	prCapAmbientIsSet    = 1
	prCapAmbientRaise    = 2
	prCapAmbientLower    = 3
	prCapAmbientClearAll = 4
)

// taskCommLen is the length of a task's name with its NUL; TASK_COMM_LEN.
const taskCommLen = 16

// prctlFunc does one option; a are the arguments behind it.
type prctlFunc func(t *Task, a []uintptr) (uintptr, error)

// prctls are the options there are. What is not here is EINVAL, as it is in a
// Linux that was built without it or that runs on another processor: perf
// events, names for anonymous memory, core scheduling, checkpoints, TSC and
// speculation control.
var prctls = map[int32]prctlFunc{
	PR_SET_PDEATHSIG: prSetPdeathsig,
	PR_GET_PDEATHSIG: func(t *Task, a []uintptr) (uintptr, error) {
		return 0, uaccess.Put(a[0], t.pdeathSignal.Load())
	},
	PR_GET_DUMPABLE: func(t *Task, _ []uintptr) (uintptr, error) { return uintptr(t.mm.Dumpable()), nil },
	PR_SET_DUMPABLE: prSetDumpable,
	PR_GET_TIMING:   func(*Task, []uintptr) (uintptr, error) { return 0, nil }, // PR_TIMING_STATISTICAL
	PR_SET_TIMING:   prSetTiming,
	PR_SET_NAME:     prSetName,
	PR_GET_NAME:     prGetName,

	PR_GET_KEEPCAPS: func(t *Task, _ []uintptr) (uintptr, error) {
		return boolWord(t.Cred().HasSecurebit(cred.SECURE_KEEP_CAPS)), nil
	},
	PR_SET_KEEPCAPS: prSetKeepcaps,
	PR_CAPBSET_READ: prCapbsetRead,
	PR_CAPBSET_DROP: func(t *Task, a []uintptr) (uintptr, error) {
		return t.changeCred(t.Cred().DropBounding(uint64(a[0])))
	},
	PR_GET_SECUREBITS: func(t *Task, _ []uintptr) (uintptr, error) { return uintptr(t.Cred().Securebits), nil },
	PR_SET_SECUREBITS: func(t *Task, a []uintptr) (uintptr, error) {
		return t.changeCred(t.Cred().SetSecurebits(uint64(a[0])))
	},
	PR_CAP_AMBIENT: prCapAmbient,

	PR_SET_TIMERSLACK:      prSetTimerslack,
	PR_GET_TIMERSLACK:      func(t *Task, _ []uintptr) (uintptr, error) { return uintptr(t.timerSlack.Load()), nil },
	PR_SET_CHILD_SUBREAPER: prSetChildSubreaper,
	PR_GET_CHILD_SUBREAPER: func(t *Task, a []uintptr) (uintptr, error) {
		return 0, uaccess.Put(a[0], int32(boolWord(t.signal.isChildSubreaper)))
	},
	PR_GET_SECCOMP:      func(t *Task, _ []uintptr) (uintptr, error) { return uintptr(t.seccomp.mode.Load()), nil },
	PR_SET_SECCOMP:      prSetSeccomp,
	PR_SET_NO_NEW_PRIVS: prSetNoNewPrivs,
	PR_GET_NO_NEW_PRIVS: prGetNoNewPrivs,

	PR_MCE_KILL:        prMceKill,
	PR_MCE_KILL_GET:    prMceKillGet,
	PR_GET_TID_ADDRESS: prGetTidAddress,
	PR_SET_THP_DISABLE: prSetTHPDisable,
	PR_GET_THP_DISABLE: prGetTHPDisable,
	PR_SET_IO_FLUSHER:  prSetIOFlusher,
	PR_GET_IO_FLUSHER:  prGetIOFlusher,
}

// sysPrctl is prctl(2).
func sysPrctl(t *Task, a *SyscallArgs) (uintptr, error) {
	f := prctls[int32(a[0])]
	if f == nil {
		return 0, syscall.EINVAL
	}
	return f(t, a[1:5])
}

func boolWord(b bool) uintptr {
	if b {
		return 1
	}
	return 0
}

// anySet reports whether one of the arguments is not 0.
func anySet(a []uintptr) bool {
	for _, v := range a {
		if v != 0 {
			return true
		}
	}
	return false
}

func prSetPdeathsig(t *Task, a []uintptr) (uintptr, error) {
	if a[0] > signal.Max {
		return 0, syscall.EINVAL
	}
	t.pdeathSignal.Store(int32(a[0]))
	return 0, nil
}

func prSetDumpable(t *Task, a []uintptr) (uintptr, error) {
	if a[0] > 1 {
		return 0, syscall.EINVAL
	}
	t.mm.SetDumpable(int(a[0]))
	return 0, nil
}

func prSetTiming(_ *Task, a []uintptr) (uintptr, error) {
	if a[0] != 0 {
		return 0, syscall.EINVAL
	}
	return 0, nil
}

func prSetName(t *Task, a []uintptr) (uintptr, error) {
	name, err := userPrefix(a[0], taskCommLen-1)
	if err != nil {
		return 0, err
	}
	t.SetName(name)
	return 0, nil
}

func prGetName(t *Task, a []uintptr) (uintptr, error) {
	var name [taskCommLen]byte
	copy(name[:], t.Name())
	return 0, uaccess.Put(a[0], name)
}

func prSetKeepcaps(t *Task, a []uintptr) (uintptr, error) {
	if a[0] > 1 {
		return 0, syscall.EINVAL
	}
	return t.changeCred(t.Cred().SetKeepCaps(a[0] == 1))
}

func prCapbsetRead(t *Task, a []uintptr) (uintptr, error) {
	if a[0] > cred.CAP_LAST_CAP {
		return 0, syscall.EINVAL
	}
	return boolWord(t.Cred().Bounding.Has(int(a[0]))), nil
}

func prCapAmbient(t *Task, a []uintptr) (uintptr, error) {
	c := t.Cred()
	if a[0] == prCapAmbientClearAll {
		if anySet(a[1:]) {
			return 0, syscall.EINVAL
		}
		return t.changeCred(c.LowerAmbient(cred.CapFull), nil)
	}
	if a[1] > cred.CAP_LAST_CAP || anySet(a[2:]) {
		return 0, syscall.EINVAL
	}
	switch a[0] {
	case prCapAmbientIsSet:
		return boolWord(c.Ambient.Has(int(a[1]))), nil
	case prCapAmbientRaise:
		return t.changeCred(c.RaiseAmbient(uint64(a[1])))
	case prCapAmbientLower:
		return t.changeCred(c.LowerAmbient(1<<a[1]), nil)
	}
	return 0, syscall.EINVAL
}

func prSetTimerslack(t *Task, a []uintptr) (uintptr, error) {
	t.setTimerSlack(uint64(max(int(a[0]), 0)))
	return 0, nil
}

// prSetChildSubreaper makes the process the one that its orphaned descendants go
// to; those that there are already, too.
func prSetChildSubreaper(t *Task, a []uintptr) (uintptr, error) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	t.signal.isChildSubreaper = a[0] != 0
	if a[0] != 0 {
		markDescendants(t)
	}
	return 0, nil
}

func prSetNoNewPrivs(t *Task, a []uintptr) (uintptr, error) {
	if a[0] != 1 || anySet(a[1:]) {
		return 0, syscall.EINVAL
	}
	t.noNewPrivs.Store(true)
	return 0, nil
}

func prGetNoNewPrivs(t *Task, a []uintptr) (uintptr, error) {
	if anySet(a) {
		return 0, syscall.EINVAL
	}
	return boolWord(t.noNewPrivs.Load()), nil
}
