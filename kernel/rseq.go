package kernel

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Restartable sequences (rseq(2); Linux's kernel/rseq.c). A thread names a struct
// rseq in its memory, where the kernel stores on which CPU the thread is. When it
// returns to user mode after another task has had the CPU, and before a handler runs,
// the kernel looks whether it is in the critical section that the structure names,
// and makes it go on at the section's abort handler then: so a section has either run
// through undisturbed or not been committed.
//
// A thread that sleeps in a system call is not looked at: a section has none ("a
// restartable sequence must not issue system calls", says the ABI), and most switches
// are of this kind.

// rseqSyscalls are the system calls of this file.
var rseqSyscalls = []Syscall{{"rseq", sysRseq}}

// userRseq is struct rseq.
type userRseq struct {
	CPUIDStart, CPUID uint32
	CS                uint64 // a rseqCS, or 0
	Flags             uint32
	_                 [3]uint32
}

// rseqCS is struct rseq_cs, a critical section.
type rseqCS struct {
	Version, Flags                     uint32
	StartIP, PostCommitOffset, AbortIP uint64
}

const (
	rseqSize           = unsafe.Sizeof(userRseq{})
	rseqAt             = unsafe.Offsetof(userRseq{}.CS)
	rseqFlagUnregister = 1
)

// taskRseq is a thread's registration. Owned by the task.
type taskRseq struct {
	addr uintptr // of the struct rseq, 0 if there is none
	sig  uint32  // what must stand before every abort handler
}

const (
	rseqNoCPU   = ^uint32(0) // the CPU of a structure that is not registered
	rseqUnknown = -1         // Task.SeqCPU if nothing has been stored yet
)

// sysRseq registers or unregisters the calling thread's struct rseq: EINVAL, EPERM
// for another signature, EBUSY for the same registration again, EFAULT.
func sysRseq(t *Task, a *SyscallArgs) (uintptr, error) {
	addr, size, flags, sig := a[0], uintptr(uint32(a[1])), int32(a[2]), uint32(a[3])
	r := &t.rseq
	switch {
	case flags&^rseqFlagUnregister != 0,
		(flags != 0 || r.addr != 0) && (r.addr != addr || addr == 0 || size != rseqSize):
		return 0, syscall.EINVAL
	case (flags != 0 || r.addr != 0) && r.sig != sig:
		return 0, syscall.EPERM
	case flags != 0:
		if err := uaccess.Put(addr, [2]uint32{0, rseqNoCPU}); err != nil {
			return 0, err
		}
		t.resetRseq()
		return 0, nil
	case r.addr != 0:
		return 0, syscall.EBUSY
	case addr%rseqSize != 0, size != rseqSize:
		return 0, syscall.EINVAL
	}
	// What a program that has ended left there must not be taken for a section.
	if err := uaccess.Put(addr+rseqAt, uint64(0)); err != nil {
		return 0, err
	}
	t.setRseq(taskRseq{addr: addr, sig: sig})
	return 0, nil
}

// setRseq makes r the registration of t, which is the caller or new.
func (t *Task) setRseq(r taskRseq) {
	t.rseq, t.SeqCPU = r, rseqUnknown
	t.SetFlag(sched.TIFNotifyResume)
}

// resetRseq forgets the registration; execve(2) does so.
func (t *Task) resetRseq() {
	t.rseq, t.SeqCPU = taskRseq{}, 0
}

// forkRseq gives the new task p the caller's registration if it has memory of its
// own: a thread makes its own.
func (t *Task) forkRseq(cur *Task, flags uint64) {
	if flags&CLONE_VM == 0 && cur.rseq.addr != 0 {
		t.setRseq(cur.rseq)
	}
}

// resumeUserModeWork is called on the way to user mode when package sched has asked
// for it.
func (t *Task) resumeUserModeWork() { t.rseqResume(0) }

// rseqResume brings a registered structure up to date and aborts a critical section.
// sig is the signal whose handler is to run next, or 0. SIGSEGV if the program has
// broken the rules.
func (t *Task) rseqResume(sig int) {
	if t.rseq.addr == 0 || t.flags.Load()&PF_EXITING != 0 {
		return
	}
	err := t.rseqAbort()
	if cpu := t.CPU(); err == nil && t.SeqCPU != int32(cpu)+1 {
		err = t.rseqStoreCPU(uint32(cpu))
	}
	if err != nil {
		t.forceSigsegv(sig)
	}
}

// rseqStoreCPU tells the program on which CPU it is. If that changes before the
// task is in user mode, it comes here again.
func (t *Task) rseqStoreCPU(cpu uint32) error {
	t.SeqCPU = int32(cpu) + 1
	return uaccess.Put(t.rseq.addr, [2]uint32{cpu, cpu})
}

// rseqAbort has the program go on at the abort handler of its critical section if
// it is in one, and takes the section from the structure in any case.
func (t *Task) rseqAbort() error {
	at, err := uaccess.Get64(t.rseq.addr + rseqAt)
	if err != nil || at == 0 {
		return err
	}
	regs := t.user.Regs()
	cs, err := t.readRseqCS(at)
	if err != nil {
		return err
	}
	inside := uint64(regs.PC())-cs.StartIP < cs.PostCommitOffset
	if inside {
		if err := t.checkRseqFlags(cs.Flags); err != nil {
			return err
		}
	}
	if err := uaccess.Put(t.rseq.addr+rseqAt, uint64(0)); err != nil {
		return err
	}
	if inside {
		regs.SetPC(uintptr(cs.AbortIP))
	}
	return nil
}

// readRseqCS reads and checks a critical section: EINVAL, EFAULT. Before the abort
// handler, which must be outside, stands the signature, so that nobody who can write
// to the structure can have any code run.
func (t *Task) readRseqCS(at uint64) (cs rseqCS, err error) {
	if at >= uint64(arch.TaskSize) {
		return cs, syscall.EINVAL
	}
	if cs, err = uaccess.Get[rseqCS](uintptr(at)); err != nil {
		return cs, err
	}
	end := cs.StartIP + cs.PostCommitOffset
	if cs.StartIP >= uint64(arch.TaskSize) || end >= uint64(arch.TaskSize) || cs.AbortIP >= uint64(arch.TaskSize) || cs.Version != 0 ||
		end < cs.StartIP || cs.AbortIP-cs.StartIP < cs.PostCommitOffset {
		return cs, syscall.EINVAL
	}
	sig, err := uaccess.Get[uint32](uintptr(cs.AbortIP) - 4)
	if err == nil && sig != t.rseq.sig {
		printk.Warn("Possible attack attempt. Unexpected rseq signature 0x%x, expecting 0x%x (pid=%d, addr=%#x).",
			sig, t.rseq.sig, t.Pid, cs.AbortIP-4)
		err = syscall.EINVAL
	}
	return cs, err
}

// checkRseqFlags refuses the flags by which sections once could ask not to be
// aborted, and unknown ones: EINVAL.
func (t *Task) checkRseqFlags(ofSection uint32) error {
	flags, err := uaccess.Get[uint32](t.rseq.addr + unsafe.Offsetof(userRseq{}.Flags))
	if err == nil && flags|ofSection != 0 {
		err = syscall.EINVAL
	}
	return err
}

// ptraceRseqConfig tells a tracer, which has room for size bytes at data, how the
// frozen child has registered, and returns the size of what there is to tell.
func ptraceRseqConfig(child *Task, size, data uintptr) (uintptr, error) {
	// struct ptrace_rseq_configuration: pointer, size, signature, flags, padding.
	r, b := &child.rseq, make([]byte, 24)
	le := binary.LittleEndian
	le.PutUint64(b, uint64(r.addr))
	le.PutUint32(b[8:], uint32(rseqSize))
	le.PutUint32(b[12:], r.sig)
	_, err := uaccess.CopyToUser(data, b[:min(size, uintptr(len(b)))])
	return uintptr(len(b)), err
}
