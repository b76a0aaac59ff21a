package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/uaccess"
)

// Flags of stack_t.
const (
	ssOnStack int32 = 1
	ssDisable int32 = 2
)

// stackT is stack_t.
type stackT struct {
	SP    uintptr
	Flags int32
	_     int32
	Size  uintptr
}

// altStackFlags returns how the alternate stack is now: SS_DISABLE, SS_ONSTACK or
// 0, when it can be changed to.
func (t *Task) altStackFlags() int32 {
	switch {
	case t.altStack.Size == 0:
		return ssDisable
	case t.altStack.InUse(t.user.Regs().SP()):
		return ssOnStack
	}
	return 0
}

// setAltStack sets the alternate stack of a program whose stack pointer is sp.
// Errors: EPERM on the alternate stack, EINVAL for flags that do not exist,
// ENOMEM for a stack that is too small.
func (t *Task) setAltStack(s spec.AltStack, sp uintptr) error {
	if t.altStack.InUse(sp) {
		return syscall.EPERM
	}
	switch mode := s.Flags &^ spec.SSAutodisarm; {
	case mode == ssDisable:
		s.SP, s.Size = 0, 0
	case mode != ssOnStack && mode != 0:
		return syscall.EINVAL
	case s == t.altStack:
		return nil
	case s.Size < arch.MinSignalStack:
		return syscall.ENOMEM
	}
	t.altStack = s
	return nil
}

// sysSigaltstack: sigaltstack(const stack_t *ss, stack_t *old).
func sysSigaltstack(t *Task, a *SyscallArgs) (uintptr, error) {
	old := stackT{SP: t.altStack.SP, Size: t.altStack.Size}
	old.Flags = t.altStackFlags() | t.altStack.Flags&spec.SSAutodisarm
	if a[0] != 0 {
		s, err := uaccess.Get[stackT](a[0])
		if err != nil {
			return 0, err
		}
		if err := t.setAltStack(spec.AltStack{SP: s.SP, Flags: s.Flags, Size: s.Size}, t.user.Regs().SP()); err != nil {
			return 0, err
		}
	}
	if a[1] != 0 {
		return 0, uaccess.Put(a[1], old)
	}
	return 0, nil
}
