package spec

// Stat is what stat(2) tells, for the architecture to lay out. Times are in
// nanoseconds since 1970.
type Stat struct {
	Dev, Rdev           uint32
	Ino                 uint64
	Nlink               uint32
	Mode, UID, GID      uint32
	Size, Blocks        int64 // Blocks are of 512 bytes
	Blksize             uint32
	Atime, Mtime, Ctime int64
}

// SplitTime turns nanoseconds into seconds and the rest, which is never
// negative.
func SplitTime(ns int64) (sec, nsec int64) {
	const second = 1_000_000_000
	sec, nsec = ns/second, ns%second
	if nsec < 0 {
		sec, nsec = sec-1, nsec+second
	}
	return sec, nsec
}
