package kernel

import (
	"strings"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// No file system here has extended attributes. The calls find the file and
// answer what Linux answers for one that has none.

func sysSetxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1], true)
}

func sysLsetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1], true) }

func sysFsetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1], true) }

func sysGetxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1], false)
}

func sysLgetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1], false) }

func sysFgetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1], false) }

func sysRemovexattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1], true)
}

func sysLremovexattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1], true) }

func sysFremovexattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1], true) }

// sysListxattr lists nothing.
func sysListxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	_, err := t.lookup(fs.AtFdcwd, a[0], fs.LookupFollow)
	return 0, err
}

func sysLlistxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	_, err := t.lookup(fs.AtFdcwd, a[0], 0)
	return 0, err
}

func sysFlistxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	f.Done()
	return 0, nil
}

// xattr finds the file and has no attribute. set says that the call would change
// one.
func (t *Task) xattr(addr uintptr, flags fs.LookupFlags, name uintptr, set bool) (uintptr, error) {
	p, err := t.lookup(fs.AtFdcwd, addr, flags)
	if err != nil {
		return 0, err
	}
	return 0, t.noXattr(p.Inode(), name, set)
}

func (t *Task) fxattr(fd, name uintptr, set bool) (uintptr, error) {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, t.noXattr(f.Inode, name, set)
}

// noXattr reads an attribute's name and says that there is none such; xattr(7)
// says who may ask for which.
func (t *Task) noXattr(i *fs.Inode, addr uintptr, set bool) error {
	const longest = 255 // XATTR_NAME_MAX
	name, err := uaccess.String(addr, longest)
	switch {
	case err == syscall.ENAMETOOLONG, err == nil && name == "":
		return syscall.ERANGE
	case err != nil:
		return err
	}
	trusted := strings.HasPrefix(name, "trusted.") && !t.cred.Load().Capable(cred.CAP_SYS_ADMIN)
	user := strings.HasPrefix(name, "user.") && !i.IsReg() && !i.IsDir()
	switch {
	case (trusted || user) && set:
		return syscall.EPERM
	case trusted || user:
		return syscall.ENODATA
	}
	return syscall.EOPNOTSUPP
}
