package procfs

import (
	"io"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

const (
	// firstEntry is the position of the first entry in a listing, behind "." and
	// "..", and firstFound that of number 0 of Dir.List.
	firstEntry = 2
	firstFound = 1 << 12
)

// dirOps is what an open directory does.
type dirOps struct{ fs.NoOps }

// Read returns EISDIR.
func (dirOps) Read(*fs.File, *uaccess.Iter, *int64) (int, error) { return 0, syscall.EISDIR }

// Seek moves the position to one that a listing has told.
func (dirOps) Seek(f *fs.File, off int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		off += f.Pos()
	} else if whence != io.SeekStart {
		return 0, syscall.EINVAL
	}
	if off < 0 {
		return 0, syscall.EINVAL
	}
	f.SetPos(off)
	return off, nil
}

// ReadDir lists the entries that are always there, and then those that Find
// finds.
func (dirOps) ReadDir(f *fs.File, d *fs.DirContext) error {
	n := f.Inode.Private.(*node)
	if !n.alive() {
		return syscall.ENOENT
	}
	if !d.EmitDots(f) {
		return nil
	}
	dir := n.e.Dir
	for i := int(d.Pos - firstEntry); d.Pos < firstFound && i < len(dir.Entries); i++ {
		e := &dir.Entries[i]
		if !d.Emit(e.Name, inoOf(f.Inode.Ino, d.Pos), e.mode(), d.Pos+1) {
			return nil
		}
	}
	if dir.List == nil {
		return nil
	}
	d.Pos = max(d.Pos, firstFound)
	return dir.List(n.key, d.Pos-firstFound, func(number int64, name string, mode uint32) bool {
		d.Pos = firstFound + number
		return d.Emit(name, inoOf(f.Inode.Ino, d.Pos), mode, d.Pos+1)
	})
}

// inoOf makes a number that is not 0 for an entry of a listing. The number that
// stat(2) tells is another: inodes come and go with those who use them.
func inoOf(dir uint64, pos int64) uint64 { return dir<<24 + uint64(pos) }

// OpenedDir returns what the directory is about that an open file is of, as Dir.Find
// has said it: nil if it is none of a procfs, or was opened by O_PATH.
func OpenedDir(f *fs.File) (e *Entry, key any) {
	if _, ok := f.Ops.(dirOps); !ok {
		return nil, nil
	}
	n := f.Inode.Private.(*node)
	return n.e, n.key
}
