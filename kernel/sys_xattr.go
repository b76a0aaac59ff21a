package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// No file system here has extended attributes. The calls find the file and
// answer what Linux answers for one that has none.

func sysSetxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1])
}

func sysLsetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1]) }

func sysFsetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1]) }

func sysGetxattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1])
}

func sysLgetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1]) }

func sysFgetxattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1]) }

func sysRemovexattr(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.xattr(a[0], fs.LookupFollow, a[1])
}

func sysLremovexattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.xattr(a[0], 0, a[1]) }

func sysFremovexattr(t *Task, a *SyscallArgs) (uintptr, error) { return t.fxattr(a[0], a[1]) }

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

// xattr finds the file and has no attribute.
func (t *Task) xattr(addr uintptr, flags fs.LookupFlags, name uintptr) (uintptr, error) {
	if _, err := t.lookup(fs.AtFdcwd, addr, flags); err != nil {
		return 0, err
	}
	return 0, xattrName(name)
}

func (t *Task) fxattr(fd, name uintptr) (uintptr, error) {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	f.Done()
	return 0, xattrName(name)
}

// xattrName reads an attribute's name and says that there is none such.
func xattrName(addr uintptr) error {
	const longest = 255 // XATTR_NAME_MAX
	name, err := uaccess.String(addr, longest)
	switch {
	case err == syscall.ENAMETOOLONG, err == nil && name == "":
		return syscall.ERANGE
	case err != nil:
		return err
	}
	return syscall.EOPNOTSUPP
}
