package fs

import (
	"slices"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
)

// capable reports whether c has a capability.
func capable(c *cred.Cred, capability int) bool { return c.Effective>>capability&1 != 0 }

// inGroup reports whether gid is the file system group of c or one of its
// supplementary groups.
func inGroup(c *cred.Cred, gid uint32) bool {
	if gid == c.FSGID {
		return true
	}
	_, found := slices.BinarySearch(c.Groups, gid)
	return found
}

// Permission checks access to an inode: EACCES, or EROFS for writing to a file
// system that is mounted read-only.
func Permission(c *cred.Cred, i *Inode, mask uint32) error {
	if mask&MayWrite != 0 && i.SB.Flags()&MsRdonly != 0 {
		switch i.Mode() & syscall.S_IFMT {
		case syscall.S_IFREG, syscall.S_IFDIR, syscall.S_IFLNK:
			return syscall.EROFS
		}
	}
	if i.Perm != nil {
		return i.Perm(c, i, mask)
	}
	return GenericPermission(c, i, mask)
}

// maySearch is Permission for the way through a directory.
func maySearch(c *cred.Cred, i *Inode) error {
	// Everybody may search most directories.
	if i.Mode()&0o111 == 0o111 && i.Perm == nil {
		return nil
	}
	return Permission(c, i, MayExec)
}

// GenericPermission checks access by mode, owner, group and capabilities:
// EACCES.
func GenericPermission(c *cred.Cred, i *Inode, mask uint32) error {
	mode := i.Mode()
	bits := mode
	switch {
	case c.FSUID == i.UID():
		bits >>= 6
	case inGroup(c, i.GID()):
		bits >>= 3
	}
	if mask&^bits&7 == 0 {
		return nil
	}
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		if mask&MayWrite == 0 && capable(c, capDacReadSearch) || capable(c, capDacOverride) {
			return nil
		}
		return syscall.EACCES
	}
	if mask&7 == MayRead && capable(c, capDacReadSearch) {
		return nil
	}
	if (mask&MayExec == 0 || mode&0o111 != 0) && capable(c, capDacOverride) {
		return nil
	}
	return syscall.EACCES
}

// mayOwn reports whether c may do what only a file's owner may.
func mayOwn(c *cred.Cred, i *Inode) bool { return c.FSUID == i.UID() || capable(c, capFowner) }

// checkSticky returns EPERM if the sticky bit of dir protects victim from c.
func checkSticky(c *cred.Cred, dir, victim *Inode) error {
	if dir.Mode()&syscall.S_ISVTX == 0 || c.FSUID == victim.UID() || c.FSUID == dir.UID() || capable(c, capFowner) {
		return nil
	}
	return syscall.EPERM
}

// ProtectedSymlinks and ProtectedHardlinks are the settings of that name in
// /proc/sys/fs (proc(5)). They are on, as in Debian's kernels.
var ProtectedSymlinks, ProtectedHardlinks atomic.Bool

func init() {
	ProtectedSymlinks.Store(true)
	ProtectedHardlinks.Store(true)
}

// mayFollow reports whether a symbolic link at the end of a path may be
// followed: in a directory where everybody may write, such as /tmp, only if it
// is c's own or the directory's owner's.
func mayFollow(c *cred.Cred, dir, link *Inode) bool {
	const shared = syscall.S_ISVTX | 0o002
	return dir.Mode()&shared != shared || c.FSUID == link.UID() || dir.UID() == link.UID() || !ProtectedSymlinks.Load()
}

// mayLink reports whether c may give a file another name: its own files, and
// those of others that it could copy without gaining rights.
func mayLink(c *cred.Cred, i *Inode) bool {
	if mayOwn(c, i) || !ProtectedHardlinks.Load() {
		return true
	}
	mode := i.Mode()
	return i.IsReg() && setIDBits(mode) == 0 && Permission(c, i, MayRead|MayWrite) == nil
}

// mayCreate checks that a name may be made in dir.
//
// Preconditions: dir.Lock held.
func mayCreate(c *cred.Cred, dir *Inode) error {
	if dir.dead {
		return syscall.ENOENT
	}
	return Permission(c, dir, MayWrite|MayExec)
}

// mayDelete checks that victim may lose its name in dir. asDir says that it is
// to be removed as a directory.
//
// Preconditions: dir.Lock held.
func mayDelete(c *cred.Cred, dir, victim *Inode, asDir bool) error {
	if err := Permission(c, dir, MayWrite|MayExec); err != nil {
		return err
	}
	if err := checkSticky(c, dir, victim); err != nil {
		return err
	}
	switch {
	case asDir && !victim.IsDir():
		return syscall.ENOTDIR
	case !asDir && victim.IsDir():
		return syscall.EISDIR
	case dir.dead:
		return syscall.ENOENT
	}
	return nil
}

// Access does what access(2) asks for: Permission, and EROFS or EACCES where
// the mount forbids writing or executing. mask may be 0.
func Access(c *cred.Cred, p Path, mask uint32) error {
	i := p.Dentry.Inode
	if mask&MayExec != 0 && i.IsReg() && p.Mount.Flags()&MsNoexec != 0 {
		return syscall.EACCES
	}
	if err := Permission(c, i, mask); err != nil {
		return err
	}
	if mask&MayWrite == 0 || p.Mount.Flags()&MsRdonly == 0 {
		return nil
	}
	switch i.Mode() & syscall.S_IFMT {
	case syscall.S_IFCHR, syscall.S_IFBLK, syscall.S_IFIFO, syscall.S_IFSOCK:
		return nil
	}
	return syscall.EROFS
}
