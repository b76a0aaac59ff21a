package kernel

import (
	"syscall"

	"onsen/kernel/fs/ramfs"
	"onsen/kernel/uaccess"
)

// Flags of memfd_create(2).
const (
	mfdCloexec      = 1
	mfdAllowSealing = 2
	mfdHugetlb      = 4
	mfdHugeMask     = 0x3f << 26
)

// memfdNameMax is how long the name of a memfd may be.
const memfdNameMax = 249

// sysMemfdCreate is memfd_create(2). There are no huge pages: ENOSYS, as in a Linux
// without hugetlbfs.
func sysMemfdCreate(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[1])
	known := uint32(mfdCloexec | mfdAllowSealing)
	if flags&mfdHugetlb != 0 {
		known |= mfdHugetlb | mfdHugeMask
	}
	if flags&^known != 0 {
		return 0, syscall.EINVAL
	}
	name, err := uaccess.String(a[0], memfdNameMax)
	switch {
	case err == syscall.ENAMETOOLONG:
		return 0, syscall.EINVAL
	case err != nil:
		return 0, err
	case flags&mfdHugetlb != 0:
		return 0, syscall.ENOSYS
	}
	f, err := ramfs.NewUnnamed(execContext(t), "/memfd:"+name+" (deleted)", flags&mfdAllowSealing != 0)
	if err != nil {
		return 0, err
	}
	fd, err := t.files.Add(f, t.rlimit(RLIMIT_NOFILE), flags&mfdCloexec != 0)
	return uintptr(fd), err
}
