package kernel

import (
	"syscall"

	"onsen/arch/spec"
)

// What the signal and the memory code will bring.

func (t *Task) doSignal() {}

func (t *Task) resumeUserModeWork() {}

func (t *Task) finishSyscall(err error) {
	t.user.Regs().SetReturnValue(-uintptr(err.(syscall.Errno)))
}

func (t *Task) handleUserFault(spec.Trap) { DoExit(sigsegv) }

func (t *Task) forceSigFault(sig, code int, addr uintptr) { DoExit(sig) }
