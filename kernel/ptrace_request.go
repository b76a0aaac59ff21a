package kernel

import (
	"encoding/binary"
	"syscall"

	"onsen/arch"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// What a tracer may ask of a tracee that is stopped.

// ptraceRequest does a request about child, which is frozen. An unknown request
// is EIO.
func ptraceRequest(t, child *Task, request int, addr, data uintptr) (uintptr, error) {
	switch request {
	case PTRACE_PEEKTEXT, PTRACE_PEEKDATA:
		return 0, ptracePeek(child, addr, data)
	case PTRACE_POKETEXT, PTRACE_POKEDATA:
		return 0, ptracePoke(child, addr, data)
	case PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_SYSEMU, PTRACE_SYSEMU_SINGLESTEP:
		return 0, ptraceResume(t, child, request, data)
	case PTRACE_DETACH:
		return 0, ptraceDetach(t, child, data)
	case PTRACE_SETOPTIONS:
		return 0, ptraceSetOptions(t, child, data)
	case PTRACE_LISTEN:
		return 0, ptraceListen(child)
	case PTRACE_SECCOMP_GET_FILTER:
		return ptraceSeccompFilter(t, child, addr, data)
	case PTRACE_SECCOMP_GET_METADATA:
		return ptraceSeccompMetadata(t, child, addr, data)
	case PTRACE_GETEVENTMSG, PTRACE_GETSIGINFO, PTRACE_SETSIGINFO, PTRACE_PEEKSIGINFO,
		PTRACE_GETSIGMASK, PTRACE_SETSIGMASK:
		return ptraceSignalRequest(t, child, request, addr, data)
	case PTRACE_GET_RSEQ_CONFIG:
		return ptraceRseqConfig(child, addr, data)
	}
	return ptraceRegsRequest(child, request, addr, data)
}

// ptraceAnyState does a request that does not need the tracee to be stopped.
func ptraceAnyState(child *Task, request int) error {
	if request == PTRACE_KILL {
		_ = SendSignal(signal.SIGKILL, nil, child)
		return nil
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if child.ptrace.Load()&PT_SEIZED == 0 || child.sighand == nil {
		return syscall.EIO
	}
	lock := &child.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	// If it is stopped already, the stop that this asks for comes after that one,
	// unless it only listens.
	if child.setJobctlPending(jobctlTrapStop) {
		ptraceSignalWakeUp(child, child.jobctl&jobctlListening != 0)
	}
	return nil
}

// ptracePeek stores a word of the tracee's memory at data. EIO if there is none,
// EFAULT if there is nothing at data.
func ptracePeek(child *Task, addr, data uintptr) error {
	var b [wordSize]byte
	m := getTaskMM(child)
	if m == nil {
		return syscall.EIO
	}
	n, _ := m.PeekRemote(addr, b[:])
	m.Put()
	if n != len(b) {
		return syscall.EIO
	}
	return uaccess.Put(data, b)
}

// ptracePoke stores a word in the tracee's memory. EIO if there is none.
func ptracePoke(child *Task, addr, data uintptr) error {
	m := getTaskMM(child)
	if m == nil {
		return syscall.EIO
	}
	defer m.Put()
	b := binary.LittleEndian.AppendUint64(nil, uint64(data))
	if n, _ := m.PokeRemote(addr, b); n != len(b) {
		return syscall.EIO
	}
	return nil
}

// ptraceResume lets the tracee go on until the next event, with signal sig if that
// is not 0. EIO if there is no such signal.
func ptraceResume(t, child *Task, request int, sig uintptr) error {
	if sig > signal.Max {
		return syscall.EIO
	}
	set, clear := uint32(0), sched.TIFSyscallTrace|sched.TIFSyscallEmu
	switch request {
	case PTRACE_SYSCALL:
		set = sched.TIFSyscallTrace
	case PTRACE_SYSEMU, PTRACE_SYSEMU_SINGLESTEP:
		set = sched.TIFSyscallEmu
	}
	child.ClearFlag(clear &^ set)
	child.SetFlag(set)
	if request == PTRACE_SINGLESTEP || request == PTRACE_SYSEMU_SINGLESTEP {
		ptraceEnableStep(child)
	} else {
		ptraceDisableStep(child)
	}
	h := child.sighand // it is frozen, and cannot have ended
	h.lockFor(t)
	child.stopCode = int(sig)
	child.jobctl &^= jobctlTraced
	sched.TryToWakeUp(&child.Task, sched.TaskTraced)
	h.unlock()
	return nil
}

// ptraceEnableStep has the program of t execute one instruction at a time. t is
// frozen, or the caller.
func ptraceEnableStep(t *Task) {
	arch.EnableSingleStep(&t.user)
	t.SetFlag(sched.TIFSinglestep)
}

// ptraceDisableStep undoes ptraceEnableStep.
func ptraceDisableStep(t *Task) {
	arch.DisableSingleStep(&t.user)
	t.ClearFlag(sched.TIFSinglestep)
}

// ptraceSetOptions sets the options anew. EINVAL, EPERM.
func ptraceSetOptions(t, child *Task, o uintptr) error {
	if err := checkPtraceOptions(t, o); err != nil {
		return err
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	const mask = ptraceOptions << PT_OPT_FLAG_SHIFT
	child.ptrace.Store(child.ptrace.Load()&^mask | uint32(o)<<PT_OPT_FLAG_SHIFT)
	return nil
}

// ptraceListen leaves the tracee in its group stop, but so that job control can
// end it. EIO if it was not attached by PTRACE_SEIZE or is not in such a stop.
func ptraceListen(child *Task) error {
	if child.ptrace.Load()&PT_SEIZED == 0 {
		return syscall.EIO
	}
	lock := &child.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	if i := child.lastSiginfo; i == nil || i.Code>>8 != PTRACE_EVENT_STOP {
		return syscall.EIO
	}
	child.jobctl |= jobctlListening
	if child.jobctl&jobctlTrapNotify != 0 {
		ptraceSignalWakeUp(child, true) // something has happened since
	}
	return nil
}
