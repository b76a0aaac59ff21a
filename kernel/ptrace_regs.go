package kernel

import (
	"encoding/binary"
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// ptraceRegsRequest does the requests about a frozen tracee's registers, and what
// only the architecture knows.
func ptraceRegsRequest(child *Task, request int, addr, data uintptr) (uintptr, error) {
	switch request {
	case PTRACE_PEEKUSR:
		v, err := arch.PeekUser(&child.user, addr)
		if err != nil {
			return 0, err
		}
		return 0, uaccess.Put(data, v)
	case PTRACE_POKEUSR:
		return 0, arch.PokeUser(&child.user, addr, data)
	case PTRACE_GETREGSET, PTRACE_SETREGSET:
		return 0, ptraceRegset(child, request == PTRACE_SETREGSET, uint32(addr), data)
	case PTRACE_GET_SYSCALL_INFO:
		return ptraceSyscallInfo(child, addr, data)
	}
	if note, set, ok := arch.PtraceRegset(request); ok {
		r := findRegset(note)
		_, err := copyRegset(child, r, set, uaccess.Iovec{Base: data, Len: uintptr(r.Size)})
		return 0, err
	}
	v, store, handled, err := arch.ArchPtrace(&child.user, request, addr, data)
	switch {
	case !handled:
		return 0, syscall.EIO
	case err != nil || !store:
		return 0, err
	}
	return 0, uaccess.Put(addr, v)
}

// findRegset returns the register set with a note type, nil if there is none.
func findRegset(note uint32) *spec.Regset {
	sets := arch.Regsets()
	for i := range sets {
		if sets[i].Note == note {
			return &sets[i]
		}
	}
	return nil
}

// ptraceRegset copies a register set to or from where the struct iovec at data
// points, as much as both have room for, and stores that length in it. EINVAL for
// an unknown set or a length that is not one of whole registers.
func ptraceRegset(child *Task, set bool, note uint32, data uintptr) error {
	iov, err := uaccess.Get[uaccess.Iovec](data)
	if err != nil {
		return err
	}
	r := findRegset(note)
	if r == nil || iov.Len%uintptr(r.Align) != 0 {
		return syscall.EINVAL
	}
	n, err := copyRegset(child, r, set, iov)
	if err != nil {
		return err
	}
	return uaccess.Put(data+8, n) // iov_len
}

// copyRegset copies a register set to or from the user's memory, as much of it as
// there is room for, and returns how much that is.
func copyRegset(child *Task, r *spec.Regset, set bool, iov uaccess.Iovec) (n uintptr, err error) {
	n = min(iov.Len, uintptr(r.Size))
	if set {
		b := make([]byte, n)
		if _, err := uaccess.CopyFromUser(b, iov.Base); err != nil {
			return 0, err
		}
		return n, arch.SetRegset(&child.user, r.Note, 0, b)
	}
	b, err := arch.GetRegset(&child.user, r.Note)
	if err != nil {
		return 0, err
	}
	n = min(n, uintptr(len(b)))
	_, err = uaccess.CopyToUser(iov.Base, b[:n])
	return n, err
}

// Values of struct ptrace_syscall_info's op.
const (
	PTRACE_SYSCALL_INFO_NONE    = 0
	PTRACE_SYSCALL_INFO_ENTRY   = 1
	PTRACE_SYSCALL_INFO_EXIT    = 2
	PTRACE_SYSCALL_INFO_SECCOMP = 3
)

// auditArch is the AUDIT_ARCH_* of a 64-bit little-endian machine.
const auditArch = 0xc000_0000 | arch.ELFMachine

// ptraceSyscallInfo copies struct ptrace_syscall_info, of which there are size
// bytes of room, and returns how long it is.
func ptraceSyscallInfo(child *Task, size, data uintptr) (uintptr, error) {
	b := child.syscallInfo()
	if _, err := uaccess.CopyToUser(data, b[:min(uintptr(len(b)), size)]); err != nil {
		return 0, err
	}
	return uintptr(len(b)), nil
}

// syscallInfo builds struct ptrace_syscall_info as it is in the stop where t is.
func (t *Task) syscallInfo() []byte {
	le := binary.LittleEndian
	regs := t.user.Regs()
	b := make([]byte, 8, 84)
	le.PutUint32(b[4:], auditArch)
	b = le.AppendUint64(b, uint64(regs.PC()))
	b = le.AppendUint64(b, uint64(regs.SP()))
	b[0] = t.syscallInfoOp()
	switch b[0] {
	case PTRACE_SYSCALL_INFO_ENTRY:
		b = t.appendCall(b)
	case PTRACE_SYSCALL_INFO_SECCOMP:
		b = le.AppendUint32(t.appendCall(b), uint32(t.ptraceMessage))
	case PTRACE_SYSCALL_INFO_EXIT:
		v := regs.ReturnValue()
		b = le.AppendUint64(b, uint64(v))
		b = append(b, byte(boolWord(v >= failure(maxErrno))))
	}
	return b
}

// syscallInfoOp returns what struct ptrace_syscall_info is about in the stop where t
// is.
func (t *Task) syscallInfoOp() byte {
	if t.lastSiginfo == nil {
		return PTRACE_SYSCALL_INFO_NONE
	}
	switch t.lastSiginfo.Code {
	case signal.SIGTRAP | PTRACE_EVENT_SECCOMP<<8:
		return PTRACE_SYSCALL_INFO_SECCOMP
	case signal.SIGTRAP | 0x80:
		switch t.ptraceMessage {
		case PTRACE_EVENTMSG_SYSCALL_ENTRY:
			return PTRACE_SYSCALL_INFO_ENTRY
		case PTRACE_EVENTMSG_SYSCALL_EXIT:
			return PTRACE_SYSCALL_INFO_EXIT
		}
	}
	return PTRACE_SYSCALL_INFO_NONE
}

// appendCall appends number and arguments of the system call in front of which t is.
func (t *Task) appendCall(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(int32(t.user.TracedWord())))
	var args [6]uintptr
	t.user.Regs().SyscallArgs(&args)
	for _, a := range args {
		b = binary.LittleEndian.AppendUint64(b, uint64(a))
	}
	return b
}

// maxErrno is the largest error number; Linux's MAX_ERRNO.
const maxErrno = syscall.Errno(4095)
