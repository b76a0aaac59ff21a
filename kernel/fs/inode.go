package fs

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
	"onsen/kernel/vm"
)

// Inode is a file of a file system; Linux's struct inode. Make one with
// SuperBlock.NewInode, fill in the rest before anybody else can find it.
type Inode struct {
	// Ops is what the file system does with the file. Constant.
	Ops InodeOps
	// SB is the file system. Constant.
	SB *SuperBlock
	// Ino is the file's number in SB. Constant.
	Ino uint64
	// Rdev is the device that a device node stands for. Constant.
	Rdev Dev
	// Private belongs to Ops.
	Private any
	// Mapping is the page cache of a regular file that has one. Constant.
	Mapping *vm.AddressSpace
	// Perm, if set, replaces GenericPermission. Constant.
	Perm func(c *cred.Cred, i *Inode, mask uint32) error
	// Refresh, if set, brings the attributes up to date before they are told.
	// Constant.
	Refresh func(i *Inode) error
	// Volatile says of a directory that its names are not to be remembered:
	// every walk calls Lookup. Constant.
	Volatile bool

	// Lock is held for reading by lookups and listings of a directory, for
	// writing by changes of a directory's names and of attributes.
	Lock sched.RWSem

	id uint64 // order among inodes of all file systems. Constant

	// Attributes. Read at any time, written under Lock; times also without.
	mode, uid, gid, nlink atomic.Uint32
	atime, mtime, ctime   atomic.Int64 // ns since 1970
	btime                 int64        // Constant
	size                  atomic.Int64 // if there is no Mapping

	// users is the number of open files, or negative once the file is deleted
	// and closed for good.
	users atomic.Int32
	// writers is how many have it open for writing, or, negative, how many
	// forbid that because they execute it.
	writers atomic.Int32
	// dead is set of a directory that was removed. Lock.
	dead bool
	// linkable is set of a file of O_TMPFILE without O_EXCL, which link(2) may
	// give a first name. Lock.
	linkable bool
	// locks are those of flock(2) and fcntl(2), nil if there never was one.
	locks atomic.Pointer[lockTable]
}

// InodeOps is what a file system does with a file; Linux's inode_operations.
// Embed NoInodeOps and write what the file has. The names of a directory are
// passed without slashes, never "." or "..", and may be kept. For methods that
// take a dir, its Lock is held: for reading by Lookup, for writing by all others.
type InodeOps interface {
	// Lookup finds a name in a directory: ENOENT.
	Lookup(dir *Inode, name string) (*Inode, error)
	// Mknod makes a file of any type but directory and symbolic link; mode has
	// its type. The owner is as the VFS computed it.
	Mknod(dir *Inode, name string, a *NewAttr) (*Inode, error)
	// Mkdir makes a directory.
	Mkdir(dir *Inode, name string, a *NewAttr) (*Inode, error)
	// Symlink makes a symbolic link.
	Symlink(dir *Inode, name, target string, a *NewAttr) (*Inode, error)
	// Link gives a file another name.
	Link(dir *Inode, name string, target *Inode) error
	// Unlink takes the name of something that is no directory away.
	Unlink(dir *Inode, name string, target *Inode) error
	// Rmdir takes the name of a directory, which is empty as far as dentries
	// know, away.
	Rmdir(dir *Inode, name string, target *Inode) error
	// Rename moves a name. target is what the new name was, or nil; with
	// RENAME_EXCHANGE it goes the other way.
	Rename(dir *Inode, name string, moved *Inode, newDir *Inode, newName string, target *Inode, flags uint32) error
	// Tmpfile makes a regular file without a name.
	Tmpfile(dir *Inode, a *NewAttr) (*Inode, error)
	// GetLink returns what a symbolic link says, or, if it leads somewhere that
	// no name can say (/proc/PID/fd), that place.
	GetLink(i *Inode, c *cred.Cred) (target string, jump Path, err error)
	// Open sets f.Ops, and f.Private if need be. Devices, FIFOs and O_PATH never
	// come here.
	Open(i *Inode, f *File) error
	// SetAttr is asked to agree with a change of attributes and to do what it
	// has to; the VFS then stores them. i.Lock is held.
	SetAttr(i *Inode, a *Attr) error
	// Evict is called when the last name and the last open file are gone, or
	// the file system goes.
	Evict(i *Inode)
}

// NewAttr is what a new file begins with.
type NewAttr struct {
	Mode     uint32
	UID, GID uint32
	Rdev     Dev
}

// NoInodeOps answers every operation as Linux does for a file without it.
type NoInodeOps struct{}

// Lookup returns ENOENT.
func (NoInodeOps) Lookup(*Inode, string) (*Inode, error) { return nil, syscall.ENOENT }

// Mknod returns EPERM.
func (NoInodeOps) Mknod(*Inode, string, *NewAttr) (*Inode, error) { return nil, syscall.EPERM }

// Mkdir returns EPERM.
func (NoInodeOps) Mkdir(*Inode, string, *NewAttr) (*Inode, error) { return nil, syscall.EPERM }

// Symlink returns EPERM.
func (NoInodeOps) Symlink(*Inode, string, string, *NewAttr) (*Inode, error) {
	return nil, syscall.EPERM
}

// Link returns EPERM.
func (NoInodeOps) Link(*Inode, string, *Inode) error { return syscall.EPERM }

// Unlink returns EPERM.
func (NoInodeOps) Unlink(*Inode, string, *Inode) error { return syscall.EPERM }

// Rmdir returns EPERM.
func (NoInodeOps) Rmdir(*Inode, string, *Inode) error { return syscall.EPERM }

// Rename returns EPERM.
func (NoInodeOps) Rename(*Inode, string, *Inode, *Inode, string, *Inode, uint32) error {
	return syscall.EPERM
}

