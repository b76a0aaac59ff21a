package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// ptrace(2): who traces whom. docs/ptrace.md tells how the parts belong together.

var ptraceSyscalls = []Syscall{
	{"ptrace", sysPtrace},
	{"process_vm_readv", sysProcessVMReadv},
	{"process_vm_writev", sysProcessVMWritev},
}

// Requests (include/uapi/linux/ptrace.h).
const (
	PTRACE_TRACEME              = 0
	PTRACE_PEEKTEXT             = 1
	PTRACE_PEEKDATA             = 2
	PTRACE_PEEKUSR              = 3
	PTRACE_POKETEXT             = 4
	PTRACE_POKEDATA             = 5
	PTRACE_POKEUSR              = 6
	PTRACE_CONT                 = 7
	PTRACE_KILL                 = 8
	PTRACE_SINGLESTEP           = 9
	PTRACE_ATTACH               = 16
	PTRACE_DETACH               = 17
	PTRACE_SYSCALL              = 24
	PTRACE_SYSEMU               = 31
	PTRACE_SYSEMU_SINGLESTEP    = 32
	PTRACE_SETOPTIONS           = 0x4200
	PTRACE_GETEVENTMSG          = 0x4201
	PTRACE_GETSIGINFO           = 0x4202
	PTRACE_SETSIGINFO           = 0x4203
	PTRACE_GETREGSET            = 0x4204
	PTRACE_SETREGSET            = 0x4205
	PTRACE_SEIZE                = 0x4206
	PTRACE_INTERRUPT            = 0x4207
	PTRACE_LISTEN               = 0x4208
	PTRACE_PEEKSIGINFO          = 0x4209
	PTRACE_GETSIGMASK           = 0x420a
	PTRACE_SETSIGMASK           = 0x420b
	PTRACE_SECCOMP_GET_FILTER   = 0x420c
	PTRACE_SECCOMP_GET_METADATA = 0x420d
	PTRACE_GET_SYSCALL_INFO     = 0x420e
	PTRACE_GET_RSEQ_CONFIG      = 0x420f
)

// Options of PTRACE_SETOPTIONS and PTRACE_SEIZE. An option below 1<<8 is 1 shifted
// by the number of its event; TRACESYSGOOD has the place of none.
const (
	PTRACE_O_TRACESYSGOOD    uint32 = 1 << 0
	PTRACE_O_TRACEFORK       uint32 = 1 << PTRACE_EVENT_FORK
	PTRACE_O_TRACEVFORK      uint32 = 1 << PTRACE_EVENT_VFORK
	PTRACE_O_TRACECLONE      uint32 = 1 << PTRACE_EVENT_CLONE
	PTRACE_O_TRACEEXEC       uint32 = 1 << PTRACE_EVENT_EXEC
	PTRACE_O_TRACEVFORKDONE  uint32 = 1 << PTRACE_EVENT_VFORK_DONE
	PTRACE_O_TRACEEXIT       uint32 = 1 << PTRACE_EVENT_EXIT
	PTRACE_O_TRACESECCOMP    uint32 = 1 << PTRACE_EVENT_SECCOMP
	PTRACE_O_EXITKILL        uint32 = 1 << 20
	PTRACE_O_SUSPEND_SECCOMP uint32 = 1 << 21

	ptraceOptions = 0xff | PTRACE_O_EXITKILL | PTRACE_O_SUSPEND_SECCOMP
)

// Events: the third byte of a status from wait(2).
const (
	PTRACE_EVENT_FORK       = 1
	PTRACE_EVENT_VFORK      = 2
	PTRACE_EVENT_CLONE      = 3
	PTRACE_EVENT_EXEC       = 4
	PTRACE_EVENT_VFORK_DONE = 5
	PTRACE_EVENT_EXIT       = 6
	PTRACE_EVENT_SECCOMP    = 7
	PTRACE_EVENT_STOP       = 128
)

