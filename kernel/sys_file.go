package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// fileSyscalls are the system calls of this file and its neighbours.
var fileSyscalls = []Syscall{
	{"open", sysOpen},
	{"openat", sysOpenat},
	{"openat2", sysOpenat2},
	{"creat", sysCreat},
	{"close", sysClose},
	{"close_range", sysCloseRange},
	{"dup", sysDup},
	{"dup2", sysDup2},
	{"dup3", sysDup3},
	{"read", sysRead},
	{"write", sysWrite},
	{"readv", sysReadv},
	{"writev", sysWritev},
	{"pread64", sysPread},
	{"pwrite64", sysPwrite},
	{"preadv", sysPreadv},
	{"pwritev", sysPwritev},
	{"preadv2", sysPreadv2},
	{"pwritev2", sysPwritev2},
	{"lseek", sysLseek},
	{"copy_file_range", sysCopyFileRange},
	{"fcntl", sysFcntl},
	{"ioctl", sysIoctl},
	{"flock", sysFlock},
	{"ftruncate", sysFtruncate},
	{"fallocate", sysFallocate},
	{"fadvise64", sysFadvise},
	{"readahead", sysReadahead},
	{"sync", sysSync},
	{"syncfs", sysSyncfs},
	{"fsync", sysFsync},
	{"fdatasync", sysFdatasync},
	{"sync_file_range", sysSyncFileRange},
	{"getdents64", sysGetdents64},
	{"getdents", sysGetdents},
}

func sysOpen(t *Task, a *SyscallArgs) (uintptr, error) {
	how := fs.HowOf(uint32(a[1]), uint32(a[2]))
	return t.open(fs.AtFdcwd, a[0], &how)
}

func sysOpenat(t *Task, a *SyscallArgs) (uintptr, error) {
	how := fs.HowOf(uint32(a[2]), uint32(a[3]))
	return t.open(int(int32(a[0])), a[1], &how)
}

func sysCreat(t *Task, a *SyscallArgs) (uintptr, error) {
	how := fs.HowOf(syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, uint32(a[1]))
	return t.open(fs.AtFdcwd, a[0], &how)
}

func sysOpenat2(t *Task, a *SyscallArgs) (uintptr, error) {
	var how fs.OpenHow
	if a[3] < unsafe.Sizeof(how) {
		return 0, syscall.EINVAL
	}
	if err := uaccess.GetStruct(&how, a[2], a[3]); err != nil {
		return 0, err
	}
	if how.Flags&fs.OPath == 0 {
		how.Flags |= fs.OLargefile
	}
	return t.open(int(int32(a[0])), a[1], &how)
}

// open opens a path under the lowest free descriptor.
func (t *Task) open(dfd int, addr uintptr, how *fs.OpenHow) (uintptr, error) {
	path, err := t.path(addr)
	if err != nil {
		return 0, err
	}
	fd, err := t.files.AllocFd(0, t.nofile(), how.Flags&syscall.O_CLOEXEC != 0)
	if err != nil {
		return 0, err
	}
	ctx := t.fsContext()
	f, err := fs.Open(ctx, dfd, path, how)
	if err != nil {
		t.files.PutUnused(fd)
		return 0, err
	}
	t.files.Install(fd, f)
	return uintptr(fd), nil
}

func sysClose(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.files.Close(int(int32(a[0])))
}

func sysCloseRange(t *Task, a *SyscallArgs) (uintptr, error) {
	const (
		unshare = 2 // CLOSE_RANGE_UNSHARE
		cloexec = 4 // CLOSE_RANGE_CLOEXEC
	)
	first, last, flags := uint32(a[0]), uint32(a[1]), a[2]
	if uint32(flags)&^(unshare|cloexec) != 0 || first > last {
		return 0, syscall.EINVAL
	}
	if flags&unshare != 0 && t.files.Users() > 1 {
		if err := t.unshareFiles(); err != nil {
			return 0, err
		}
	}
	t.files.CloseRange(uint(first), uint(last), flags&cloexec != 0)
	return 0, nil
}

