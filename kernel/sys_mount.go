package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// mountSyscalls are the system calls of this file.
var mountSyscalls = []Syscall{
	{"mount", sysMount},
	{"umount2", sysUmount2},
	{"pivot_root", sysPivotRoot},
	{"statfs", sysStatfs},
	{"fstatfs", sysFstatfs},
}

func sysMount(t *Task, a *SyscallArgs) (uintptr, error) {
	fsType, err := optionalString(a[2])
	if err != nil {
		return 0, err
	}
	source, err := optionalString(a[0])
	if err != nil {
		return 0, err
	}
	data, err := mountData(a[4])
	if err != nil {
		return 0, err
	}
	target, err := t.path(a[1])
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	return 0, fs.DoMount(ctx, source, target, fsType, uint64(a[3]), data)
}

// optionalString reads a string, none at address 0: EFAULT, EINVAL if it is too
// long.
func optionalString(addr uintptr) (string, error) {
	if addr == 0 {
		return "", nil
	}
	s, err := uaccess.String(addr, fs.PathMax-1)
	if err == syscall.ENAMETOOLONG {
		err = syscall.EINVAL
	}
	return s, err
}

// mountData reads a file system's options: a page, or as much of it as there
// is, of which the string up to the first NUL counts.
func mountData(addr uintptr) (string, error) {
	if addr == 0 {
		return "", nil
	}
	b := make([]byte, arch.PageSize)
	n, _ := uaccess.CopyFromUser(b, addr)
	if n == 0 {
		return "", syscall.EFAULT
	}
	b[len(b)-1] = 0
	for i, c := range b[:n] {
		if c == 0 {
			return string(b[:i]), nil
		}
	}
	return string(b[:n]), nil
}

func sysUmount2(t *Task, a *SyscallArgs) (uintptr, error) {
	target, err := t.path(a[0])
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	return 0, fs.Umount(ctx, target, int(int32(a[1])))
}

func sysPivotRoot(t *Task, a *SyscallArgs) (uintptr, error) {
	newRoot, err := t.path(a[0])
	if err != nil {
		return 0, err
	}
	putOld, err := t.path2(a[1])
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	return 0, fs.PivotRoot(ctx, newRoot, putOld, moveRoots)
}

// moveRoots moves every task that stands at old to new.
func moveRoots(old, new fs.Path) {
	for _, t := range Tasks() {
		t.allocLock.Lock()
		f := t.fs
		if f != nil {
			f.Get()
		}
		t.allocLock.Unlock()
		if f != nil {
			f.Replace(old, new)
			f.Put()
		}
	}
}

func sysStatfs(t *Task, a *SyscallArgs) (uintptr, error) {
	p, err := t.lookup(fs.AtFdcwd, a[0], fs.LookupFollow)
	if err != nil {
		return 0, err
	}
	return 0, putStatfs(p, a[1])
}

func sysFstatfs(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.BorrowRaw(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, putStatfs(f.Path, a[1])
}

func putStatfs(p fs.Path, buf uintptr) error {
	var s fs.Statfs
	if err := fs.FillStatfs(p, &s); err != nil {
		return err
	}
	return uaccess.Put(buf, s)
}