// sysPtrace is ptrace(2).
func sysPtrace(t *Task, a *SyscallArgs) (uintptr, error) {
	request, addr, data := int(a[0]), a[2], a[3]
	if request == PTRACE_TRACEME {
		return 0, ptraceTraceme(t)
	}
	child := FindTaskByPid(int(int32(a[1])))
	if child == nil {
		return 0, syscall.ESRCH
	}
	if request == PTRACE_ATTACH || request == PTRACE_SEIZE {
		return 0, ptraceAttach(t, child, request == PTRACE_SEIZE, addr, data)
	}
	if request == PTRACE_KILL || request == PTRACE_INTERRUPT {
		if !t.traces(child) {
			return 0, syscall.ESRCH
		}
		return 0, ptraceAnyState(child, request)
	}
	if err := ptraceFreeze(t, child); err != nil {
		return 0, err
	}
	v, err := ptraceRequest(t, child, request, addr, data)
	if request != PTRACE_DETACH || err != nil {
		ptraceUnfreeze(t, child)
	}
	return v, err
}

// traces reports whether t is the tracer of child.
func (t *Task) traces(child *Task) bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return child.ptrace.Load() != 0 && child.parent == t
}

// checkPtraceOptions returns EINVAL for options that there are not, and EPERM if the
// calling task t may not set them: suspending seccomp is for one who has the
// capability and is not subject to seccomp itself.
func checkPtraceOptions(t *Task, o uintptr) error {
	if o&^uintptr(ptraceOptions) != 0 {
		return syscall.EINVAL
	}
	if o&uintptr(PTRACE_O_SUSPEND_SECCOMP) != 0 && (!t.seesSeccomp() || t.ptraceOption(PTRACE_O_SUSPEND_SECCOMP)) {
		return syscall.EPERM
	}
	return nil
}

// ptraceTraceme makes the caller's parent its tracer. EPERM if it has one, or if
// it may do what its parent may not.
func ptraceTraceme(t *Task) error {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t.ptrace.Load() != 0 {
		return syscall.EPERM
	}
	if !mayBeTracedBy(t.Cred(), t.parent.Cred()) {
		return syscall.EPERM
	}
	// A parent that is about to end would let it go at once.
	if t.realParent.flags.Load()&PF_EXITING == 0 {
		t.ptrace.Store(PT_PTRACED)
		ptraceLink(t, t.realParent, t.Cred())
	}
	return nil
}

// ptraceAttach makes t the tracer of child, with PTRACE_SEIZE or PTRACE_ATTACH.
func ptraceAttach(t, child *Task, seize bool, addr, options uintptr) error {
	flags := PT_PTRACED
	if seize {
		if addr != 0 || options&^uintptr(ptraceOptions) != 0 {
			return syscall.EIO // PTRACE_SETOPTIONS has EINVAL for it
		}
		if err := checkPtraceOptions(t, options); err != nil {
			return err
		}
		flags |= PT_SEIZED | uint32(options)<<PT_OPT_FLAG_SHIFT
	}
	if child.IsKthread() || sameProcess(child, t) {
		return syscall.EPERM
	}
	stockSignalEntries()
	// An execve decides about the rights of the program by who traces it.
	guard := &child.signal.credGuard
	if guard.LockInterruptible() != nil {
		return errno.ERESTARTNOINTR
	}
	defer guard.Unlock()
	if err := ptraceMayAccess(t, child, accessAttachReal); err != nil {
		return err
	}
	if err := attach(t, child, flags); err != nil {
		return err
	}
	// Of a process that is stopped the tracer sees nothing but that. Whoever is
	// killed here detaches at its end.
	_ = child.trapping.WaitKillable(child.hasTrapped)
	return nil
}

// hasTrapped reports whether t is not on its way from a stop of its process to one
// for its tracer.
func (t *Task) hasTrapped() bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t.sighand == nil {
		return true
	}
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	return t.jobctl&jobctlTrapping == 0
}

// attach is the part of ptraceAttach that cannot fail any more but for EPERM,
// when child has ended or has another tracer.
func attach(t, child *Task, flags uint32) error {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if child.exitState != 0 || child.ptrace.Load() != 0 {
		return syscall.EPERM
	}
	child.ptrace.Store(flags)
	ptraceLink(child, t, t.Cred())
	lock := &child.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	if flags&PT_SEIZED == 0 {
		_ = sendSignalLocked(signal.SIGSTOP, nil, child, PIDTYPE_PID)
	}
	if child.jobctl&jobctlStopped != 0 && child.setJobctlPending(jobctlTrapStop|jobctlTrapping) {
		child.jobctl &^= jobctlStopped
		signalWakeUpState(child, sched.TaskStopped)
	}
	return nil
}

