package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/futex"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// futexSyscalls are the system calls of this file and its neighbours.
var futexSyscalls = []Syscall{
	{"futex", sysFutex},
	{"futex_waitv", sysFutexWaitv},
	{"set_robust_list", sysSetRobustList},
	{"get_robust_list", sysGetRobustList},
}

// The operations of futex(2).
const (
	futexWait          = 0
	futexWake          = 1
	futexRequeue       = 3
	futexCmpRequeue    = 4
	futexWakeOp        = 5
	futexLockPI        = 6
	futexUnlockPI      = 7
	futexTrylockPI     = 8
	futexWaitBitset    = 9
	futexWakeBitset    = 10
	futexWaitRequeuePI = 11
	futexCmpRequeuePI  = 12
	futexLockPI2       = 13

	futexPrivateFlag   = 128
	futexClockRealtime = 256
)

// futexMM is what keys of private futexes of t belong to.
func (t *Task) futexMM() unsafe.Pointer { return unsafe.Pointer(t.mm) }

// sysFutex: futex(u32 *uaddr, int op, u32 val, const struct timespec *timeout or
// u32 val2, u32 *uaddr2, u32 val3).
func sysFutex(t *Task, a *SyscallArgs) (uintptr, error) {
	addr, op, val, addr2, val3 := a[0], int(int32(a[1])), uint32(a[2]), a[4], uint32(a[5])
	var f futex.Flags
	if op&futexPrivateFlag == 0 {
		f |= futex.Shared
	}
	cmd := op &^ (futexPrivateFlag | futexClockRealtime)
	if op&futexClockRealtime != 0 {
		switch cmd {
		case futexWaitBitset, futexWaitRequeuePI, futexLockPI2:
		default:
			return 0, syscall.ENOSYS
		}
		f |= futex.ClockRealtime
	}
	mm := t.futexMM()
	n, err := 0, error(nil)
	switch cmd {
	case futexWait:
		return 0, t.futexWait(addr, f, val, a[3], true, futex.BitsetMatchAny)
	case futexWaitBitset:
		return 0, t.futexWait(addr, f, val, a[3], false, val3)
	case futexWake:
		n, err = futex.Wake(mm, addr, f, int(int32(val)), futex.BitsetMatchAny)
	case futexWakeBitset:
		n, err = futex.Wake(mm, addr, f, int(int32(val)), val3)
	case futexRequeue:
		n, err = futex.Requeue(mm, addr, addr2, f, int(int32(val)), int(int32(a[3])), false, 0)
	case futexCmpRequeue:
		n, err = futex.Requeue(mm, addr, addr2, f, int(int32(val)), int(int32(a[3])), true, val3)
	case futexWakeOp:
		n, err = futex.WakeOp(mm, addr, addr2, f, int(int32(val)), int(int32(a[3])), val3)
	case futexCmpRequeuePI:
		n, err = futex.RequeuePI(mm, addr, addr2, f, int(int32(val)), int(int32(a[3])), val3)
	default:
		return 0, t.futexPI(cmd, addr, f, val, a[3], addr2)
	}
	return uintptr(n), err
}

// futexPI does an operation that takes or gives back a futex that passes on
// priority. The timeouts are absolute, so a call that a signal interrupts is made
// again with the same.
func (t *Task) futexPI(cmd int, addr uintptr, f futex.Flags, val uint32, timeout, addr2 uintptr) error {
	w, mm := &t.futexWaiter, t.futexMM()
	switch cmd {
	case futexUnlockPI:
		return futex.UnlockPI(mm, addr, f)
	case futexTrylockPI:
		return futex.LockPI(w, mm, addr, f, futex.Forever, true)
	case futexLockPI, futexLockPI2, futexWaitRequeuePI:
	default:
		return syscall.ENOSYS
	}
	deadline, err := futexDeadline(timeout)
	switch {
	case err != nil:
		return err
	case cmd == futexWaitRequeuePI:
		return futex.WaitRequeuePI(w, mm, addr, f, val, deadline, addr2)
	case cmd == futexLockPI:
		f |= futex.ClockRealtime
	}
	return futex.LockPI(w, mm, addr, f, deadline, false)
}

// futexDeadline reads a time at a user address, which may be 0: Forever. EFAULT,
// EINVAL.
func futexDeadline(addr uintptr) (int64, error) {
	if addr == 0 {
		return futex.Forever, nil
	}
	ts, err := uaccess.Get[timekeeping.Timespec](addr)
	switch {
	case err != nil:
		return 0, err
	case !ts.Valid():
		return 0, syscall.EINVAL
	}
	return ts.Ns(), nil
}

// futexWait waits for a futex, up to the time at a user address, if that is not 0.
// A relative one goes on through the restart block when a signal interrupts.
func (t *Task) futexWait(addr uintptr, f futex.Flags, val uint32, timeout uintptr, relative bool, bitset uint32) error {
	if timeout == 0 {
		return futex.Wait(&t.futexWaiter, t.futexMM(), addr, f, val, futex.Forever, bitset)
	}
	deadline, err := futexDeadline(timeout)
	if err != nil {
		return err
	}
	if relative {
		deadline = timekeeping.After(deadline)
	}
	return t.futexWaitUntil(addr, f, val, deadline, bitset)
}

