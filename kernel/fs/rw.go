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
