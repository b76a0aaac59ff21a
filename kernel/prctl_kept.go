package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/uaccess"
)

// Options of prctl(2) that say how to treat the task in case of something that
// cannot happen here: broken memory, huge pages, lack of memory while a disk is
// written. They are kept, inherited and told.

// Arguments of PR_MCE_KILL, and results of PR_MCE_KILL_GET.
const (
	mceKillClear = 0
	mceKillSet   = 1

	mceKillLate    = 0
	mceKillEarly   = 1
	mceKillDefault = 2
)

// taskKept are these of a task. Owned by the task.
type taskKept struct {
	// mceKill is one of mceKill*; -1 for mceKillLate, so that the default is 0.
	mceKill   int8
	ioFlusher bool
}

func prMceKill(t *Task, a []uintptr) (uintptr, error) {
	if anySet(a[2:]) {
		return 0, syscall.EINVAL
	}
	switch {
	case a[0] == mceKillClear && a[1] == 0, a[0] == mceKillSet && a[1] == mceKillDefault:
		t.mceKill = 0
	case a[0] == mceKillSet && a[1] == mceKillEarly:
		t.mceKill = mceKillEarly
	case a[0] == mceKillSet && a[1] == mceKillLate:
		t.mceKill = -1
	default:
		return 0, syscall.EINVAL
	}
	return 0, nil
}

func prMceKillGet(t *Task, a []uintptr) (uintptr, error) {
	switch {
	case anySet(a):
		return 0, syscall.EINVAL
	case t.mceKill < 0:
		return mceKillLate, nil
	case t.mceKill == mceKillEarly:
		return mceKillEarly, nil
	}
	return mceKillDefault, nil
}

func prSetIOFlusher(t *Task, a []uintptr) (uintptr, error) {
	switch {
	case !Capable(cred.CAP_SYS_RESOURCE):
		return 0, syscall.EPERM
	case anySet(a[1:]), a[0] > 1:
		return 0, syscall.EINVAL
	}
	t.ioFlusher = a[0] == 1
	return 0, nil
}

func prGetIOFlusher(t *Task, a []uintptr) (uintptr, error) {
	switch {
	case !Capable(cred.CAP_SYS_RESOURCE):
		return 0, syscall.EPERM
	case anySet(a):
		return 0, syscall.EINVAL
	}
	return boolWord(t.ioFlusher), nil
}

func prSetTHPDisable(t *Task, a []uintptr) (uintptr, error) {
	if anySet(a[1:]) {
		return 0, syscall.EINVAL
	}
	t.mm.SetTHPDisabled(a[0] != 0)
	return 0, nil
}

func prGetTHPDisable(t *Task, a []uintptr) (uintptr, error) {
	if anySet(a) {
		return 0, syscall.EINVAL
	}
	return boolWord(t.mm.THPDisabled()), nil
}

// prGetTidAddress tells what set_tid_address(2) was told.
func prGetTidAddress(t *Task, a []uintptr) (uintptr, error) {
	return 0, uaccess.Put(a[0], uint64(t.clearChildTid))
}
