package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

func sysStat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.stat(fs.AtFdcwd, a[0], a[1], fs.LookupFollow)
}

func sysLstat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.stat(fs.AtFdcwd, a[0], a[1], 0)
}

func sysFstat(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.BorrowRaw(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, putStat(f.Path, a[1])
}

func sysNewfstatat(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[3])
	if flags&^(fs.AtSymlinkNofollow|fs.AtNoAutomount|fs.AtEmptyPath|fs.AtStatxSyncType) != 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.stat(dirfd(a[0]), a[1], a[2], atFlags(flags))
}

// stat tells of the file of a path.
func (t *Task) stat(dfd int, addr, buf uintptr, flags fs.LookupFlags) error {
	p, err := t.lookup(dfd, addr, flags)
	if err != nil {
		return err
	}
	return putStat(p, buf)
}

// putStat writes a struct stat.
func putStat(p fs.Path, buf uintptr) error {
	var s fs.Stat
	if err := fs.FillStat(p, &s); err != nil {
		return err
	}
	var u arch.UserStat
	u.Set(&s.Stat)
	return uaccess.PutFrom(buf, &u)
}

// statx is struct statx.
type statx struct {
	mask, blksize              uint32
	attributes                 uint64
	nlink, uid, gid            uint32
	mode, _                    uint16
	ino, size, blocks          uint64
	attributesMask             uint64
	atime, btime, ctime, mtime statxTime
	rdevMajor, rdevMinor       uint32
	devMajor, devMinor         uint32
	mntID                      uint64
	_, _                       uint32 // dio_mem_align, dio_offset_align
	_                          [12]uint64
}

// statxTime is struct statx_timestamp.
type statxTime struct {
	sec  int64
	nsec uint32
	_    int32
}

func makeStatxTime(ns int64) statxTime {
	sec, nsec := spec.SplitTime(ns)
	return statxTime{sec: sec, nsec: uint32(nsec)}
}

// Bits of statx.
const (
	statxBasic     = 0x7ff
	statxBtime     = 0x800
	statxMntID     = 0x1000
	statxReserved  = 0x8000_0000
	statxAutomount = 0x1000
	statxMountRoot = 0x2000
	statxDax       = 0x20_0000
)

func sysStatx(t *Task, a *SyscallArgs) (uintptr, error) {
	flags, mask := uint32(a[2]), uint32(a[3])
	if flags&^(fs.AtSymlinkNofollow|fs.AtNoAutomount|fs.AtEmptyPath|fs.AtStatxSyncType) != 0 ||
		flags&fs.AtStatxSyncType == fs.AtStatxSyncType || mask&statxReserved != 0 {
		return 0, syscall.EINVAL
	}
	p, err := t.lookup(dirfd(a[0]), a[1], atFlags(flags))
	if err != nil {
		return 0, err
	}
	var s fs.Stat
	if err := fs.FillStat(p, &s); err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[4], makeStatx(&s))
}

func makeStatx(s *fs.Stat) statx {
	dev, rdev := fs.Dev(s.Dev), fs.Dev(s.Rdev)
	x := statx{
		mask: statxBasic | statxBtime | statxMntID, blksize: s.Blksize, attributesMask: statxAutomount | statxMountRoot | statxDax,
		nlink: s.Nlink, uid: s.UID, gid: s.GID, mode: uint16(s.Mode),
		ino: s.Ino, size: uint64(s.Size), blocks: uint64(s.Blocks),
		atime: makeStatxTime(s.Atime), btime: makeStatxTime(s.Btime), ctime: makeStatxTime(s.Ctime), mtime: makeStatxTime(s.Mtime),
		rdevMajor: rdev.Major(), rdevMinor: rdev.Minor(), devMajor: dev.Major(), devMinor: dev.Minor(),
		mntID: uint64(s.MountID),
	}
	if s.IsRoot {
		x.attributes = statxMountRoot
	}
	return x
}
