package kernel

import (
	"syscall"

	"onsen/arch/spec"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// si_code values of SIGSEGV and SIGBUS (include/uapi/asm-generic/siginfo.h).
const (
	SEGV_MAPERR = 1
	SEGV_ACCERR = 2
	BUS_ADRERR  = 2
)

func init() { uaccess.HandleFault = handleKernelFault }

// handleUserFault makes the page that the program has touched accessible, or
// sends the signal that its access deserves.
func (t *Task) handleUserFault(trap *spec.Trap) {
	switch t.mm.HandleFault(trap.Addr, trap.Access) {
	case vm.FaultOK:
		t.minflt.Store(t.minflt.Load() + 1)
	case vm.FaultMapErr:
		t.forceSigFault(int(syscall.SIGSEGV), SEGV_MAPERR, trap.Addr|trap.Tag)
	case vm.FaultAccErr:
		t.forceSigFault(int(syscall.SIGSEGV), SEGV_ACCERR, trap.Addr|trap.Tag)
	case vm.FaultBus:
		t.forceSigFault(int(syscall.SIGBUS), BUS_ADRERR, trap.Addr|trap.Tag)
	case vm.FaultOOM:
		t.pageFaultOutOfMemory()
	}
}

// handleKernelFault is uaccess.HandleFault: the kernel has touched user memory
// for the calling task.
func handleKernelFault(addr uintptr, a spec.Access) error {
	t := Current()
	if t.mm == nil {
		return syscall.EFAULT // a kernel thread
	}
	for {
		switch t.mm.HandleFault(addr, a) {
		case vm.FaultOK:
			t.minflt.Store(t.minflt.Load() + 1)
			return nil
		case vm.FaultOOM:
			t.pageFaultOutOfMemory()
			if fatalSignalPending(t) {
				return syscall.EFAULT
			}
		default:
			return syscall.EFAULT
		}
	}
}
