package kernel

import (
	"encoding/binary"
	"math"
	"syscall"

	"onsen/arch"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// Sizes of struct clone_args (include/uapi/linux/sched.h), by version.
const (
	cloneArgsSize0 = 64 // up to tls
	cloneArgsSize1 = 80 // set_tid, set_tid_size
	cloneArgsSize2 = 88 // cgroup
)

// maxPidNsLevel bounds set_tid_size; Linux's MAX_PID_NS_LEVEL.
const maxPidNsLevel = 32

// cloneArgs is struct clone_args.
type cloneArgs struct {
	flags, pidfd, childTid, parentTid, exitSignal uint64
	stack, stackSize, tls                         uint64
	setTid, setTidSize, cgroup                    uint64
}

// decode reads the struct. raw has the size that the program says, and at least
// that of the first version; what is beyond what we know must be 0, else E2BIG.
func (a *cloneArgs) decode(raw []byte) error {
	fields := [...]*uint64{
		&a.flags, &a.pidfd, &a.childTid, &a.parentTid, &a.exitSignal,
		&a.stack, &a.stackSize, &a.tls,
		&a.setTid, &a.setTidSize, &a.cgroup,
	}
	for _, b := range raw[min(len(raw), cloneArgsSize2):] {
		if b != 0 {
			return syscall.E2BIG
		}
	}
	var known [cloneArgsSize2]byte
	copy(known[:], raw)
	for i, f := range fields {
		*f = binary.NativeEndian.Uint64(known[8*i:])
	}
	return nil
}

// check makes the checks of clone3 that need not look at the program's memory, in
// Linux's order. size is what the program says its struct has.
func (a *cloneArgs) check(size uintptr) error {
	switch {
	case a.setTidSize > maxPidNsLevel,
		a.setTid == 0 && a.setTidSize > 0,
		a.setTid != 0 && a.setTidSize == 0,
		a.exitSignal > signal.Max,
		a.flags&CLONE_INTO_CGROUP != 0 && (a.cgroup > math.MaxInt32 || size < cloneArgsSize2):
		return syscall.EINVAL
	}
	return nil
}

// checkFlags makes those that come after set_tid was read.
func (a *cloneArgs) checkFlags() error {
	const known = 1<<32 - 1 | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP
	has := func(f uint64) bool { return a.flags&f == f }
	switch {
	case a.flags&^known != 0,
		// The bits of the exit signal, which has a field of its own.
		a.flags&(CLONE_DETACHED|CSIGNAL&^CLONE_NEWTIME) != 0,
		has(CLONE_SIGHAND | CLONE_CLEAR_SIGHAND),
		a.flags&(CLONE_THREAD|CLONE_PARENT) != 0 && a.exitSignal != 0,
		(a.stack == 0) != (a.stackSize == 0),
		a.stack != 0 && !uaccess.AccessOK(uintptr(a.stack), uintptr(a.stackSize)):
		return syscall.EINVAL
	}
	return nil
}

// kernelArgs returns what KernelClone is to make.
func (a *cloneArgs) kernelArgs(setTid []int) *KernelCloneArgs {
	return &KernelCloneArgs{
		Flags:      a.flags,
		Pidfd:      uintptr(a.pidfd),
		ChildTid:   uintptr(a.childTid),
		ParentTid:  uintptr(a.parentTid),
		ExitSignal: int(a.exitSignal),
		Stack:      uintptr(a.stack + a.stackSize),
		StackSize:  uintptr(a.stackSize),
		Tls:        uintptr(a.tls),
		SetTid:     setTid,
		Cgroup:     int(a.cgroup),
	}
}

// readCloneArgs reads and checks the arguments of clone3(2).
func readCloneArgs(addr, size uintptr) (*KernelCloneArgs, error) {
	switch {
	case size > arch.PageSize:
		return nil, syscall.E2BIG
	case size < cloneArgsSize0:
		return nil, syscall.EINVAL
	}
	var few [cloneArgsSize2]byte
	raw := few[:min(size, cloneArgsSize2)]
	if size > cloneArgsSize2 {
		raw = make([]byte, size)
	}
	if _, err := uaccess.CopyFromUser(raw, addr); err != nil {
		return nil, err
	}
	var a cloneArgs
	if err := a.decode(raw); err != nil {
		return nil, err
	}
	if err := a.check(size); err != nil {
		return nil, err
	}
	setTid, err := readSetTid(uintptr(a.setTid), int(a.setTidSize))
	if err != nil {
		return nil, err
	}
	if err := a.checkFlags(); err != nil {
		return nil, err
	}
	return a.kernelArgs(setTid), nil
}

// readSetTid reads the PIDs that a program chooses for its child.
func readSetTid(addr uintptr, n int) ([]int, error) {
	if n == 0 {
		return nil, nil
	}
	var raw [maxPidNsLevel]int32
	if err := uaccess.GetSlice(raw[:n], addr); err != nil {
		return nil, err
	}
	tids := make([]int, n)
	for i := range tids {
		tids[i] = int(raw[i])
	}
	return tids, nil
}
