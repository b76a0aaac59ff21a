package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// doSignal is called on the way to user mode when the task may have signals. It
// takes them, and either makes the program run a handler or finishes the system
// call that they have interrupted.
func (t *Task) doSignal() {
	if t.TestFlag(sched.TIFNotifySignal) {
		t.ClearFlag(sched.TIFNotifySignal)
	}
	if t.ptrace.Load() != 0 {
		t.showRestart()
	}
	d := &t.delivery
	sig := t.getSignal(&d.info, &d.action)
	interrupted := t.interrupted
	t.interrupted = 0 // once is enough
	if t.restartShown {
		interrupted = t.settleRestart(interrupted, sig != 0)
	}
	if sig != 0 {
		if interrupted != 0 {
			t.settleSyscall(interrupted, d.action.Flags)
		}
		t.handleSignal(sig, d)
		return
	}
	t.restoreSavedSigmask()
	if interrupted != 0 {
		t.restartSyscall(interrupted)
	}
}

// delivery is a signal on its way to a handler. A task has one, in its struct,
// which the next signal writes over.
type delivery struct {
	info   signal.Info
	action signal.Action
	frame  spec.SignalFrame
}

// handleSignal makes the program run its handler for a signal next. Linux's
// handle_signal and signal_delivered.
func (t *Task) handleSignal(sig int, d *delivery) {
	a, f := &d.action, &d.frame
	if arch.TopByteIgnored && a.Flags&signal.SA_EXPOSE_TAGBITS == 0 {
		d.info.MapAddr(arch.UntagAddress)
	}
	f.Handler, f.Sig, f.Info = a.Handler, sig, d.info.Bytes()
	f.Mask = uint64(t.sigmaskToSave())
	f.AltStack, f.OnStack = t.altStack, a.Flags&signal.SA_ONSTACK != 0
	t.rseqResume(sig) // the handler's frame shows where the program goes on
	stepping := t.TestFlag(sched.TIFSinglestep)
	if stepping && !arch.StepIntoHandler(&t.user) {
		t.ClearFlag(sched.TIFSinglestep)
	}
	var err error
	if f.Restorer, err = t.restorer(a); err == nil {
		err = arch.PushSignalFrame(&t.user, f, writeUser)
	}
	if err != nil {
		t.forceSigsegv(sig)
		return
	}
	if t.altStack.Flags&spec.SSAutodisarm != 0 {
		t.altStack = spec.AltStack{Flags: ssDisable}
	}
	t.restoreSigmask = false
	blocked := t.blocked.Load() | a.Mask
	if a.Flags&signal.SA_NODEFER == 0 {
		blocked |= signal.Of(sig)
	}
	t.setCurrentBlocked(blocked)
	if stepping {
		t.ptraceNotify(signal.SIGTRAP, 0) // at the handler's first instruction
	}
}

// restorer returns where a handler returns to.
func (t *Task) restorer(a *signal.Action) (uintptr, error) {
	if a.Flags&signal.SA_RESTORER != 0 {
		return a.Restorer, nil
	}
	if addr := t.sigreturnCode(); addr != 0 {
		return addr, nil
	}
	return 0, syscall.EFAULT // the C library has to give one
}

// writeUser writes to the program's memory.
func writeUser(addr uintptr, b []byte) error {
	_, err := uaccess.CopyToUser(addr, b)
	return err
}

// readUser reads from the program's memory.
func readUser(addr uintptr, b []byte) error {
	_, err := uaccess.CopyFromUser(b, addr)
	return err
}

// sysRtSigreturn ends a handler: it brings back the registers, the blocked signals
// and the alternate stack from the frame on the stack. A frame that cannot be is
// SIGSEGV. What the interrupted code had in the register for a result stays there.
func sysRtSigreturn(t *Task, _ *SyscallArgs) (uintptr, error) {
	t.restart = nil // restart_syscall was not what the program did
	t.call.word = noSyscallNr
	mask, alt, err := arch.PopSignalFrame(&t.user, readUser)
	if err != syscall.EFAULT {
		t.setCurrentBlocked(signal.Set(mask))
	}
	if err != nil {
		t.badFrame()
		return 0, nil
	}
	// Linux ignores what it does not like here, too.
	_ = t.setAltStack(alt, t.user.Regs().SP())
	return t.user.Regs().ReturnValue(), nil
}

// badFrame makes the calling task take SIGSEGV for a frame that is none.
func (t *Task) badFrame() {
	if !arch.BadFrameHasAddress {
		t.forceSig(signal.SIGSEGV)
		return
	}
	sp, code := t.user.Regs().SP(), SEGV_ACCERR
	if !t.mm.EndsAbove(sp) {
		code = SEGV_MAPERR
	}
	t.forceSigFault(signal.SIGSEGV, code, sp)
}
