package fs

import (
	"math"
	"syscall"
)

// Values of lseek(2)'s whence.
const (
	SeekSet = iota
	SeekCur
	SeekEnd
	SeekData
	SeekHole
)

// GenericSeek moves the position of a file that ends at size and has no holes.
// EINVAL; ENXIO.
func GenericSeek(f *File, off int64, whence int, size int64) (int64, error) {
	switch whence {
	case SeekSet:
	case SeekCur:
		if off == 0 {
			return f.Pos(), nil
		}
		off += f.Pos()
	case SeekEnd:
		off += size
	case SeekData, SeekHole:
		if uint64(off) >= uint64(size) {
			return 0, syscall.ENXIO
		}
		if whence == SeekHole {
			off = size
		}
	default:
		return 0, syscall.EINVAL
	}
	if off < 0 {
		return 0, syscall.EINVAL
	}
	f.SetPos(off)
	return off, nil
}

// NoopSeek is NoOps for files without a position that let lseek(2) succeed all the
// same; Linux's noop_llseek.
type NoopSeek struct{ NoOps }

func (NoopSeek) noopSeek() {}

// SeeksNowhere reports whether lseek(2) succeeds and does nothing.
func (f *File) SeeksNowhere() bool {
	_, ok := f.Ops.(interface{ noopSeek() })
	return ok
}

// SeekStart moves the position to off or, relative to the present one, by off,
// as directories and generated files allow: EINVAL.
func SeekStart(f *File, off int64, whence int) (int64, error) {
	if whence != SeekSet && whence != SeekCur {
		return 0, syscall.EINVAL
	}
	return GenericSeek(f, off, whence, math.MaxInt64)
}
