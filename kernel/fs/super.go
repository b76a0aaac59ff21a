package fs

import (
	"slices"
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// SuperBlock is a mounted file system; Linux's struct super_block.
type SuperBlock struct {
	// Type is what it was mounted as. Constant.
	Type *FilesystemType
	// Dev is the number that stat(2) shows. Constant.
	Dev Dev
	// Magic is statfs(2)'s f_type. Constant.
	Magic int64
	// Root is the top directory. Constant after mounting.
	Root *Dentry
	// Ops is what the file system does. Constant.
	Ops SuperOps
	// Resident says that the dentries are all there is: what they do not have
	// does not exist. Constant.
	Resident bool
	// Private belongs to Ops.
	Private any

	// flags are MS_* flags: MS_RDONLY, MS_SYNCHRONOUS and so on.
	flags atomic.Uint32
	// rename is held by renames from one directory to another.
	rename  sched.Mutex
	lastIno atomic.Uint64
	// mounts is the number of Mounts that are not gone. namespaceLock.
	mounts int
}

// SuperOps is what a file system does as a whole; Linux's super_operations.
type SuperOps interface {
	// StatFS fills in what statfs(2) says besides type, flags and name length.
	StatFS(sb *SuperBlock, s *Statfs) error
	// Remount checks and sets options: those of MS_REMOUNT's data.
	Remount(sb *SuperBlock, flags uint32, data string) error
	// ShowOptions returns the file system's own options as /proc/mounts shows
	// them, each with a comma before it.
	ShowOptions(sb *SuperBlock) string
	// Put is called when the file system is mounted nowhere and unused.
	Put(sb *SuperBlock)
}

// Statfs is what statfs(2) tells. Its layout is Linux's on 64-bit machines.
type Statfs struct {
	Type, Bsize                         int64
	Blocks, Bfree, Bavail, Files, Ffree uint64
	Fsid                                [2]int32
	Namelen, Frsize, Flags              int64
	Spare                               [4]int64
}

// SimpleSuper are the SuperOps of file systems without storage.
type SimpleSuper struct{}

// StatFS returns zeros.
func (SimpleSuper) StatFS(*SuperBlock, *Statfs) error { return nil }

// Remount ignores options, as Linux does for such file systems.
func (SimpleSuper) Remount(*SuperBlock, uint32, string) error { return nil }

// ShowOptions returns nothing.
func (SimpleSuper) ShowOptions(*SuperBlock) string { return "" }

// Put does nothing.
func (SimpleSuper) Put(*SuperBlock) {}

// FilesystemType is a kind of file system; Linux's file_system_type.
type FilesystemType struct {
	// Name is mount(2)'s.
	Name string
	// NoDev says that it needs no device: "nodev" in /proc/filesystems.
	NoDev bool
	// Mount returns a file system, new or, if there is but one, that.
	Mount func(t *FilesystemType, source string, flags uint32, data string) (*SuperBlock, error)
}

// registry are the kinds of file systems there are.
var registry struct {
	lock spin.Lock
	// types is replaced, never changed. lock.
	types []*FilesystemType
}

// RegisterFilesystem makes a kind of file system known: EBUSY if there is one
// of that name. It needs no device.
func RegisterFilesystem(name string, mount func(t *FilesystemType, source string, flags uint32, data string) (*SuperBlock, error)) error {
	t := &FilesystemType{Name: name, NoDev: true, Mount: mount}
	for {
		old := Filesystems()
		if FindFilesystem(name) != nil {
			return syscall.EBUSY
		}
		types := append(slices.Clone(old), t)
		registry.lock.Lock()
		ok := len(registry.types) == len(old)
		if ok {
			registry.types = types
		}
		registry.lock.Unlock()
		if ok {
			return nil
		}
	}
}

// Filesystems returns all kinds of file systems. The caller must not change it.
func Filesystems() []*FilesystemType {
	registry.lock.Lock()
	defer registry.lock.Unlock()
	return registry.types
}

// FindFilesystem returns a kind of file system, or nil.
func FindFilesystem(name string) *FilesystemType {
	for _, t := range Filesystems() {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// lastAnonDev is the last minor number given to a file system without device.
var lastAnonDev atomic.Uint32

// NewSuperBlock returns a file system without a device, to be given a Root by
// SetRoot.
func NewSuperBlock(t *FilesystemType, magic int64, flags uint32, ops SuperOps) *SuperBlock {
	sb := &SuperBlock{Type: t, Dev: MkDev(0, lastAnonDev.Add(1)), Magic: magic, Ops: ops}
	sb.flags.Store(flags & superFlags)
	return sb
}

// SetRoot makes i, a directory, the top of the file system.
func (sb *SuperBlock) SetRoot(i *Inode) { sb.Root = newDentry(nil, "/", i) }

// Flags returns the MS_* flags of the file system as a whole.
func (sb *SuperBlock) Flags() uint32 { return sb.flags.Load() }

// AddChild gives a file a name in a directory of a file system that is being
// set up or that adds names by itself. It returns EEXIST.
//
// Preconditions: dir's Inode.Lock is not held.
func (d *Dentry) AddChild(name string, i *Inode) (*Dentry, error) {
	d.Inode.Lock.Lock()
	defer d.Inode.Lock.Unlock()
	q := makeName(name)
	if old, _ := d.lookup(&q); old != nil {
		return nil, syscall.EEXIST
	}
	if d.Inode.dead {
		return nil, syscall.ENOENT
	}
	c := newDentry(d, name, i)
	d.insert(c)
	return c, nil
}

// Child returns the dentry of a name that is in memory, or nil.
func (d *Dentry) Child(name string) *Dentry {
	d.Inode.Lock.RLock()
	defer d.Inode.Lock.RUnlock()
	q := makeName(name)
	c, _ := d.lookup(&q)
	return c
}

// RemoveChild takes a name away that AddChild has made.
func (d *Dentry) RemoveChild(c *Dentry) {
	d.Inode.Lock.Lock()
	d.remove(c)
	d.Inode.Lock.Unlock()
}

// AddNode makes a file in a directory as the file system does it for mknod(2)
// and mkdir(2), without asking for permission: EEXIST.
func (d *Dentry) AddNode(name string, a *NewAttr) (*Dentry, error) {
	dir := d.Inode
	dir.Lock.Lock()
	defer dir.Lock.Unlock()
	q := makeName(name)
	if _, err := d.findLocked(&q); err != syscall.ENOENT {
		return nil, syscall.EEXIST
	}
	mk := dir.Ops.Mknod
	if a.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		mk = dir.Ops.Mkdir
	}
	i, err := mk(dir, name, a)
	if err != nil {
		return nil, err
	}
	c := newDentry(d, name, i)
	d.insert(c)
	return c, nil
}
