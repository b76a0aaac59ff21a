package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// pathSyscalls are the system calls of this file and its neighbours.
var pathSyscalls = []Syscall{
	{"stat", sysStat},
	{"lstat", sysLstat},
	{"fstat", sysFstat},
	{"newfstatat", sysNewfstatat},
	{"statx", sysStatx},
	{"access", sysAccess},
	{"faccessat", sysFaccessat},
	{"faccessat2", sysFaccessat2},
	{"readlink", sysReadlink},
	{"readlinkat", sysReadlinkat},
	{"getcwd", sysGetcwd},
	{"chdir", sysChdir},
	{"fchdir", sysFchdir},
	{"chroot", sysChroot},
	{"umask", sysUmask},
	{"mkdir", sysMkdir},
	{"mkdirat", sysMkdirat},
	{"rmdir", sysRmdir},
	{"mknod", sysMknod},
	{"mknodat", sysMknodat},
	{"link", sysLink},
	{"linkat", sysLinkat},
	{"symlink", sysSymlink},
	{"symlinkat", sysSymlinkat},
	{"unlink", sysUnlink},
	{"unlinkat", sysUnlinkat},
	{"rename", sysRename},
	{"renameat", sysRenameat},
	{"renameat2", sysRenameat2},
	{"truncate", sysTruncate},
	{"chmod", sysChmod},
	{"fchmod", sysFchmod},
	{"fchmodat", sysFchmodat},
	{"chown", sysChown},
	{"lchown", sysLchown},
	{"fchown", sysFchown},
	{"fchownat", sysFchownat},
	{"utime", sysUtime},
	{"utimes", sysUtimes},
	{"futimesat", sysFutimesat},
	{"utimensat", sysUtimensat},
	{"setxattr", sysSetxattr},
	{"lsetxattr", sysLsetxattr},
	{"fsetxattr", sysFsetxattr},
	{"getxattr", sysGetxattr},
	{"lgetxattr", sysLgetxattr},
	{"fgetxattr", sysFgetxattr},
	{"listxattr", sysListxattr},
	{"llistxattr", sysLlistxattr},
	{"flistxattr", sysFlistxattr},
	{"removexattr", sysRemovexattr},
	{"lremovexattr", sysLremovexattr},
	{"fremovexattr", sysFremovexattr},
}

// lookup finds the file of a path argument.
func (t *Task) lookup(dfd int, addr uintptr, flags fs.LookupFlags) (fs.Path, error) {
	path, err := t.path(addr)
	if err != nil {
		return fs.Path{}, err
	}
	ctx := t.fsContext()
	return fs.Lookup(ctx, dfd, path, flags)
}

// atFlags turns AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH into how a path is walked.
func atFlags(flags uint32) fs.LookupFlags {
	l := fs.LookupFollow
	if flags&fs.AtSymlinkNofollow != 0 {
		l = 0
	}
	if flags&fs.AtEmptyPath != 0 {
		l |= fs.LookupEmpty
	}
	return l
}

// dirfd is a directory descriptor argument.
func dirfd(v uintptr) int { return int(int32(v)) }

func sysAccess(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.access(fs.AtFdcwd, a[0], uint32(a[1]), 0)
}

func sysFaccessat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.access(dirfd(a[0]), a[1], uint32(a[2]), 0)
}

func sysFaccessat2(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.access(dirfd(a[0]), a[1], uint32(a[2]), uint32(a[3]))
}

// access does faccessat2(2): by the real IDs unless AT_EACCESS asks for the
// effective ones.
func (t *Task) access(dfd int, addr uintptr, mode, flags uint32) error {
	if mode&^7 != 0 || flags&^(fs.AtEaccess|fs.AtSymlinkNofollow|fs.AtEmptyPath) != 0 {
		return syscall.EINVAL
	}
	path, err := t.path(addr)
	if err != nil {
		return err
	}
	ctx := t.fsContext() // its change is good for this call
	if flags&fs.AtEaccess == 0 {
		ctx.Cred = accessCred(ctx.Cred)
	}
	p, err := fs.Lookup(ctx, dfd, path, atFlags(flags))
	if err != nil {
		return err
	}
	return fs.Access(ctx.Cred, p, mode)
}

// accessCred returns the credentials with which access(2) asks: the real IDs,
// and capabilities as execve(2) would give them to that user.
func accessCred(c *cred.Cred) *cred.Cred {
	if c.FSUID == c.UID && c.FSGID == c.GID && (c.UID != 0 || c.Effective == c.Permitted) && (c.UID == 0 || c.Effective == 0) {
		return c
	}
	n := *c
	n.FSUID, n.FSGID = c.UID, c.GID
	if n.UID == 0 {
		n.Effective = n.Permitted
	} else {
		n.Effective = 0
	}
	return &n
}

func sysReadlink(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.readlink(fs.AtFdcwd, a[0], a[1], int32(a[2]))
}

func sysReadlinkat(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.readlink(dirfd(a[0]), a[1], a[2], int32(a[3]))
}

func (t *Task) readlink(dfd int, addr, buf uintptr, size int32) (uintptr, error) {
	if size <= 0 {
		return 0, syscall.EINVAL
	}
	path, err := t.path(addr)
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	p, err := fs.Lookup(ctx, dfd, path, fs.LookupEmpty)
	if err != nil {
		return 0, err
	}
	text, err := fs.Readlink(ctx, p)
	if err != nil {
		if path == "" && err == syscall.EINVAL {
			err = syscall.ENOENT
		}
		return 0, err
	}
	n, err := uaccess.CopyToUser(buf, []byte(text[:min(len(text), int(size))]))
	return uintptr(n), err
}

func sysGetcwd(t *Task, a *SyscallArgs) (uintptr, error) {
	name, err := fs.Getcwd(t.fs)
	if err != nil {
		return 0, err
	}
	if len(name) >= fs.PathMax {
		return 0, syscall.ENAMETOOLONG
	}
	if uintptr(len(name)) >= a[1] {
		return 0, syscall.ERANGE
	}
	n, err := uaccess.CopyToUser(a[0], append([]byte(name), 0))
	return uintptr(n), err
}

func sysChdir(t *Task, a *SyscallArgs) (uintptr, error) {
	path, err := t.path(a[0])
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	return 0, fs.Chdir(ctx, path)
}

func sysFchdir(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.BorrowRaw(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	ctx := t.fsContext()
	return 0, fs.ChdirTo(ctx, f.Path)
}

func sysChroot(t *Task, a *SyscallArgs) (uintptr, error) {
	path, err := t.path(a[0])
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	return 0, fs.Chroot(ctx, path)
}

func sysUmask(t *Task, a *SyscallArgs) (uintptr, error) {
	return uintptr(t.fs.SetUmask(uint32(a[0]))), nil
}

func sysTruncate(t *Task, a *SyscallArgs) (uintptr, error) {
	size := int64(a[1])
	if size < 0 {
		return 0, syscall.EINVAL
	}
	p, err := t.lookup(fs.AtFdcwd, a[0], fs.LookupFollow)
	if err != nil {
		return 0, err
	}
	return 0, fs.Truncate(t.cred.Load(), p, size)
}
