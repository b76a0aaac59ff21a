package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// Flags of preadv2(2).
const (
	rwfHipri  = 1
	rwfDsync  = 2
	rwfSync   = 4
	rwfAppend = 16
)

func sysRead(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	t.iter.User(a[1], a[2])
	n, err := t.read(f.File, a[1], a[2])
	f.Done()
	return n, err
}

func sysWrite(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	t.iter.User(a[1], a[2])
	n, err := t.write(f.File, a[1], a[2])
	f.Done()
	return n, err
}

// read reads into t.iter at the file's position. [addr, addr+n) must lie in
// user space.
func (t *Task) read(f *fs.File, addr, n uintptr) (uintptr, error) {
	if !f.CanRead() {
		return 0, syscall.EBADF
	}
	if err := checkBuffer(addr, n); err != nil {
		return 0, err
	}
	locked := f.LockPos()
	if t.pos = f.Pos(); t.pos+int64(t.iter.Len()) < 0 {
		f.UnlockPos(locked)
		return 0, syscall.EINVAL
	}
	done, err := f.Ops.Read(f, &t.iter, &t.pos)
	f.SetPos(t.pos)
	f.UnlockPos(locked)
	return moved(done, err)
}

// write writes from t.iter at the file's position.
func (t *Task) write(f *fs.File, addr, n uintptr) (uintptr, error) {
	if !f.CanWrite() {
		return 0, syscall.EBADF
	}
	if err := checkBuffer(addr, n); err != nil {
		return 0, err
	}
	locked := f.LockPos()
	if t.pos = f.Pos(); t.pos+int64(t.iter.Len()) < 0 {
		f.UnlockPos(locked)
		return 0, syscall.EINVAL
	}
	done, err := f.Ops.Write(f, &t.iter, &t.pos)
	f.SetPos(t.pos)
	f.UnlockPos(locked)
	return moved(done, err)
}

// checkBuffer checks what can be said of a buffer without touching it.
func checkBuffer(addr, n uintptr) error {
	if !uaccess.AccessOK(addr, n) {
		return syscall.EFAULT
	}
	return nil
}

func sysPread(t *Task, a *SyscallArgs) (uintptr, error) {
	if int64(a[3]) < 0 {
		return 0, syscall.EINVAL
	}
	t.iter.User(a[1], a[2])
	return t.readAt(a[0], a[1], a[2], int64(a[3]))
}

func sysPwrite(t *Task, a *SyscallArgs) (uintptr, error) {
	if int64(a[3]) < 0 {
		return 0, syscall.EINVAL
	}
	t.iter.User(a[1], a[2])
	return t.writeAt(a[0], a[1], a[2], int64(a[3]))
}

// readAt reads into t.iter at a position.
func (t *Task) readAt(fd, addr, n uintptr, pos int64) (uintptr, error) {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	if err := t.beginAt(f.CanPread(), f.CanRead(), addr, n, pos); err != nil {
		return 0, err
	}
	return moved(f.Ops.Read(f.File, &t.iter, &t.pos))
}

// writeAt writes from t.iter at a position.
func (t *Task) writeAt(fd, addr, n uintptr, pos int64) (uintptr, error) {
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	if err := t.beginAt(f.CanPwrite(), f.CanWrite(), addr, n, pos); err != nil {
		return 0, err
	}
	return moved(f.Ops.Write(f.File, &t.iter, &t.pos))
}

// beginAt checks a transfer at a position and sets t.pos: ESPIPE if the file has no
// positions, EBADF if it is not open for that. [addr, addr+n) must lie in user
// space.
func (t *Task) beginAt(hasPos, isOpen bool, addr, n uintptr, pos int64) error {
	switch {
	case !hasPos:
		return syscall.ESPIPE
	case !isOpen:
		return syscall.EBADF
	}
	if err := checkBuffer(addr, n); err != nil {
		return err
	}
	if pos+int64(t.iter.Len()) < 0 {
		return syscall.EINVAL
	}
	t.pos = pos
	return nil
}

// moved is what a transfer returns: an error only if nothing was moved before it.
func moved(done int, err error) (uintptr, error) {
	if done > 0 {
		return uintptr(done), nil
	}
	return 0, err
}

func sysReadv(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.vector(a, (*fs.File).CanRead, t.read)
}

func sysWritev(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.vector(a, (*fs.File).CanWrite, t.write)
}

// vector does readv(2) and writev(2) at the file's position. No bytes are nothing to
// ask the file for, as they are with read and write.
func (t *Task) vector(a *SyscallArgs, can func(*fs.File) bool, do func(*fs.File, uintptr, uintptr) (uintptr, error)) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	var err error
	if t.iter, err = uaccess.VecIter(a[1], a[2]); err != nil {
		return 0, err
	}
	if t.iter.Len() == 0 && can(f.File) {
		return 0, nil
	}
	return do(f.File, 0, 0)
}

