package ramfs

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// regOps are the operations of a regular file.
type regOps struct{ common }

// Open opens the file.
func (regOps) Open(_ *fs.Inode, f *fs.File) error {
	f.Ops = file{}
	return nil
}

// SetAttr does truncate(2).
func (regOps) SetAttr(i *fs.Inode, a *fs.Attr) error {
	if a.Valid&fs.AttrSize == 0 {
		return nil
	}
	if err := sealsOf(i).resize(i.Size(), a.Size); err != nil {
		return err
	}
	return i.Mapping.Truncate(a.Size)
}

// file is an open regular file.
type file struct{ fs.NoOps }

// Read reads from the page cache.
func (file) Read(f *fs.File, to *uaccess.Iter, pos *int64) (int, error) {
	i := f.Inode
	n, err := i.Mapping.ReadIter(to, *pos, int64(to.Len()))
	*pos += int64(n)
	f.Accessed()
	return n, err
}

// Write writes to the page cache.
func (file) Write(f *fs.File, from *uaccess.Iter, pos *int64) (int, error) {
	i := f.Inode
	i.Lock.Lock()
	defer i.Lock.Unlock()
	if f.Flags()&syscall.O_APPEND != 0 || *pos == fs.AtEnd {
		*pos = i.Size()
	}
	if err := fs.LimitWrite(from, *pos); err != nil || from.Len() == 0 {
		return 0, err
	}
	if err := sealsOf(i).write(from, *pos, i.Size()); err != nil {
		return 0, err
	}
	i.RemovePrivs(f.Cred)
	n, err := i.Mapping.WriteIter(from, *pos)
	if n > 0 {
		*pos += int64(n)
		i.TouchMtime()
		err = nil // the rest will say it again
	}
	return n, err
}

// Seek moves the position. What is in no page is a hole.
func (file) Seek(f *fs.File, off int64, whence int) (int64, error) {
	size := f.Inode.Size()
	if whence == fs.SeekData || whence == fs.SeekHole {
		if uint64(off) >= uint64(size) {
			return 0, syscall.ENXIO
		}
		if whence == fs.SeekHole {
			off = f.Inode.Mapping.NextHole(off)
		} else {
			var found bool
			if off, found = f.Inode.Mapping.NextData(off); !found {
				return 0, syscall.ENXIO
			}
		}
		whence = fs.SeekSet
	}
	return fs.GenericSeek(f, off, whence, size)
}

// Fallocate reserves pages or punches a hole.
func (file) Fallocate(f *fs.File, mode uint32, off, n int64) error {
	if mode&^(fs.FallocKeepSize|fs.FallocPunchHole) != 0 {
		return syscall.EOPNOTSUPP
	}
	i := f.Inode
	i.Lock.Lock()
	defer i.Lock.Unlock()
	if err := sealsOf(i).fallocate(mode&fs.FallocPunchHole != 0, off+n > i.Size()); err != nil {
		return err
	}
	i.RemovePrivs(f.Cred)
	i.TouchMtime()
	if mode&fs.FallocPunchHole != 0 {
		if n = min(n, i.Size()-off); n > 0 {
			i.Mapping.Punch(off, n)
		}
		return nil
	}
	grows := mode&fs.FallocKeepSize == 0 && off+n > i.Size()
	if grows {
		if err := fs.CheckSize(off + n); err != nil {
			return err
		}
	}
	if err := i.Mapping.Allocate(off, n); err != nil || !grows {
		return err
	}
	return i.Mapping.Truncate(off + n)
}

// Mmap returns the page cache.
func (file) Mmap(f *fs.File) (vm.Mappable, error) { return f.Inode.Mapping, nil }

// Fsync has nothing to do.
func (file) Fsync(*fs.File, bool) error { return nil }
