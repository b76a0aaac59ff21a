package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/pipe"
	"onsen/kernel/uaccess"
)

// Flags of splice(2) and its relatives.
const (
	spliceNonblock = 2
	spliceFlags    = 1 | spliceNonblock | 4 | 8
)

// spliceable is implemented by open files that splice(2) and sendfile(2) accept
// besides regular files and pipes.
type spliceable interface{ Spliceable() }

// canSplice reports whether data can be moved between a file and a pipe; in
// Linux, whether it has splice_read and splice_write.
func canSplice(f *fs.File) bool {
	if f.Inode.IsReg() {
		return true
	}
	_, ok := f.Ops.(spliceable)
	return ok
}

// filePair are the two files of a call that moves data.
type filePair struct{ in, out fs.Ref }

// borrowPair returns the files of two descriptors: EBADF if one is none or the
// first cannot be read or the second not be written.
func (t *Task) borrowPair(in, out uintptr) (p filePair, err error) {
	p.in = t.files.Borrow(int(int32(in)))
	if p.in.File == nil {
		return p, syscall.EBADF
	}
	p.out = t.files.Borrow(int(int32(out)))
	if p.out.File == nil {
		p.in.Done()
		return p, syscall.EBADF
	}
	if !p.in.CanRead() || !p.out.CanWrite() {
		p.done()
		return p, syscall.EBADF
	}
	return p, nil
}

func (p *filePair) done() {
	p.in.Done()
	p.out.Done()
}

// offset is where a call reads or writes a file that is no pipe: at a place in
// user memory if addr is not 0, else at the file's own position.
type offset struct {
	file *fs.File
	addr uintptr
	pos  int64
}

func loadOffset(f *fs.File, addr uintptr) (o offset, err error) {
	o = offset{file: f, addr: addr, pos: f.Pos()}
	if addr == 0 {
		return o, nil
	}
	o.pos, err = uaccess.Get[int64](addr)
	return o, err
}

// check is Linux's rw_verify_area, and whether the file has positions at all.
func (o *offset) check(n int) error {
	switch {
	case o.addr != 0 && !o.file.CanPread():
		return syscall.EINVAL
	case o.pos < 0, o.pos > math.MaxInt64-int64(n):
		return syscall.EINVAL
	}
	return nil
}

// store puts the new position back.
func (o *offset) store() error {
	if o.addr != 0 {
		return uaccess.Put(o.addr, o.pos)
	}
	if o.file.CanSeek() {
		o.file.SetPos(o.pos)
	}
	return nil
}

// sysSplice is splice(2).
func sysSplice(t *Task, a *SyscallArgs) (uintptr, error) {
	inOff, outOff := a[1], a[3]
	n := int(min(a[4], uaccess.MaxRWCount))
	if n == 0 {
		return 0, nil
	}
	flags := uint32(a[5])
	if flags&^spliceFlags != 0 {
		return 0, syscall.EINVAL
	}
	f, err := t.borrowPair(a[0], a[2])
	if err != nil {
		return 0, err
	}
	defer f.done()
	from, to := pipe.Of(f.in.File), pipe.Of(f.out.File)
	if from != nil && inOff != 0 || to != nil && outOff != 0 {
		return 0, syscall.ESPIPE
	}
	nonblock := flags&spliceNonblock != 0
	switch {
	case from != nil && to != nil:
		if from == to {
			return 0, syscall.EINVAL
		}
		return count(from.MoveTo(to, n, nonblock || f.in.NonBlock() || f.out.NonBlock()))
	case from != nil:
		return spliceOut(from, f.out.File, outOff, n, nonblock || f.in.NonBlock())
	case to != nil:
		return spliceIn(f.in.File, inOff, to, n, nonblock || f.out.NonBlock())
	}
	return 0, syscall.EINVAL
}

// count is the result of a call that counts bytes.
func count(n int, err error) (uintptr, error) { return uintptr(n), err }

