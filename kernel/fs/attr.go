package fs

import (
	"syscall"

	"onsen/arch/spec"
	"onsen/kernel/cred"
	"onsen/kernel/timekeeping"
)

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
	AttrTouch    // both times to now, by somebody who may only write
	AttrTimesSet // at least one time is not just now
	AttrOwner    // a chown(2), be it of nothing
	AttrForce    // no permission is asked
)

// Stat is what stat(2) and statx(2) tell.
type Stat struct {
	spec.Stat
	Btime   int64 // ns since 1970
	MountID int
	IsRoot  bool // the top of a mount
}

// FillStat fills s in with what is known of the file at p.
func FillStat(p Path, s *Stat) error {
	i := p.Dentry.Inode
	if i.Refresh != nil {
		if err := i.Refresh(i); err != nil {
			return err
		}
	}
	s.Dev, s.Ino, s.Rdev = uint32(i.SB.Dev), i.Ino, uint32(i.Rdev)
	s.Mode, s.Nlink, s.UID, s.GID = i.Mode(), i.Nlink(), i.UID(), i.GID()
	s.Size, s.Blksize, s.Blocks = i.Size(), blockSize, 0
	s.Atime, s.Mtime, s.Ctime, s.Btime = i.atime.Load(), i.mtime.Load(), i.ctime.Load(), i.btime
	if i.Mapping != nil {
		s.Blocks = int64(i.Mapping.Pages()) * (blockSize / 512)
	}
	s.MountID, s.IsRoot = 0, false
	if p.Mount != nil {
		s.MountID, s.IsRoot = p.Mount.ID, p.Dentry == p.Mount.Root
	}
	return nil
}

// blockSize is what stat(2) recommends for reading and writing.
const blockSize = 4096

// SetAttr changes attributes of the file at p on behalf of c: EPERM, EACCES,
// EROFS.
func SetAttr(c *cred.Cred, p Path, a *Attr) error {
	if p.Mount.Flags()&MsRdonly != 0 || p.Dentry.Inode.SB.Flags()&MsRdonly != 0 {
		return syscall.EROFS
	}
	i := p.Dentry.Inode
	i.Lock.Lock()
	defer i.Lock.Unlock()
	return i.setAttr(c, a)
}

// setAttr is SetAttr.
//
// Preconditions: i.Lock held for writing.
func (i *Inode) setAttr(c *cred.Cred, a *Attr) error {
	if err := i.maySetAttr(c, a); err != nil {
		return err
	}
	if a.Valid&AttrOwner != 0 {
		i.dropSetID(a)
	}
	now := timekeeping.Realtime()
	if a.Valid&AttrAtimeSet == 0 {
		a.Atime = now
	}
	if a.Valid&AttrMtimeSet == 0 {
		a.Mtime = now
	}
	a.Ctime = now
	if err := i.Ops.SetAttr(i, a); err != nil {
		return err
	}
	i.storeAttr(a)
	return nil
}

// maySetAttr checks permissions; Linux's setattr_prepare. Who may change the
// size was checked before.
func (i *Inode) maySetAttr(c *cred.Cred, a *Attr) error {
	if a.Valid&AttrForce != 0 {
		return nil
	}
	owner := c.FSUID == i.UID()
	switch {
	case a.Valid&AttrUID != 0 && !(owner && a.UID == i.UID()) && !capable(c, capChown):
		return syscall.EPERM
	case a.Valid&AttrGID != 0 && !(owner && (inGroup(c, a.GID) || a.GID == i.GID())) && !capable(c, capChown):
		return syscall.EPERM
	case a.Valid&AttrMode != 0 && !mayOwn(c, i):
		return syscall.EPERM
	case a.Valid&AttrTimesSet != 0 && !mayOwn(c, i):
		return syscall.EPERM
	case a.Valid&AttrTouch != 0 && !mayOwn(c, i):
		if err := Permission(c, i, MayWrite); err != nil {
			return err
		}
	}
	if a.Valid&AttrMode != 0 && a.Mode&syscall.S_ISGID != 0 && !inGroup(c, i.GID()) && !capable(c, capFsetid) {
		a.Mode &^= syscall.S_ISGID
	}
	return nil
}