// ptraceLink makes tracer the parent of child in place of its own.
//
// Preconditions: tasklistLock held, child.ptrace is set.
func ptraceLink(child, tracer *Task, c *cred.Cred) {
	child.ptracerCred = c
	child.parent = tracer
	tracer.addTracee(child)
}

// ptraceUnlink ends the tracing of child, which goes on, or stops if its process
// is stopped.
//
// Preconditions: tasklistLock held.
func ptraceUnlink(child *Task) {
	if child.ptrace.Load() == 0 {
		return
	}
	child.ClearFlag(sched.TIFSyscallTrace | sched.TIFSyscallEmu)
	child.parent.removeTracee(child)
	child.parent = child.realParent
	child.ptracerCred = nil
	lock := &child.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	child.ptrace.Store(0)
	child.clearJobctlPending(jobctlTrapMask)
	child.clearTrapping()
	s := child.signal
	if child.flags.Load()&PF_EXITING == 0 && (s.flags&SIGNAL_STOP_STOPPED != 0 || s.groupStopCount != 0) {
		child.jobctl |= jobctlStopPending
	}
	if child.jobctl&(jobctlStopPending|jobctlTraced) != 0 {
		ptraceSignalWakeUp(child, true)
	}
}

// ptraceInitTask makes a new task a tracee of the caller's tracer, if an event or
// CLONE_PTRACE asks for that.
//
// Preconditions: tasklistLock held, p has its parents.
func ptraceInitTask(p, cur *Task, traced bool) {
	flags := cur.ptrace.Load()
	if !traced || flags == 0 {
		return
	}
	p.ptrace.Store(flags)
	ptraceLink(p, cur.parent, cur.ptracerCred)
	if flags&PT_SEIZED != 0 {
		p.jobctl |= jobctlTrapStop
	} else {
		p.pending.AddKernel(signal.SIGSTOP)
	}
	p.SetFlag(sched.TIFSigPending)
}

// ptraceDetach is PTRACE_DETACH: child, which is frozen, goes on with a signal.
// EIO if that is none.
func ptraceDetach(t, child *Task, sig uintptr) error {
	if sig > signal.Max {
		return syscall.EIO
	}
	ptraceDisableStep(child)
	tasklistLock.Lock()
	child.sighand.siglock.Lock()
	child.jobctl &^= jobctlFrozen
	child.stopCode = int(sig)
	child.sighand.siglock.Unlock()
	ptraceUnlink(child)
	tasklistLock.Unlock()
	return nil
}

// exitPtrace lets go of the tracees of a task that ends. Those that are to be
// released are put on the list of the dead.
//
// Preconditions: tasklistLock held.
func exitPtrace(tracer *Task, dead **Task) {
	for p := tracer.ptraced.first; p != nil; p = tracer.ptraced.first {
		if p.ptraceOption(PTRACE_O_EXITKILL) {
			_ = sendUnderTasklist(signal.SIGKILL, nil, p, PIDTYPE_PID)
		}
		if detachDead(tracer, p) {
			p.exitState = exitDead
			p.dead, *dead = *dead, p
		}
	}
}

// detachDead ends the tracing of p. It reports whether p is a zombie that nobody
// else will want.
//
// Preconditions: tasklistLock held.
func detachDead(tracer, p *Task) bool {
	ptraceUnlink(p)
	switch {
	case p.exitState != exitZombie:
		return false
	case !isLeader(p):
		return true
	case !threadGroupEmpty(p):
		return false
	case !sameProcess(p.realParent, tracer):
		return notifyParent(p, p.exitSignal)
	}
	a := &tracer.sighand.actions[sigchld-1]
	if a.Handler != sigIgn && a.Flags&signal.SA_NOCLDWAIT == 0 {
		return false
	}
	tracer.signal.waitChildExit.WakeAll()
	return true
}
