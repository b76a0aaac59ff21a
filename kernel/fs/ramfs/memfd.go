package ramfs

import (
	"sync"
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// Seals of fcntl(2): what nobody may do to a file any more.
const (
	SealSeal        = 0x01 // add seals
	SealShrink      = 0x02
	SealGrow        = 0x04
	SealWrite       = 0x08
	SealFutureWrite = 0x10 // write, but through mappings that there are already

	sealAll = 0x1f
)

// shm is the file system of files that are in no directory, without limits. Linux's
// shm_mnt.
var shm = sync.OnceValue(func() *fs.SuperBlock {
	m := &memFS{opts: options{mode: 0o777}, tmpfs: true}
	return m.newSuper(&fs.FilesystemType{Name: "tmpfs"}, tmpfsMagic, 0)
})

// NewUnnamed opens, for reading and writing, a new file that is in no directory and
// belongs to the caller, with seals that can or cannot be added to. name is what
// /proc shows of it.
func NewUnnamed(ctx *fs.Context, name string, sealing bool) (*fs.File, error) {
	sb := shm()
	i, err := memOf(sb.Root.Inode).newInode(sb, &fs.NewAttr{
		Mode: syscall.S_IFREG | 0o777, UID: ctx.Cred.FSUID, GID: ctx.Cred.FSGID,
	}, regOps{})
	if err != nil {
		return nil, err
	}
	i.SetNlink(0)
	s := new(seals)
	if !sealing {
		s.set.Store(SealSeal)
	}
	i.Private = s
	return fs.OpenUnnamed(ctx, i, name, syscall.O_RDWR|fs.OLargefile)
}

// seals are those of a file, its inode's Private.
type seals struct{ set atomic.Uint32 } // written under Inode.Lock

// sealed is what files have that never can be sealed.
var sealed seals

func init() { sealed.set.Store(SealSeal) }

func sealsOf(i *fs.Inode) *seals {
	if s, ok := i.Private.(*seals); ok {
		return s
	}
	return &sealed
}

func (s *seals) has(any uint32) bool { return s.set.Load()&any != 0 }

// resize returns EPERM if the size may not change like that.
func (s *seals) resize(from, to int64) error {
	if to < from && s.has(SealShrink) || to > from && s.has(SealGrow) {
		return syscall.EPERM
	}
	return nil
}

// write returns EPERM if nothing may be written. What may not grow is written page by
// page up to the first page that would have to, as in Linux.
func (s *seals) write(from *uaccess.Iter, pos, size int64) error {
	if s.has(SealWrite | SealFutureWrite) {
		return syscall.EPERM
	}
	if s.has(SealGrow) && pos+int64(from.Len()) > size {
		whole := size&^(arch.PageSize-1) - pos
		if whole <= 0 {
			return syscall.EPERM
		}
		from.Truncate(uint64(whole))
	}
	return nil
}

// fallocate returns EPERM if it may not punch, or not reach beyond the end.
func (s *seals) fallocate(punch, beyond bool) error {
	if punch && s.has(SealWrite|SealFutureWrite) || !punch && beyond && s.has(SealGrow) {
		return syscall.EPERM
	}
	return nil
}

// Seals returns those of an open file; false if it is not on tmpfs.
func (file) Seals(f *fs.File) (set uint32, ok bool) {
	return sealsOf(f.Inode).set.Load(), memOf(f.Inode).tmpfs
}

// AddSeals adds to them: EINVAL, EPERM, and EBUSY for SealWrite as long as mappings
// can write.
func (file) AddSeals(f *fs.File, add uint32) error {
	if add&^sealAll != 0 || !memOf(f.Inode).tmpfs {
		return syscall.EINVAL
	}
	i := f.Inode
	i.Lock.Lock()
	defer i.Lock.Unlock()
	s := sealsOf(i)
	switch {
	case s.has(SealSeal):
		return syscall.EPERM
	case add&SealWrite != 0 && !s.has(SealWrite) && !i.Mapping.DenyWritable():
		return syscall.EBUSY
	}
	s.set.Or(add)
	return nil
}