// dropSetID takes the bits away that would make the new owner's rights
// available to all who may execute the file.
func (i *Inode) dropSetID(a *Attr) {
	mode := i.Mode()
	if a.Valid&AttrMode != 0 || mode&syscall.S_IFMT == syscall.S_IFDIR {
		return
	}
	if drop := setIDBits(mode); drop != 0 {
		a.Valid |= AttrMode
		a.Mode = mode &^ drop
	}
}

// setIDBits returns the set-user-ID and set-group-ID bits of a mode that a
// change by somebody else clears. Without group execution the latter bit means
// mandatory locking, or did once, and stays.
func setIDBits(mode uint32) uint32 {
	bits := mode & syscall.S_ISUID
	if mode&(syscall.S_ISGID|syscall.S_IXGRP) == syscall.S_ISGID|syscall.S_IXGRP {
		bits |= syscall.S_ISGID
	}
	return bits
}

func (i *Inode) storeAttr(a *Attr) {
	if a.Valid&AttrUID != 0 {
		i.uid.Store(a.UID)
	}
	if a.Valid&AttrGID != 0 {
		i.gid.Store(a.GID)
	}
	if a.Valid&AttrMode != 0 {
		i.mode.Store(i.mode.Load()&syscall.S_IFMT | a.Mode&0o7777)
	}
	if a.Valid&AttrAtime != 0 {
		i.atime.Store(a.Atime)
	}
	if a.Valid&AttrMtime != 0 {
		i.mtime.Store(a.Mtime)
	}
	i.ctime.Store(a.Ctime)
}

// RemovePrivs clears the bits of a file that may not survive a write by c.
//
// Preconditions: i.Lock held for writing.
func (i *Inode) RemovePrivs(c *cred.Cred) {
	mode := i.Mode()
	if mode&(syscall.S_ISUID|syscall.S_ISGID) == 0 || mode&syscall.S_IFMT != syscall.S_IFREG {
		return
	}
	if drop := setIDBits(mode); drop != 0 && !capable(c, capFsetid) {
		i.mode.Store(mode &^ drop)
	}
}

// Truncate sets the size of the file at p, as truncate(2) does.
func Truncate(c *cred.Cred, p Path, size int64) error {
	i := p.Dentry.Inode
	switch {
	case i.IsDir():
		return syscall.EISDIR
	case !i.IsReg():
		return syscall.EINVAL
	case p.Mount.Flags()&MsRdonly != 0:
		return syscall.EROFS
	}
	if err := Permission(c, i, MayWrite); err != nil {
		return err
	}
	if err := i.GetWriteAccess(); err != nil {
		return err
	}
	defer i.PutWriteAccess()
	return truncate(c, i, size, nil)
}

// Ftruncate sets the size of an open file, as ftruncate(2) does.
func (f *File) Ftruncate(size int64) error {
	if !f.Inode.IsReg() || !f.CanWrite() {
		return syscall.EINVAL
	}
	return truncate(f.Cred, f.Inode, size, f)
}

// truncate sets the size of a regular file whose writing is permitted.
func truncate(c *cred.Cred, i *Inode, size int64, f *File) error {
	if size > i.Size() {
		if err := CheckSize(size); err != nil {
			return err
		}
	}
	i.Lock.Lock()
	defer i.Lock.Unlock()
	a := Attr{Valid: AttrSize | AttrMtime | AttrCtime | AttrForce, Size: size, File: f}
	if err := i.setAttr(c, &a); err != nil {
		return err
	}
	i.RemovePrivs(c)
	return nil
}

// MaxSize is the length of the longest file.
const MaxSize = 1<<63 - 1

// RlimitFsize returns the caller's RLIMIT_FSIZE. Set at start-up.
var RlimitFsize = func() uint64 { return 1<<64 - 1 }

// FsizeExceeded sends the caller SIGXFSZ. Set at start-up.
var FsizeExceeded = func() {}

// CheckSize returns EFBIG, with a SIGXFSZ, if the caller may not make a file
// that long.
func CheckSize(size int64) error {
	if uint64(size) > RlimitFsize() {
		FsizeExceeded()
		return syscall.EFBIG
	}
	return nil
}
