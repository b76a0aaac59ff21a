// Package ramfs has the file systems whose files live in the page cache only:
// ramfs, tmpfs, which has limits, and the first root.
package ramfs

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/vm"
)

// Magic numbers of statfs(2).
const (
	ramfsMagic = 0x858458f6
	tmpfsMagic = 0x01021994
)

// memFS is a file system in memory, the Private of its SuperBlock.
type memFS struct {
	fs.SimpleSuper
	opts options
	// pages and inodes are what is used.
	pages, inodes atomic.Int64
	// maxPages and maxInodes limit that, 0 for no limit.
	maxPages, maxInodes atomic.Int64
	tmpfs               bool
}

// Register makes ramfs and tmpfs known.
func Register() error {
	if err := fs.RegisterFilesystem("ramfs", mountRamfs); err != nil {
		return err
	}
	return fs.RegisterFilesystem("tmpfs", mountTmpfs)
}

func mountRamfs(t *fs.FilesystemType, _ string, flags uint32, data string) (*fs.SuperBlock, error) {
	m := &memFS{opts: options{mode: 0o755}}
	if err := m.opts.parse(data, false); err != nil {
		return nil, err
	}
	return m.newSuper(t, ramfsMagic, flags), nil
}

func mountTmpfs(t *fs.FilesystemType, _ string, flags uint32, data string) (*fs.SuperBlock, error) {
	return NewTmpfs(t, flags, data)
}

// New returns a ramfs, which has no limits, under a type's name.
func New(t *fs.FilesystemType, flags uint32) *fs.SuperBlock {
	m := &memFS{opts: options{mode: 0o755}}
	return m.newSuper(t, ramfsMagic, flags)
}

// NewTmpfs returns a tmpfs with options under a type's name: the first root and
// devtmpfs.
func NewTmpfs(t *fs.FilesystemType, flags uint32, data string) (*fs.SuperBlock, error) {
	m := &memFS{opts: tmpfsDefaults(), tmpfs: true}
	if err := m.opts.parse(data, true); err != nil {
		return nil, err
	}
	m.maxPages.Store(m.opts.pages)
	m.maxInodes.Store(m.opts.inodes)
	return m.newSuper(t, tmpfsMagic, flags), nil
}

func (m *memFS) newSuper(t *fs.FilesystemType, magic int64, flags uint32) *fs.SuperBlock {
	sb := fs.NewSuperBlock(t, magic, flags, m)
	sb.Private, sb.Resident = m, true
	root := sb.NewInode(m.opts.mode&0o7777|syscall.S_IFDIR, dirOps{})
	root.SetOwner(m.opts.uid, m.opts.gid)
	m.inodes.Add(1)
	sb.SetRoot(root)
	return sb
}

func memOf(i *fs.Inode) *memFS { return i.SB.Private.(*memFS) }

// newInode makes a file: ENOSPC if there are too many.
func (m *memFS) newInode(sb *fs.SuperBlock, a *fs.NewAttr, ops fs.InodeOps) (*fs.Inode, error) {
	if n, most := m.inodes.Add(1), m.maxInodes.Load(); most != 0 && n > most {
		m.inodes.Add(-1)
		return nil, syscall.ENOSPC
	}
	i := sb.NewInode(a.Mode, ops)
	i.SetOwner(a.UID, a.GID)
	i.Rdev = a.Rdev
	if i.IsReg() {
		i.Mapping = vm.NewAddressSpace(m.charge)
	}
	return i, nil
}

// charge counts pages that a file gets or, negative, gives back. It returns
// false if there are too many.
func (m *memFS) charge(pages int) bool {
	n, most := m.pages.Add(int64(pages)), m.maxPages.Load()
	if pages > 0 && most != 0 && n > most {
		m.pages.Add(-int64(pages))
		return false
	}
	return true
}

// StatFS tells the limits; without limits all numbers are zero.
func (m *memFS) StatFS(_ *fs.SuperBlock, s *fs.Statfs) error {
	if most := m.maxPages.Load(); most != 0 {
		s.Blocks = uint64(most)
		s.Bfree = uint64(max(most-m.pages.Load(), 0))
		s.Bavail = s.Bfree
	}
	if most := m.maxInodes.Load(); most != 0 {
		s.Files, s.Ffree = uint64(most), uint64(max(most-m.inodes.Load(), 0))
	}
	return nil
}

// Remount changes the limits: EINVAL for less than is used.
func (m *memFS) Remount(_ *fs.SuperBlock, _ uint32, data string) error {
	o := m.opts
	if err := o.parse(data, m.tmpfs); err != nil {
		return err
	}
	if !m.tmpfs {
		return nil
	}
	if o.pages != m.opts.pages && (m.opts.pages == 0 || o.pages != 0 && o.pages < m.pages.Load()) ||
		o.inodes != m.opts.inodes && (m.opts.inodes == 0 || o.inodes != 0 && o.inodes < m.inodes.Load()) {
		return syscall.EINVAL
	}
	m.opts = o
	m.maxPages.Store(o.pages)
	m.maxInodes.Store(o.inodes)
	return nil
}

// ShowOptions returns what differs from the defaults.
func (m *memFS) ShowOptions(*fs.SuperBlock) string { return m.opts.show(m.tmpfs) }

// Put frees all files.
func (m *memFS) Put(sb *fs.SuperBlock) {
	sb.Root.WalkResident(func(i *fs.Inode) {
		if i.Mapping != nil {
			i.Mapping.Release()
		}
	})
}
