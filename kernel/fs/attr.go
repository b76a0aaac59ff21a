package fs

// Attr is a change of attributes; Linux's struct iattr. Only what Valid names
// is changed.
type Attr struct {
	Valid               uint32
	Mode                uint32
	UID, GID            uint32
	Size                int64
	Atime, Mtime, Ctime int64
	// File is the open file of an ftruncate(2), or nil.
	File *File
}

// Bits of Attr.Valid.
const (
	AttrMode = 1 << iota
	AttrUID
	AttrGID
	AttrSize
	AttrAtime
	AttrMtime
	AttrCtime
	AttrAtimeSet // Atime is not just now
	AttrMtimeSet
	AttrTouch // both times to now, by somebody who may only write
	AttrForce // no permission is asked
	AttrKillPriv
)

// Stat is what stat(2) and statx(2) tell.
type Stat struct {
	Dev                        Dev
	Ino                        uint64
	Mode, Nlink, UID, GID      uint32
	Rdev                       Dev
	Size                       int64
	Blksize                    uint32
	Blocks                     int64 // of 512 bytes
	Atime, Mtime, Ctime, Btime int64 // ns since 1970
	MountID                    int
	Attributes                 uint64
}