func sysPreadv(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.vectorAt(a, t.readAt)
}

func sysPwritev(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.vectorAt(a, t.writeAt)
}

// vectorAt does preadv(2) and pwritev(2). On 64-bit machines the position is
// the fourth argument alone.
func (t *Task) vectorAt(a *SyscallArgs, do func(fd, addr, n uintptr, pos int64) (uintptr, error)) (uintptr, error) {
	if int64(a[3]) < 0 {
		return 0, syscall.EINVAL
	}
	var err error
	if t.iter, err = uaccess.VecIter(a[1], a[2]); err != nil {
		return 0, err
	}
	return do(a[0], 0, 0, int64(a[3]))
}

func sysPreadv2(t *Task, a *SyscallArgs) (uintptr, error) {
	if err := t.checkRWF(a, rwfHipri|rwfDsync|rwfSync); err != nil {
		return 0, err
	}
	if int64(a[3]) == -1 {
		return sysReadv(t, a)
	}
	return sysPreadv(t, a)
}

func sysPwritev2(t *Task, a *SyscallArgs) (uintptr, error) {
	if err := t.checkRWF(a, rwfHipri|rwfDsync|rwfSync|rwfAppend); err != nil {
		return 0, err
	}
	switch {
	case a[5]&rwfAppend != 0 && int64(a[3]) != -1:
		return t.append(a)
	case int64(a[3]) == -1:
		return sysWritev(t, a)
	}
	return sysPwritev(t, a)
}

// checkRWF checks the flags of preadv2(2) and pwritev2(2). Those that ask for
// data to be stored work without doing anything: memory is all there is. Linux
// looks at the flags when there is something to transfer.
func (t *Task) checkRWF(a *SyscallArgs, known uint32) error {
	if uint32(a[5])&^known == 0 {
		return nil
	}
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return syscall.EBADF
	}
	f.Done()
	it, err := uaccess.VecIter(a[1], a[2])
	if err != nil || it.Len() == 0 {
		return err
	}
	return syscall.EOPNOTSUPP
}

// append does pwritev2(2) with RWF_APPEND, which leaves the position alone.
func (t *Task) append(a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil || !f.CanWrite() {
		f.Done()
		return 0, syscall.EBADF
	}
	defer f.Done()
	if !f.CanPwrite() {
		return 0, syscall.ESPIPE
	}
	var err error
	if t.iter, err = uaccess.VecIter(a[1], a[2]); err != nil {
		return 0, err
	}
	t.pos = fs.AtEnd
	return moved(f.Ops.Write(f.File, &t.iter, &t.pos))
}

func sysLseek(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	whence := uint32(a[2])
	if whence > fs.SeekHole {
		return 0, syscall.EINVAL
	}
	switch {
	case f.SeeksNowhere():
		return uintptr(f.Pos()), nil
	case !f.CanSeek():
		return 0, syscall.ESPIPE
	}
	pos, err := f.Seek(int64(a[1]), int(whence))
	return uintptr(pos), err
}

func sysCopyFileRange(t *Task, a *SyscallArgs) (uintptr, error) {
	in := t.files.Borrow(int(int32(a[0])))
	if in.File == nil {
		return 0, syscall.EBADF
	}
	defer in.Done()
	out := t.files.Borrow(int(int32(a[2])))
	if out.File == nil {
		return 0, syscall.EBADF
	}
	defer out.Done()
	inPos, err := rangePos(in.File, a[1])
	if err != nil {
		return 0, err
	}
	outPos, err := rangePos(out.File, a[3])
	if err != nil {
		return 0, err
	}
	if uint32(a[5]) != 0 {
		return 0, syscall.EINVAL
	}
	n, err := fs.CopyRange(out.File, outPos, in.File, inPos, int64(min(a[4], uaccess.MaxRWCount)))
	if n == 0 {
		return 0, err
	}
	if err := putRangePos(in.File, a[1], inPos+n); err != nil {
		return 0, err
	}
	return uintptr(n), putRangePos(out.File, a[3], outPos+n)
}

// rangePos returns the position at a user address, or, without one, that of
// the file.
func rangePos(f *fs.File, addr uintptr) (int64, error) {
	if addr == 0 {
		return f.Pos(), nil
	}
	return uaccess.Get[int64](addr)
}

func putRangePos(f *fs.File, addr uintptr, pos int64) error {
	if addr == 0 {
		f.SetPos(pos)
		return nil
	}
	return uaccess.Put(addr, pos)
}
