package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/ramfs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// mmSyscalls are the system calls on the calling process's memory.
var mmSyscalls = []Syscall{
	{"mmap", sysMmap},
	{"munmap", func(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.mm.Munmap(a[0], a[1]) }},
	{"mprotect", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return 0, t.mm.Mprotect(a[0], a[1], t.impliedProt(int(a[2])))
	}},
	{"mremap", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return t.mm.Mremap(a[0], a[1], a[2], int(a[3]), a[4])
	}},
	{"brk", func(t *Task, a *SyscallArgs) (uintptr, error) { return t.mm.SetBrk(a[0]), nil }},
	{"madvise", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return 0, t.mm.Madvise(a[0], a[1], int(int32(a[2])))
	}},
	{"mincore", sysMincore},
	{"mlock", func(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.mm.Mlock(a[0], a[1], 0) }},
	{"mlock2", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return 0, t.mm.Mlock(a[0], a[1], int(int32(a[2])))
	}},
	{"munlock", func(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.mm.Munlock(a[0], a[1]) }},
	{"mlockall", func(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.mm.MlockAll(int(int32(a[0]))) }},
	{"munlockall", func(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.mm.MunlockAll() }},
	{"msync", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return 0, t.mm.Msync(a[0], a[1], int(int32(a[2])))
	}},
	{"membarrier", sysMembarrier},
	{"memfd_create", sysMemfdCreate},
}

// readImpliesExec is the personality of programs that expect to execute what
// they can read.
const readImpliesExec = 0x0400000

// impliedProt adds the rights that the personality implies.
func (t *Task) impliedProt(prot int) int {
	if prot&vm.PROT_READ != 0 && t.personality.Load()&readImpliesExec != 0 {
		prot |= vm.PROT_EXEC
	}
	return prot
}

// sysMmap is mmap(2).
func sysMmap(t *Task, a *SyscallArgs) (uintptr, error) {
	m := vm.MmapArgs{Addr: a[0], Len: a[1], Prot: t.impliedProt(int(a[2])), Flags: int(a[3]), Offset: int64(a[5])}
	if a[5]%pageSize != 0 {
		return 0, syscall.EINVAL
	}
	if m.Flags&vm.MAP_ANONYMOUS != 0 {
		if m.Flags&vm.MAP_HUGETLB != 0 {
			return 0, syscall.EINVAL
		}
		m.Offset = 0
		return t.mm.Mmap(m)
	}
	f := t.files.Get(int(int32(a[4])))
	if f == nil {
		return 0, syscall.EBADF
	}
	defer f.Put()
	if m.Flags&vm.MAP_HUGETLB != 0 {
		return 0, syscall.EINVAL
	}
	if err := mapFile(&m, f); err != nil {
		return 0, err
	}
	c, ok := m.Object.(*vm.AddressSpace)
	if !ok || m.Flags&vm.MAP_TYPE == vm.MAP_PRIVATE || m.Deny&vm.PROT_WRITE != 0 {
		return t.mm.Mmap(m)
	}
	if !c.BeginWritable() {
		return 0, syscall.EPERM
	}
	defer c.EndWritable()
	return t.mm.Mmap(m)
}

const pageSize = 4096

// mapFile makes m a mapping of f, if f was opened for that: EACCES, EPERM,
// ENODEV, EINVAL.
func mapFile(m *vm.MmapArgs, f *fs.File) error {
	if m.Len == 0 {
		return syscall.EINVAL
	}
	switch m.Flags & vm.MAP_TYPE {
	case vm.MAP_SHARED, vm.MAP_SHARED_VALIDATE:
		if m.Prot&vm.PROT_WRITE != 0 && !f.CanWrite() {
			return syscall.EACCES
		}
		if !f.CanWrite() {
			m.Deny |= vm.PROT_WRITE
		}
	case vm.MAP_PRIVATE:
	default:
		return syscall.EINVAL
	}
	if !f.CanRead() {
		return syscall.EACCES
	}
	if f.Path.Mount != nil && f.Path.Mount.Flags()&fs.MsNoexec != 0 {
		if m.Prot&vm.PROT_EXEC != 0 {
			return syscall.EPERM
		}
		m.Deny |= vm.PROT_EXEC
	}
	object, err := f.Ops.Mmap(f)
	if err != nil {
		return err
	}
	m.File, m.Object = f, object
	return denySealed(m, f)
}

// denySealed keeps shared mappings of a file from being written to if it is sealed
// against that: EPERM.
func denySealed(m *vm.MmapArgs, f *fs.File) error {
	s, ok := f.Ops.(sealer)
	if !ok || m.Flags&vm.MAP_TYPE == vm.MAP_PRIVATE {
		return nil
	}
	set, _ := s.Seals(f)
	switch {
	case set&(ramfs.SealWrite|ramfs.SealFutureWrite) == 0:
		return nil
	case m.Prot&vm.PROT_WRITE != 0:
		return syscall.EPERM
	}
	m.Deny |= vm.PROT_WRITE
	return nil
}

// sysMincore is mincore(2).
func sysMincore(t *Task, a *SyscallArgs) (uintptr, error) {
	start, n, vec := a[0], a[1], a[2]
	if start%pageSize != 0 {
		return 0, syscall.EINVAL
	}
	if !uaccess.AccessOK(start, n) {
		return 0, syscall.ENOMEM
	}
	pages := (n + pageSize - 1) / pageSize
	if !uaccess.AccessOK(vec, pages) {
		return 0, syscall.EFAULT
	}
	var some [256]byte
	for pages > 0 {
		done, err := t.mm.Mincore(start, some[:min(pages, uintptr(len(some)))])
		if err != nil {
			return 0, err
		}
		if _, err := uaccess.CopyToUser(vec, some[:done]); err != nil {
			return 0, err
		}
		start, vec, pages = start+uintptr(done)*pageSize, vec+uintptr(done), pages-uintptr(done)
	}
	return 0, nil
}