// spliceOut moves data from a pipe to a file.
func spliceOut(from *pipe.Pipe, f *fs.File, addr uintptr, n int, nonblock bool) (uintptr, error) {
	o, err := loadOffset(f, addr)
	if err != nil {
		return 0, err
	}
	if f.Flags()&syscall.O_APPEND != 0 || !canSplice(f) {
		return 0, syscall.EINVAL
	}
	if err := o.check(n); err != nil {
		return 0, err
	}
	done, err := from.ToFile(f, &o.pos, n, nonblock)
	if err == nil {
		err = o.store()
	}
	return count(done, err)
}

// spliceIn moves data from a file to a pipe.
func spliceIn(f *fs.File, addr uintptr, to *pipe.Pipe, n int, nonblock bool) (uintptr, error) {
	o, err := loadOffset(f, addr)
	if err != nil {
		return 0, err
	}
	if err := o.check(n); err != nil {
		return 0, err
	}
	if !canSplice(f) {
		return 0, syscall.EINVAL
	}
	done, err := to.FromFile(f, &o.pos, n, nonblock)
	if err == nil {
		err = o.store()
	}
	return count(done, err)
}

// sysTee is tee(2).
func sysTee(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[3])
	if flags&^spliceFlags != 0 {
		return 0, syscall.EINVAL
	}
	n := int(min(a[2], uaccess.MaxRWCount))
	if n == 0 {
		return 0, nil
	}
	f, err := t.borrowPair(a[0], a[1])
	if err != nil {
		return 0, err
	}
	defer f.done()
	from, to := pipe.Of(f.in.File), pipe.Of(f.out.File)
	if from == nil || to == nil || from == to {
		return 0, syscall.EINVAL
	}
	nonblock := flags&spliceNonblock != 0 || f.in.NonBlock() || f.out.NonBlock()
	return count(from.CopyTo(to, n, nonblock))
}

// sysVmsplice is vmsplice(2). It copies: the pages of the program stay its own,
// as they do for all that a program can tell unless it changes them too early.
func sysVmsplice(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[3])
	if flags&^spliceFlags != 0 {
		return 0, syscall.EINVAL
	}
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	p := pipe.Of(f.File)
	if p == nil || !f.CanRead() && !f.CanWrite() {
		return 0, syscall.EBADF
	}
	it, err := uaccess.VecIter(a[1], a[2])
	if err != nil || it.Len() == 0 {
		return 0, err
	}
	if f.CanWrite() {
		return count(p.FromUser(&it, flags&spliceNonblock != 0))
	}
	return count(f.Ops.Read(f.File, &it, nil))
}

// sysSendfile is sendfile(2).
func sysSendfile(t *Task, a *SyscallArgs) (uintptr, error) {
	n := int(min(a[3], uaccess.MaxRWCount))
	f, err := t.borrowPair(a[1], a[0])
	if err != nil {
		return 0, err
	}
	defer f.done()
	if a[2] != 0 && !f.in.CanPread() {
		return 0, syscall.ESPIPE
	}
	in, err := loadOffset(f.in.File, a[2])
	if err != nil {
		return 0, err
	}
	if err := in.check(n); err != nil {
		return 0, err
	}
	done, err := sendfile(&in, f.out.File, n)
	if err == nil {
		err = in.store()
	}
	return count(done, err)
}

// sendfile copies up to n bytes from a regular file to any that can be written
// by pieces.
func sendfile(in *offset, out *fs.File, n int) (int, error) {
	if to := pipe.Of(out); to != nil {
		if !canSplice(in.file) {
			return 0, syscall.EINVAL
		}
		return to.FromFile(in.file, &in.pos, n, out.NonBlock())
	}
	switch {
	case !in.file.Inode.IsReg() || out.Flags()&syscall.O_APPEND != 0:
		return 0, syscall.EINVAL
	case !canSplice(out):
		if in.pos >= in.file.Inode.Size() {
			return 0, nil // Linux does not get to writing
		}
		return 0, syscall.EINVAL
	}
	o := offset{file: out, pos: out.Pos()}
	if err := o.check(n); err != nil {
		return 0, err
	}
	done, err := pipe.Copy(in.file, &in.pos, out, &o.pos, n)
	if err == nil {
		err = o.store()
	}
	return done, err
}
