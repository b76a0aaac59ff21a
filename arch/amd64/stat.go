package amd64

import "onsen/arch/spec"

// UserStat is struct stat (arch/x86/include/uapi/asm/stat.h).
type UserStat struct {
	Dev, Ino, Nlink       uint64
	Mode, UID, GID, _     uint32
	Rdev                  uint64
	Size, Blksize, Blocks int64
	Atime, AtimeNsec      int64
	Mtime, MtimeNsec      int64
	Ctime, CtimeNsec      int64
	_                     [3]int64
}

// Set lays s out.
func (u *UserStat) Set(s *spec.Stat) {
	u.Dev, u.Ino, u.Nlink = uint64(s.Dev), s.Ino, uint64(s.Nlink)
	u.Mode, u.UID, u.GID = s.Mode, s.UID, s.GID
	u.Rdev = uint64(s.Rdev)
	u.Size, u.Blksize, u.Blocks = s.Size, int64(s.Blksize), s.Blocks
	u.Atime, u.AtimeNsec = spec.SplitTime(s.Atime)
	u.Mtime, u.MtimeNsec = spec.SplitTime(s.Mtime)
	u.Ctime, u.CtimeNsec = spec.SplitTime(s.Ctime)
}