// futexWaitUntil waits for a futex up to a deadline that does not move when the
// call is restarted.
func (t *Task) futexWaitUntil(addr uintptr, f futex.Flags, val uint32, deadline int64, bitset uint32) error {
	err := futex.Wait(&t.futexWaiter, t.futexMM(), addr, f, val, deadline, bitset)
	if err != errno.ERESTARTSYS {
		return err
	}
	t.restart = func(t *Task) (uintptr, error) {
		return 0, t.futexWaitUntil(addr, f, val, deadline, bitset)
	}
	return errno.ERESTART_RESTARTBLOCK
}

// futexWaitv is struct futex_waitv.
type futexWaitv struct {
	Val      uint64
	Uaddr    uint64
	Flags    uint32
	Reserved uint32
}

const (
	futexWaitvMax = 128
	futex32       = 2 // flag of futex_waitv: words of 32 bits
)

// sysFutexWaitv: futex_waitv(struct futex_waitv *waiters, unsigned int n, unsigned
// int flags, struct timespec *timeout, clockid_t clock).
func sysFutexWaitv(t *Task, a *SyscallArgs) (uintptr, error) {
	n := uint32(a[1])
	if uint32(a[2]) != 0 || n == 0 || n > futexWaitvMax || a[0] == 0 {
		return 0, syscall.EINVAL
	}
	deadline, f, err := futexWaitvTimeout(a[3], timekeeping.ClockID(a[4]))
	if err != nil {
		return 0, err
	}
	v := make([]futex.WaitVec, n)
	for i := range v {
		w, err := uaccess.Get[futexWaitv](a[0] + uintptr(i)*unsafe.Sizeof(futexWaitv{}))
		if err != nil {
			return 0, err
		}
		if w.Flags&^(futex32|futexPrivateFlag) != 0 || w.Reserved != 0 || w.Flags&futex32 == 0 {
			return 0, syscall.EINVAL
		}
		v[i].Addr, v[i].Val = uintptr(w.Uaddr), uint32(w.Val)
		if w.Flags&futexPrivateFlag == 0 {
			v[i].Flags = futex.Shared
		}
	}
	i, err := futex.WaitMultiple(v, t.futexMM(), f, deadline)
	if err != nil {
		return 0, err
	}
	return uintptr(i), nil
}

// futexWaitvTimeout reads an absolute time of a clock.
func futexWaitvTimeout(addr uintptr, clock timekeeping.ClockID) (deadline int64, f futex.Flags, err error) {
	if addr == 0 {
		return futex.Forever, 0, nil
	}
	switch clock {
	case timekeeping.CLOCK_REALTIME:
		f = futex.ClockRealtime
	case timekeeping.CLOCK_MONOTONIC:
	default:
		return 0, 0, syscall.EINVAL
	}
	deadline, err = futexDeadline(addr)
	return deadline, f, err
}

// sysSetRobustList: set_robust_list(struct robust_list_head *head, size_t len).
func sysSetRobustList(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] != futex.RobustHeadSize {
		return 0, syscall.EINVAL
	}
	t.robustList = a[0]
	return 0, nil
}

// sysGetRobustList: get_robust_list(int pid, struct robust_list_head **head,
// size_t *len).
func sysGetRobustList(t *Task, a *SyscallArgs) (uintptr, error) {
	head := t.robustList
	if pid := int(int32(a[0])); pid != 0 {
		p := FindTaskByPid(pid)
		if p == nil {
			return 0, syscall.ESRCH
		}
		if ptraceMayAccess(t, p, accessReadReal) != nil {
			return 0, syscall.EPERM
		}
		head = p.robustList
	}
	if err := uaccess.Put(a[2], futex.RobustHeadSize); err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[1], head)
}

// exitFutexes lets go of the locks that the task holds when it leaves its memory:
// the robust ones, and those that pass on priority and others wait for. Linux's
// futex_exit_release and futex_exec_release.
func exitFutexes(t *Task) {
	t.futexOwner.BeginExit()
	if head := t.robustList; head != 0 {
		t.robustList = 0
		futex.ExitRobustList(t.futexMM(), head, t.Pid)
	}
	t.futexOwner.EndExit(&t.Task, t.flags.Load()&PF_EXITING != 0)
}

// clearChildTid tells who waits for the end of the thread, set_tid_address(2),
// unless nobody else uses the memory.
func clearChildTid(t *Task) {
	addr := t.clearChildTid
	t.clearChildTid = 0
	if addr == 0 || t.mm.Users() == 1 {
		return
	}
	if uaccess.Put(addr, int32(0)) == nil {
		_, _ = futex.Wake(t.futexMM(), addr, futex.Shared, 1, futex.BitsetMatchAny)
	}
}
