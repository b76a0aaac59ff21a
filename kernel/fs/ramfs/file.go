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
	return i.Mapping.Truncate(a.Size)
}

// file is an open regular file.
type file struct{ fs.NoOps }

// Read reads from the page cache.
func (file) Read(f *fs.File, to *uaccess.Iter, pos *int64) (int, error) {
	i := f.Inode
	n, err := i.Mapping.ReadIter(to, *pos, i.Size())
	*pos += int64(n)
	f.Accessed()
	return n, err
}

// Write writes to the page cache.
func (file) Write(f *fs.File, from *uaccess.Iter, pos *int64) (int, error) {
	i := f.Inode
	i.Lock.Lock()
	defer i.Lock.Unlock()
	if f.Flags()&syscall.O_APPEND != 0 {
		*pos = i.Size()
	}
	if err := fs.LimitWrite(from, *pos); err != nil || from.Len() == 0 {
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

// Seek moves the position; all of the file counts as data.
func (file) Seek(f *fs.File, off int64, whence int) (int64, error) {
	return fs.GenericSeek(f, off, whence, f.Inode.Size())
}

// Mmap returns the page cache.
func (file) Mmap(f *fs.File) (vm.Mappable, error) { return f.Inode.Mapping, nil }

// Fsync has nothing to do.
func (file) Fsync(*fs.File, bool) error { return nil }
