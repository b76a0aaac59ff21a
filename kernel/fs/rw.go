package fs

import (
	"math"
	"syscall"

	"onsen/kernel/uaccess"
)

// LimitWrite shortens a write at pos to what RLIMIT_FSIZE and the largest file
// allow: EFBIG, with a SIGXFSZ in the first case.
func LimitWrite(from *uaccess.Iter, pos int64) error {
	if from.Len() == 0 {
		return nil
	}
	if limit := RlimitFsize(); limit != math.MaxUint64 {
		if uint64(pos) >= limit {
			FsizeExceeded()
			return syscall.EFBIG
		}
		from.Truncate(limit - uint64(pos))
	}
	if pos >= MaxSize-uaccess.MaxRWCount {
		return syscall.EFBIG
	}
	return nil
}

// LockPos keeps other users of the file from its position during a read or write
// that moves it. What it returns is for UnlockPos. A file without a position has
// users that wait for each other, and no lock.
func (f *File) LockPos() (locked bool) {
	if f.refs.Load() == 1 || f.mode&modeSeek == 0 {
		return false
	}
	f.posLock.Lock()
	return true
}

// UnlockPos ends what LockPos has begun.
func (f *File) UnlockPos(locked bool) {
	if locked {
		f.posLock.Unlock()
	}
}

// Seek does lseek(2).
func (f *File) Seek(off int64, whence int) (int64, error) {
	if f.refs.Load() > 1 {
		f.posLock.Lock()
		defer f.posLock.Unlock()
	}
	return f.Ops.Seek(f, off, whence)
}

// Fallocater is what the FileOps of a file that can have space reserved have.
type Fallocater interface {
	// Fallocate does fallocate(2) with arguments that are in range.
	Fallocate(f *File, mode uint32, off, n int64) error
}

// Modes of fallocate(2).
const (
	FallocKeepSize  = 0x01
	FallocPunchHole = 0x02
	fallocModes     = 0x7b // all that Linux knows
)

// Fallocate does fallocate(2).
func (f *File) Fallocate(mode uint32, off, n int64) error {
	switch {
	case off < 0 || n <= 0:
		return syscall.EINVAL
	case mode&^fallocModes != 0, mode&FallocPunchHole != 0 && mode&FallocKeepSize == 0:
		return syscall.EOPNOTSUPP
	case !f.CanWrite():
		return syscall.EBADF
	}
	switch f.Inode.Mode() & syscall.S_IFMT {
	case syscall.S_IFIFO:
		return syscall.ESPIPE
	case syscall.S_IFDIR:
		return syscall.EISDIR
	case syscall.S_IFREG, syscall.S_IFBLK:
	default:
		return syscall.ENODEV
	}
	if off+n < 0 {
		return syscall.EFBIG
	}
	ops, ok := f.Ops.(Fallocater)
	if !ok {
		return syscall.EOPNOTSUPP
	}
	return ops.Fallocate(f, mode, off, n)
}

// copyChunk is how much CopyRange moves at a time.
const copyChunk = 64 << 10

// CopyRange copies up to n bytes between regular files, as copy_file_range(2)
// does. It returns how many: 0 without an error is the end.
func CopyRange(out *File, outPos int64, in *File, inPos, n int64) (done int64, err error) {
	switch {
	case in.Inode.IsDir() || out.Inode.IsDir():
		return 0, syscall.EISDIR
	case !in.Inode.IsReg() || !out.Inode.IsReg():
		return 0, syscall.EINVAL
	case !in.CanRead() || !out.CanWrite() || out.Flags()&syscall.O_APPEND != 0:
		return 0, syscall.EBADF
	case inPos < 0 || outPos < 0:
		return 0, syscall.EINVAL
	case inPos+n < inPos || outPos+n < outPos:
		return 0, syscall.EOVERFLOW
	}
	n = min(n, max(in.Inode.Size()-inPos, 0))
	if in.Inode == out.Inode && inPos < outPos+n && outPos < inPos+n {
		return 0, syscall.EINVAL
	}
	buf := make([]byte, min(n, copyChunk))
	for done < n {
		got, err := in.ReadAt(buf[:min(int64(len(buf)), n-done)], inPos+done)
		if err != nil || got == 0 {
			return done, err
		}
		put, err := out.WriteAt(buf[:got], outPos+done)
		done += int64(put)
		if err != nil || put < got {
			return done, err
		}
	}
	return done, nil
}

// WriteAt writes kernel memory to a file.
func (f *File) WriteAt(b []byte, off int64) (done int, err error) {
	for done < len(b) {
		it := uaccess.KernelIter(b[done:])
		pos := off + int64(done)
		n, err := f.Ops.Write(f, &it, &pos)
		done += n
		if err != nil || n == 0 {
			return done, err
		}
	}
	return done, nil
}
