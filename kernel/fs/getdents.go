package fs

import (
	"encoding/binary"
	"syscall"
)

// PutDirent appends an entry in the format of getdents64(2) to b, or returns
// false if b has no room for it.
func PutDirent(b *[]byte, name string, ino uint64, typ uint8, next int64) bool {
	const header = 19
	size := (header + len(name) + 1 + 7) &^ 7
	at := len(*b)
	if at+size > cap(*b) {
		return false
	}
	*b = (*b)[:at+size]
	e := (*b)[at:]
	binary.NativeEndian.PutUint64(e[0:], ino)
	binary.NativeEndian.PutUint64(e[8:], uint64(next))
	binary.NativeEndian.PutUint16(e[16:], uint16(size))
	e[18] = typ
	clear(e[header+copy(e[header:], name):])
	return true
}

// PutOldDirent is PutDirent in the format of getdents(2), with the type in the
// last byte.
func PutOldDirent(b *[]byte, name string, ino uint64, typ uint8, next int64) bool {
	const header = 18
	size := (header + len(name) + 2 + 7) &^ 7
	at := len(*b)
	if at+size > cap(*b) {
		return false
	}
	*b = (*b)[:at+size]
	e := (*b)[at:]
	binary.NativeEndian.PutUint64(e[0:], ino)
	binary.NativeEndian.PutUint64(e[8:], uint64(next))
	binary.NativeEndian.PutUint16(e[16:], uint16(size))
	clear(e[header+copy(e[header:], name):])
	e[size-1] = typ
	return true
}

// ListDir fills b, of which it uses the capacity, with entries of an open
// directory from its position on. EINVAL if not even one fits, ENOTDIR, ENOENT
// if the directory was removed.
func (f *File) ListDir(b *[]byte, put func(b *[]byte, name string, ino uint64, typ uint8, next int64) bool) error {
	if !f.Inode.IsDir() {
		return syscall.ENOTDIR
	}
	f.posLock.Lock()
	defer f.posLock.Unlock()
	if f.isDead() {
		return syscall.ENOENT
	}
	full := false
	d := DirContext{Pos: f.Pos()}
	d.Actor = func(name string, ino uint64, typ uint8, _, next int64) bool {
		if !put(b, name, ino, typ, next) {
			full = true
			return false
		}
		return true
	}
	err := f.Ops.ReadDir(f, &d)
	f.SetPos(d.Pos)
	f.Accessed()
	switch {
	case len(*b) > 0:
		return nil
	case err == nil && full:
		return syscall.EINVAL
	}
	return err
}

// isDead reports whether an open directory was removed.
func (f *File) isDead() bool {
	f.Inode.Lock.RLock()
	defer f.Inode.Lock.RUnlock()
	return f.Inode.dead
}
