package fs

import (
	"syscall"

	"onsen/kernel/uaccess"
)

// DirOps is what all open directories have in common. Embed it and write
// ReadDir.
type DirOps struct{ NoOps }

// Read returns EISDIR.
func (DirOps) Read(*File, *uaccess.Iter, *int64) (int, error) { return 0, syscall.EISDIR }

// Seek moves the position of the listing.
func (DirOps) Seek(f *File, off int64, whence int) (int64, error) { return SeekStart(f, off, whence) }

// Fsync has nothing to do.
func (DirOps) Fsync(*File, bool) error { return nil }

// ResidentDir is the open directory of a file system that is Resident.
var ResidentDir FileOps = residentDir{}

type residentDir struct{ DirOps }

// ReadDir lists the dentries.
func (residentDir) ReadDir(f *File, d *DirContext) error { return ListChildren(f, d) }

// WalkResident calls visit for every inode below d and for d's, each name once,
// when nobody else uses the file system.
func (d *Dentry) WalkResident(visit func(*Inode)) {
	d.children(firstCookie, func(c *Dentry, _ int64) bool {
		c.WalkResident(visit)
		return true
	})
	visit(d.Inode)
}
