package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

func sysFlock(t *Task, a *SyscallArgs) (uintptr, error) {
	op := uint32(a[1])
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, f.Flock(op&^syscall.LOCK_NB, op&syscall.LOCK_NB == 0)
}

// flock is struct flock on 64-bit machines.
type flock struct {
	typ, whence int16
	_           int32
	start, len  int64
	pid         int32
	_           int32
}

// record turns a struct flock into what package fs works with.
func (t *Task) record(f *fs.File, l *flock, ofd bool) (r fs.RecordLock, err error) {
	if ofd && l.pid != 0 {
		return r, syscall.EINVAL
	}
	switch l.whence {
	case fs.SeekSet:
		r.Start = l.start
	case fs.SeekCur:
		r.Start = f.Pos() + l.start
	case fs.SeekEnd:
		r.Start = f.Inode.Size() + l.start
	default:
		return r, syscall.EINVAL
	}
	if err := r.SetLength(l.len); err != nil {
		return r, err
	}
	switch l.typ {
	case syscall.F_RDLCK, syscall.F_WRLCK, syscall.F_UNLCK:
		r.Type = l.typ
	default:
		return r, syscall.EINVAL
	}
	r.Owner, r.PID = t.files, int32(t.Tgid)
	if ofd {
		r.Owner, r.PID = f, -1
	}
	return r, nil
}

// setLock does F_SETLK and its variants.
func (t *Task) setLock(f *fs.File, addr uintptr, ofd, wait bool) error {
	l, err := uaccess.Get[flock](addr)
	if err != nil {
		return err
	}
	r, err := t.record(f, &l, ofd)
	if err != nil {
		return err
	}
	switch {
	case r.Type == syscall.F_RDLCK && !f.CanRead(), r.Type == syscall.F_WRLCK && !f.CanWrite():
		return syscall.EBADF
	}
	return f.SetRecordLock(&r, wait)
}

// getLock does F_GETLK: it tells of a lock that is in the way.
func (t *Task) getLock(f *fs.File, addr uintptr, ofd bool) error {
	l, err := uaccess.Get[flock](addr)
	if err != nil {
		return err
	}
	r, err := t.record(f, &l, ofd)
	if err != nil {
		return err
	}
	if l.typ == syscall.F_UNLCK {
		return syscall.EINVAL
	}
	if other, found := f.TestRecordLock(&r); found {
		l = flock{typ: other.Type, start: other.Start, len: other.Length(), pid: other.PID}
	} else {
		l.typ = syscall.F_UNLCK
	}
	return uaccess.Put(addr, l)
}
