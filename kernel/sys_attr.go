package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// setAttr changes attributes of the file of a path.
func (t *Task) setAttr(dfd int, addr uintptr, flags fs.LookupFlags, a *fs.Attr) error {
	p, err := t.lookup(dfd, addr, flags)
	if err != nil {
		return err
	}
	return fs.SetAttr(t.cred.Load(), p, a)
}

// setFileAttr changes attributes of an open file.
func (t *Task) setFileAttr(fd uintptr, a *fs.Attr) error {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return syscall.EBADF
	}
	defer f.Done()
	return fs.SetAttr(t.cred.Load(), f.Path, a)
}

func modeAttr(mode uintptr) *fs.Attr {
	return &fs.Attr{Valid: fs.AttrMode, Mode: uint32(mode) & 0o7777}
}

func sysChmod(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setAttr(fs.AtFdcwd, a[0], fs.LookupFollow, modeAttr(a[1]))
}

func sysFchmod(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setFileAttr(a[0], modeAttr(a[1]))
}

func sysFchmodat(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setAttr(dirfd(a[0]), a[1], fs.LookupFollow, modeAttr(a[2]))
}

// ownerAttr is a change of owner and group, of which -1 stays.
func ownerAttr(uid, gid uintptr) *fs.Attr {
	a := &fs.Attr{UID: uint32(uid), GID: uint32(gid), Valid: fs.AttrOwner}
	if a.UID != math.MaxUint32 {
		a.Valid |= fs.AttrUID
	}
	if a.GID != math.MaxUint32 {
		a.Valid |= fs.AttrGID
	}
	return a
}

func sysChown(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setAttr(fs.AtFdcwd, a[0], fs.LookupFollow, ownerAttr(a[1], a[2]))
}

func sysLchown(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setAttr(fs.AtFdcwd, a[0], 0, ownerAttr(a[1], a[2]))
}

func sysFchown(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.setFileAttr(a[0], ownerAttr(a[1], a[2]))
}

func sysFchownat(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[4])
	if flags&^(fs.AtSymlinkNofollow|fs.AtEmptyPath) != 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.setAttr(dirfd(a[0]), a[1], atFlags(flags), ownerAttr(a[2], a[3]))
}

// Values of tv_nsec with a meaning of their own (utimensat(2)).
const (
	utimeNow  = 0x3fff_ffff
	utimeOmit = 0x3fff_fffe
)

// timesAttr is a change of the times of access and modification, with
// tv_nsec's special values: EINVAL.
func timesAttr(atime, mtime timekeeping.Timespec) (*fs.Attr, error) {
	a := &fs.Attr{Valid: fs.AttrCtime | fs.AttrAtime | fs.AttrMtime}
	set := func(t timekeeping.Timespec, valid, exact uint32, to *int64) error {
		switch {
		case t.Nsec == utimeOmit:
			a.Valid &^= valid
		case t.Nsec == utimeNow:
		case t.Nsec < 0 || t.Nsec >= 1e9:
			return syscall.EINVAL
		default:
			a.Valid |= exact
			*to = clampNs(t)
		}
		return nil
	}
	if err := set(atime, fs.AttrAtime, fs.AttrAtimeSet, &a.Atime); err != nil {
		return nil, err
	}
	if err := set(mtime, fs.AttrMtime, fs.AttrMtimeSet, &a.Mtime); err != nil {
		return nil, err
	}
	if atime.Nsec == utimeNow && mtime.Nsec == utimeNow {
		a.Valid |= fs.AttrTouch
	} else {
		// Only who may set any time may set one of them to now.
		a.Valid |= fs.AttrTimesSet
	}
	return a, nil
}

// clampNs returns t in nanoseconds, or the nearest that a file can have.
func clampNs(t timekeeping.Timespec) int64 {
	const most = math.MaxInt64/1_000_000_000 - 1
	t.Sec = min(max(t.Sec, -most), most)
	return t.Sec*1e9 + t.Nsec
}

// now is both times of a call that has none.
var now = timekeeping.Timespec{Nsec: utimeNow}

// utime changes the times of the file of a path or, without one, of dfd.
func (t *Task) utime(dfd uintptr, addr uintptr, flags uint32, atime, mtime timekeeping.Timespec) error {
	if atime.Nsec == utimeOmit && mtime.Nsec == utimeOmit {
		return nil
	}
	a, err := timesAttr(atime, mtime)
	if err != nil {
		return err
	}
	if addr == 0 && dirfd(dfd) != fs.AtFdcwd {
		if flags != 0 {
			return syscall.EINVAL
		}
		return t.setFileAttr(dfd, a)
	}
	return t.setAttr(dirfd(dfd), addr, atFlags(flags), a)
}

func sysUtimensat(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[3])
	times := [2]timekeeping.Timespec{now, now}
	if a[2] != 0 {
		if err := uaccess.GetSlice(times[:], a[2]); err != nil {
			return 0, err
		}
	}
	if flags&^(fs.AtSymlinkNofollow|fs.AtEmptyPath) != 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.utime(a[0], a[1], flags, times[0], times[1])
}

// cwd is AT_FDCWD as an argument.
const cwd = ^uintptr(-fs.AtFdcwd - 1)

func sysFutimesat(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.utimes(a[0], a[1], a[2]) }

func sysUtimes(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.utimes(cwd, a[0], a[1]) }

// utimes is utime with a pair of struct timeval.
func (t *Task) utimes(dfd, addr, times uintptr) error {
	if times == 0 {
		return t.utime(dfd, addr, 0, now, now)
	}
	v, err := uaccess.Get[[4]int64](times)
	if err != nil {
		return err
	}
	if v[1] < 0 || v[1] >= 1e6 || v[3] < 0 || v[3] >= 1e6 {
		return syscall.EINVAL
	}
	return t.utime(dfd, addr, 0, timekeeping.Timespec{Sec: v[0], Nsec: v[1] * 1000}, timekeeping.Timespec{Sec: v[2], Nsec: v[3] * 1000})
}

func sysUtime(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] == 0 {
		return 0, t.utime(cwd, a[0], 0, now, now)
	}
	v, err := uaccess.Get[[2]int64](a[1])
	if err != nil {
		return 0, err
	}
	return 0, t.utime(cwd, a[0], 0, timekeeping.Timespec{Sec: v[0]}, timekeeping.Timespec{Sec: v[1]})
}
