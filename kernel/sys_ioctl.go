package kernel

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// The ioctls of every file (include/uapi/asm-generic/ioctls.h).
const (
	figetbsz  = 0x0002
	fionread  = 0x541b
	fionbio   = 0x5421
	fionclex  = 0x5450
	fioclex   = 0x5451
	fioasync  = 0x5452
	fioqsize  = 0x5460
	fileBlock = 4096
)

func sysIoctl(t *Task, a *SyscallArgs) (uintptr, error) {
	fd, cmd, arg := int(int32(a[0])), uint32(a[1]), a[2]
	f := t.files.Borrow(fd)
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	switch cmd {
	case fioclex:
		return 0, t.files.SetCloexec(fd, true)
	case fionclex:
		return 0, t.files.SetCloexec(fd, false)
	case fionbio:
		return 0, setFileFlag(f.File, syscall.O_NONBLOCK, arg)
	case fioasync:
		on, err := uaccess.Get[int32](arg)
		if err != nil {
			return 0, err
		}
		return 0, f.SetAsync(fd, on != 0)
	case fioqsize:
		if f.Inode.IsDir() || f.Inode.IsReg() || f.Inode.IsSymlink() {
			var s fs.Stat
			if err := fs.FillStat(f.Path, &s); err != nil {
				return 0, err
			}
			return 0, uaccess.Put(arg, s.Blocks*512)
		}
		return 0, syscall.ENOTTY
	case figetbsz:
		if f.Path.Mount != nil {
			return 0, uaccess.Put(arg, int32(fileBlock))
		}
	case fionread:
		if f.Inode.IsReg() {
			return 0, uaccess.Put(arg, int32(f.Inode.Size()-f.Pos()))
		}
	}
	v, err := f.Ops.Ioctl(f.File, cmd, arg)
	if err == errno.ENOIOCTLCMD {
		err = syscall.ENOTTY
	}
	return v, err
}