// unshareFiles gives the task a table of open files of its own.
func (t *Task) unshareFiles() error {
	const all = 1 << 30
	own, err := t.files.Dup(all)
	if err != nil {
		return err
	}
	t.allocLock.Lock()
	shared := t.files
	t.files = own
	t.allocLock.Unlock()
	shared.Put()
	return nil
}

func sysDup(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.GetRaw(int(int32(a[0])))
	if f == nil {
		return 0, syscall.EBADF
	}
	return t.dupFrom(f, 0, false)
}

// dupFrom makes the lowest descriptor from from on another one of f, whose
// reference it takes over.
func (t *Task) dupFrom(f *fs.File, from int, cloexec bool) (uintptr, error) {
	fd, err := t.files.AllocFd(from, t.nofile(), cloexec)
	if err != nil {
		f.Put()
		return 0, err
	}
	t.files.Install(fd, f)
	return uintptr(fd), nil
}

func sysDup2(t *Task, a *SyscallArgs) (uintptr, error) {
	if oldfd := int32(a[0]); oldfd == int32(a[1]) {
		f := t.files.GetRaw(int(oldfd))
		if f == nil {
			return 0, syscall.EBADF
		}
		f.Put()
		return uintptr(oldfd), nil
	}
	return t.dupTo(int(int32(a[0])), int(int32(a[1])), false)
}

func sysDup3(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[2])
	if flags&^syscall.O_CLOEXEC != 0 || int32(a[0]) == int32(a[1]) {
		return 0, syscall.EINVAL
	}
	return t.dupTo(int(int32(a[0])), int(int32(a[1])), flags != 0)
}

func (t *Task) dupTo(oldfd, newfd int, cloexec bool) (uintptr, error) {
	f := t.files.GetRaw(oldfd)
	if f == nil {
		return 0, syscall.EBADF
	}
	defer f.Put()
	if err := t.files.Dup2(f, newfd, t.nofile(), cloexec); err != nil {
		return 0, err
	}
	return uintptr(newfd), nil
}

func sysFtruncate(t *Task, a *SyscallArgs) (uintptr, error) {
	size := int64(a[1])
	if size < 0 {
		return 0, syscall.EINVAL
	}
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, f.Ftruncate(size)
}

func sysFsync(t *Task, a *SyscallArgs) (uintptr, error) { return t.fsync(a[0], false) }

func sysFdatasync(t *Task, a *SyscallArgs) (uintptr, error) { return t.fsync(a[0], true) }

func (t *Task) fsync(fd uintptr, dataOnly bool) (uintptr, error) {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, f.Ops.Fsync(f.File, dataOnly)
}

// sysSync has nothing to write: no file system has a device.
func sysSync(*Task, *SyscallArgs) (uintptr, error) { return 0, nil }

func sysSyncfs(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	f.Done()
	return 0, nil
}

func sysSyncFileRange(t *Task, a *SyscallArgs) (uintptr, error) {
	off, n, flags := int64(a[1]), int64(a[2]), uint32(a[3])
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	if flags&^7 != 0 || off < 0 || n < 0 || off+n < off {
		return 0, syscall.EINVAL
	}
	switch f.Inode.Mode() & syscall.S_IFMT {
	case syscall.S_IFREG, syscall.S_IFDIR, syscall.S_IFLNK, syscall.S_IFBLK:
		return 0, nil
	}
	return 0, syscall.ESPIPE
}

// sysFadvise checks its arguments; the advice is of no use, for all of a file is
// in memory.
func sysFadvise(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	switch advice := int32(a[3]); {
	case f.Inode.Mode()&syscall.S_IFMT == syscall.S_IFIFO:
		return 0, syscall.ESPIPE
	case int64(a[2]) < 0, advice < 0 || advice > 5:
		return 0, syscall.EINVAL
	}
	return 0, nil
}

// sysReadahead checks its arguments; see sysFadvise.
func sysReadahead(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil || !f.CanRead() {
		f.Done()
		return 0, syscall.EBADF
	}
	defer f.Done()
	if !f.Inode.IsReg() {
		return 0, syscall.EINVAL
	}
	return 0, nil
}

func sysFallocate(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, f.Fallocate(uint32(a[1]), int64(a[2]), int64(a[3]))
}
