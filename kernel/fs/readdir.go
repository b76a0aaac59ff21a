package fs

import "syscall"

// DirContext takes the entries of a directory; Linux's dir_context.
type DirContext struct {
	// Pos is the position of the next entry; that of an open directory is
	// stored back after ReadDir. "." has 0, ".." has 1.
	Pos int64
	// Actor takes an entry, whose successor is at next, or returns false if it
	// has no room for it.
	Actor func(name string, ino uint64, typ uint8, pos, next int64) bool
}

// Emit passes the entry at Pos on and moves Pos to next. It returns false,
// Pos unchanged, when there is no room.
func (d *DirContext) Emit(name string, ino uint64, mode uint32, next int64) bool {
	if !d.Actor(name, ino, dirType(mode), d.Pos, next) {
		return false
	}
	d.Pos = next
	return true
}

// EmitDots passes "." and ".." on if they have not been yet.
func (d *DirContext) EmitDots(f *File) bool {
	if d.Pos == 0 && !d.Emit(".", f.Inode.Ino, syscall.S_IFDIR, 1) {
		return false
	}
	if d.Pos == 1 {
		up := f.Path.Dentry.Parent()
		if up == nil {
			up = f.Path.Dentry
		}
		return d.Emit("..", up.Inode.Ino, syscall.S_IFDIR, firstCookie)
	}
	return true
}

// ListChildren passes all dentries of an open directory on: the ReadDir of a
// Resident file system.
func ListChildren(f *File, d *DirContext) error {
	f.Inode.Lock.RLock()
	defer f.Inode.Lock.RUnlock()
	if !d.EmitDots(f) {
		return nil
	}
	f.Path.Dentry.children(d.Pos, func(c *Dentry, cookie int64) bool {
		d.Pos = cookie
		return d.Emit(c.Name(), c.Inode.Ino, c.Inode.Mode(), cookie+1)
	})
	return nil
}
