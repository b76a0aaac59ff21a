package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// sysProcessVMReadv is process_vm_readv(2): it copies memory of another process.
func sysProcessVMReadv(t *Task, a *SyscallArgs) (uintptr, error) { return processVM(t, a, false) }

// sysProcessVMWritev is process_vm_writev(2).
func sysProcessVMWritev(t *Task, a *SyscallArgs) (uintptr, error) { return processVM(t, a, true) }

// processVM copies between the caller's memory and that of process a[0]. It stops
// at the first page that cannot be copied, and returns what it has copied up to
// there. EINVAL, EFAULT; ESRCH; EPERM for a process that the caller may not trace.
func processVM(t *Task, a *SyscallArgs, write bool) (uintptr, error) {
	if a[5] != 0 {
		return 0, syscall.EINVAL
	}
	local, err := uaccess.VecIter(a[1], a[2])
	if err != nil || local.Len() == 0 {
		return 0, err
	}
	remote, err := remoteVec(a[3], a[4])
	if err != nil || len(remote) == 0 {
		return 0, err
	}
	m, err := traceableMM(t, int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	defer m.Put()
	total, err := copyRemote(m, &local, remote, write)
	if total > 0 {
		return total, nil
	}
	return 0, err
}

// remoteVec reads the iovecs of the other process, and leaves out what is empty.
// EINVAL for more than 1024 or a length that is negative.
func remoteVec(addr, count uintptr) ([]uaccess.Iovec, error) {
	const uioMaxIov = 1024
	if count > uioMaxIov {
		return nil, syscall.EINVAL
	}
	all := make([]uaccess.Iovec, count)
	if err := uaccess.GetSlice(all, addr); err != nil {
		return nil, err
	}
	vec := all[:0]
	for _, v := range all {
		if int(v.Len) < 0 {
			return nil, syscall.EINVAL
		}
		if v.Len > 0 {
			vec = append(vec, v)
		}
	}
	return vec, nil
}

// traceableMM returns the memory of a process that t may trace, with one more use.
// ESRCH if there is no such process, or it has no memory; EPERM.
func traceableMM(t *Task, pid int) (*vm.MM, error) {
	target := FindTaskByPid(pid)
	if target == nil {
		return nil, syscall.ESRCH
	}
	m := getTaskMM(target)
	if m == nil {
		return nil, syscall.ESRCH
	}
	if m != t.mm && ptraceMayAccess(t, target, accessAttachReal) != nil {
		m.Put()
		return nil, syscall.EPERM
	}
	return m, nil
}

// copyRemote copies between local and the ranges of m, a page at a time.
func copyRemote(m *vm.MM, local *uaccess.Iter, remote []uaccess.Iovec, write bool) (total uintptr, err error) {
	page := make([]byte, arch.PageSize)
	for _, v := range remote {
		for v.Len > 0 && local.Len() > 0 {
			n := min(v.Len, arch.PageSize-v.Base%arch.PageSize, uintptr(local.Len()))
			done := 0
			if write {
				if done, err = local.CopyIn(page[:n]); done > 0 {
					var e error
					if done, e = m.WriteRemote(v.Base, page[:done]); e != nil {
						err = e
					}
				}
			} else if done, err = m.ReadRemote(v.Base, page[:n]); done > 0 {
				var e error
				if done, e = local.CopyOut(page[:done]); e != nil {
					err = e
				}
			}
			total += uintptr(done)
			if err != nil {
				return total, err
			}
			v.Base += uintptr(done)
			v.Len -= uintptr(done)
		}
	}
	return total, nil
}
