package arm64

import "onsen/arch/spec"

// UserStat is struct stat (include/uapi/asm-generic/stat.h).
type UserStat struct {
	Dev, Ino              uint64
	Mode, Nlink, UID, GID uint32
	Rdev, _               uint64
	Size                  int64
	Blksize, _            int32
	Blocks                int64
	Atime, AtimeNsec      int64
	Mtime, MtimeNsec      int64
	Ctime, CtimeNsec      int64
	_                     [2]uint32
}

// Set lays s out.
func (u *UserStat) Set(s *spec.Stat) {
	u.Dev, u.Ino = uint64(s.Dev), s.Ino
	u.Mode, u.Nlink, u.UID, u.GID = s.Mode, s.Nlink, s.UID, s.GID
	u.Rdev = uint64(s.Rdev)
	u.Size, u.Blksize, u.Blocks = s.Size, int32(s.Blksize), s.Blocks
	u.Atime, u.AtimeNsec = spec.SplitTime(s.Atime)
	u.Mtime, u.MtimeNsec = spec.SplitTime(s.Mtime)
	u.Ctime, u.CtimeNsec = spec.SplitTime(s.Ctime)
}
