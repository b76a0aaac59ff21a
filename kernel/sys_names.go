package kernel

import (
	"syscall"

	"onsen/kernel/fs"
)

// System calls that make and take away names.

func sysMkdir(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.mkdir(fs.AtFdcwd, a[0], uint32(a[1]))
}

func sysMkdirat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.mkdir(dirfd(a[0]), a[1], uint32(a[2]))
}

func (t *Task) mkdir(dfd int, addr uintptr, mode uint32) error {
	path, err := t.path(addr)
	if err != nil {
		return err
	}
	ctx := t.fsContext()
	return fs.Mkdir(ctx, dfd, path, mode)
}

func sysMknod(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.mknod(fs.AtFdcwd, a[0], uint32(a[1]), uint32(a[2]))
}

func sysMknodat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.mknod(dirfd(a[0]), a[1], uint32(a[2]), uint32(a[3]))
}

func (t *Task) mknod(dfd int, addr uintptr, mode, dev uint32) error {
	path, err := t.path(addr)
	if err != nil {
		return err
	}
	ctx := t.fsContext()
	return fs.Mknod(ctx, dfd, path, mode, fs.Dev(dev))
}

func sysSymlink(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.symlink(a[0], fs.AtFdcwd, a[1])
}

func sysSymlinkat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.symlink(a[0], dirfd(a[1]), a[2])
}

func (t *Task) symlink(target uintptr, dfd int, addr uintptr) error {
	text, err := t.path(target)
	if err != nil {
		return err
	}
	path, err := t.path2(addr)
	if err != nil {
		return err
	}
	ctx := t.fsContext()
	return fs.Symlink(ctx, text, dfd, path)
}

func sysLink(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.link(fs.AtFdcwd, a[0], fs.AtFdcwd, a[1], 0)
}

func sysLinkat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.link(dirfd(a[0]), a[1], dirfd(a[2]), a[3], uint32(a[4]))
}

func (t *Task) link(oldDfd int, old uintptr, newDfd int, new uintptr, flags uint32) error {
	if flags&^(fs.AtSymlinkFollow|fs.AtEmptyPath) != 0 {
		return syscall.EINVAL
	}
	ctx := t.fsContext()
	var lookup fs.LookupFlags
	if flags&fs.AtEmptyPath != 0 {
		if !fs.MayLinkOpen(ctx.Cred) {
			return syscall.ENOENT
		}
		lookup = fs.LookupEmpty
	}
	if flags&fs.AtSymlinkFollow != 0 {
		lookup |= fs.LookupFollow
	}
	p, err := t.lookup(oldDfd, old, lookup)
	if err != nil {
		return err
	}
	path, err := t.path2(new)
	if err != nil {
		return err
	}
	return fs.Link(ctx, p, newDfd, path)
}

func sysUnlink(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.unlink(fs.AtFdcwd, a[0], fs.Unlink)
}

func sysRmdir(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.unlink(fs.AtFdcwd, a[0], fs.Rmdir)
}

func sysUnlinkat(t *Task, a *SyscallArgs) (uintptr, error) {
	switch uint32(a[2]) {
	case 0:
		return 0, t.unlink(dirfd(a[0]), a[1], fs.Unlink)
	case fs.AtRemovedir:
		return 0, t.unlink(dirfd(a[0]), a[1], fs.Rmdir)
	}
	return 0, syscall.EINVAL
}

func (t *Task) unlink(dfd int, addr uintptr, do func(*fs.Context, int, string) error) error {
	path, err := t.path(addr)
	if err != nil {
		return err
	}
	ctx := t.fsContext()
	return do(ctx, dfd, path)
}

func sysRename(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.rename(fs.AtFdcwd, a[0], fs.AtFdcwd, a[1], 0)
}

func sysRenameat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.rename(dirfd(a[0]), a[1], dirfd(a[2]), a[3], 0)
}

func sysRenameat2(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.rename(dirfd(a[0]), a[1], dirfd(a[2]), a[3], uint32(a[4]))
}

func (t *Task) rename(oldDfd int, old uintptr, newDfd int, new uintptr, flags uint32) error {
	from, err := t.path(old)
	if err != nil {
		return err
	}
	to, err := t.path2(new)
	if err != nil {
		return err
	}
	ctx := t.fsContext()
	return fs.Rename(ctx, oldDfd, from, newDfd, to, flags)
}