// Tmpfile returns EOPNOTSUPP.
func (NoInodeOps) Tmpfile(*Inode, *NewAttr) (*Inode, error) { return nil, syscall.EOPNOTSUPP }

// GetLink returns EINVAL.
func (NoInodeOps) GetLink(*Inode, *cred.Cred) (string, Path, error) {
	return "", Path{}, syscall.EINVAL
}

// Open returns ENXIO.
func (NoInodeOps) Open(*Inode, *File) error { return syscall.ENXIO }

// SetAttr agrees.
func (NoInodeOps) SetAttr(*Inode, *Attr) error { return nil }

// Evict does nothing.
func (NoInodeOps) Evict(*Inode) {}

// lastID is the last Inode.id given out.
var lastID atomic.Uint64

// NewInode returns an inode with a number of its own, a mode with type, and the
// present time. It has one link, a directory two.
func (sb *SuperBlock) NewInode(mode uint32, ops InodeOps) *Inode {
	return sb.NewInodeNr(sb.lastIno.Add(1), mode, ops)
}

// NewInodeNr is NewInode with a number that the file system has chosen.
func (sb *SuperBlock) NewInodeNr(ino uint64, mode uint32, ops InodeOps) *Inode {
	i := &Inode{Ops: ops, SB: sb, Ino: ino, id: lastID.Add(1)}
	i.mode.Store(mode)
	i.nlink.Store(1)
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		i.nlink.Store(2)
	}
	now := timekeeping.Realtime()
	i.btime = now
	i.SetTimes(now, now, now)
	return i
}

// Mode returns the type and the permissions.
func (i *Inode) Mode() uint32 { return i.mode.Load() }

// SetMode changes the permissions. Lock is held, or nobody else knows i.
func (i *Inode) SetMode(mode uint32) { i.mode.Store(mode) }

// UID returns the owner.
func (i *Inode) UID() uint32 { return i.uid.Load() }

// GID returns the group.
func (i *Inode) GID() uint32 { return i.gid.Load() }

// SetOwner changes owner and group. Lock is held, or nobody else knows i.
func (i *Inode) SetOwner(uid, gid uint32) { i.uid.Store(uid); i.gid.Store(gid) }

// Nlink returns the number of names.
func (i *Inode) Nlink() uint32 { return i.nlink.Load() }

// SetNlink sets the number of names, of a directory 2 and one for each
// directory in it.
func (i *Inode) SetNlink(n uint32) { i.nlink.Store(n) }

// AddNlink changes the number of names.
func (i *Inode) AddNlink(by int) { i.nlink.Add(uint32(by)) }

// SetTimes sets the times of last access, data change and attribute change, in
// ns since 1970.
func (i *Inode) SetTimes(atime, mtime, ctime int64) {
	i.atime.Store(atime)
	i.mtime.Store(mtime)
	i.ctime.Store(ctime)
}

// TouchMtime notes that the contents have changed now.
func (i *Inode) TouchMtime() {
	now := timekeeping.Realtime()
	i.mtime.Store(now)
	i.ctime.Store(now)
}

// TouchCtime notes that the attributes have changed now.
func (i *Inode) TouchCtime() { i.ctime.Store(timekeeping.Realtime()) }

// Size returns the length in bytes.
func (i *Inode) Size() int64 {
	if i.Mapping != nil {
		return i.Mapping.Size()
	}
	return i.size.Load()
}

// SetSize sets the length of a file without a page cache.
func (i *Inode) SetSize(n int64) { i.size.Store(n) }

// IsDir reports whether the file is a directory.
func (i *Inode) IsDir() bool { return i.mode.Load()&syscall.S_IFMT == syscall.S_IFDIR }

// IsReg reports whether the file is a regular file.
func (i *Inode) IsReg() bool { return i.mode.Load()&syscall.S_IFMT == syscall.S_IFREG }

// IsSymlink reports whether the file is a symbolic link.
func (i *Inode) IsSymlink() bool { return i.mode.Load()&syscall.S_IFMT == syscall.S_IFLNK }

// goneUsers is Inode.users and Mount.users of what is gone.
const goneUsers = -1 << 30

// hold counts a user unless the thing is gone.
func hold(users *atomic.Int32) bool {
	for {
		n := users.Load()
		if n < 0 {
			return false
		}
		if users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// drop gives up what hold has counted.
func (i *Inode) drop() {
	if i.users.Add(-1) == 0 {
		i.evictUnused()
	}
}

// evictUnused evicts the inode if it has neither name nor user. A directory has
// nothing that could be freed before the garbage collector does, and can be used
// as long as somebody stands in it; it is evicted when it is removed.
func (i *Inode) evictUnused() {
	if !i.IsDir() && i.nlink.Load() == 0 && i.users.CompareAndSwap(0, goneUsers) {
		i.Ops.Evict(i)
	}
}

// GetWriteAccess counts one who writes the contents: ETXTBSY if the file is
// being executed.
func (i *Inode) GetWriteAccess() error {
	for {
		n := i.writers.Load()
		if n < 0 {
			return syscall.ETXTBSY
		}
		if i.writers.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// PutWriteAccess undoes GetWriteAccess.
func (i *Inode) PutWriteAccess() { i.writers.Add(-1) }

// DenyWrite forbids writing until AllowWrite, because the file is being
// executed: ETXTBSY if somebody writes it.
func (i *Inode) DenyWrite() error {
	for {
		n := i.writers.Load()
		if n > 0 {
			return syscall.ETXTBSY
		}
		if i.writers.CompareAndSwap(n, n-1) {
			return nil
		}
	}
}

// AllowWrite undoes DenyWrite.
func (i *Inode) AllowWrite() { i.writers.Add(1) }
