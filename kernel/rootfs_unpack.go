package kernel

import (
	"bytes"
	"math"
	"syscall"
	"time"

	"github.com/u-root/u-root/pkg/cpio"

	"onsen/kernel/fs"
	"onsen/kernel/initramfs"
)

// unpacker fills the root from an initramfs as Linux's init/initramfs.c does. A
// file that cannot be made, say because there is no directory for it, is left
// out in silence, as there.
type unpacker struct {
	ctx *fs.Context
	// links has the first name of each file with several.
	links map[linkKey]string
	// dirs are directories, whose times are set last.
	dirs []cpio.Record
	buf  []byte
}

// linkKey tells the files of an archive apart.
type linkKey struct{ major, minor, ino, typ uint64 }

// unpackRootfs unpacks an image. What was unpacked before an error stays.
func unpackRootfs(ctx *fs.Context, image []byte) (initramfs.Summary, error) {
	u := &unpacker{ctx: ctx, buf: make([]byte, 64<<10)}
	u.endArchive()
	sum, err := initramfs.WalkArchives(image, u.record, u.endArchive)
	for i := range u.dirs {
		u.setTimes(&u.dirs[i])
	}
	return sum, err
}

// endArchive forgets the links of an archive.
func (u *unpacker) endArchive() { u.links = map[linkKey]string{} }

// record makes one file.
func (u *unpacker) record(r cpio.Record) error {
	if bytes.IndexByte([]byte(r.Name), 0) >= 0 {
		return syscall.EINVAL
	}
	r.Name = "/" + r.Name
	switch typ := uint32(r.Mode) & syscall.S_IFMT; typ {
	case syscall.S_IFREG:
		return u.regular(&r)
	case syscall.S_IFLNK:
		return u.symlink(&r)
	case syscall.S_IFDIR:
		u.clear(r.Name, typ)
		_ = fs.Mkdir(u.ctx, fs.AtFdcwd, r.Name, uint32(r.Mode))
		u.setOwner(&r)
		u.dirs = append(u.dirs, r)
	case syscall.S_IFCHR, syscall.S_IFBLK, syscall.S_IFIFO, syscall.S_IFSOCK:
		u.clear(r.Name, typ)
		if linked, _ := u.link(&r); linked {
			return nil
		}
		_ = fs.Mknod(u.ctx, fs.AtFdcwd, r.Name, uint32(r.Mode), fs.MkDev(uint32(r.Rmajor), uint32(r.Rminor)))
		u.setOwner(&r)
		u.setTimes(&r)
	}
	return nil
}

// clear takes away what has a name already if it is of another type.
func (u *unpacker) clear(name string, typ uint32) {
	p, err := fs.Lookup(u.ctx, fs.AtFdcwd, name, 0)
	if err != nil {
		return
	}
	switch have := p.Inode().Mode() & syscall.S_IFMT; {
	case have == typ:
	case have == syscall.S_IFDIR:
		_ = fs.Rmdir(u.ctx, fs.AtFdcwd, name)
	default:
		_ = fs.Unlink(u.ctx, fs.AtFdcwd, name)
	}
}

// link makes the record a link to a file that came before, if it is one.
func (u *unpacker) link(r *cpio.Record) (linked bool, err error) {
	if r.NLink < 2 {
		return false, nil
	}
	key := linkKey{r.Major, r.Minor, r.Ino, r.Mode & syscall.S_IFMT}
	first, found := u.links[key]
	if !found {
		u.links[key] = r.Name
		return false, nil
	}
	u.clear(r.Name, 0)
	p, err := fs.Lookup(u.ctx, fs.AtFdcwd, first, 0)
	if err != nil {
		return true, err
	}
	return true, fs.Link(u.ctx, p, fs.AtFdcwd, r.Name)
}

// regular makes a regular file. Of a file with several names one record, mostly
// the last, has the contents.
func (u *unpacker) regular(r *cpio.Record) error {
	u.clear(r.Name, syscall.S_IFREG)
	linked, err := u.link(r)
	if err != nil {
		return nil
	}
	flags := uint32(syscall.O_WRONLY | syscall.O_CREAT)
	if !linked {
		flags |= syscall.O_TRUNC
	}
	f, err := fs.OpenFile(u.ctx, r.Name, flags, uint32(r.Mode)&0o7777)
	if err != nil {
		return nil
	}
	defer f.Put()
	if err := u.contents(r, f); err != nil {
		return err
	}
	u.setOwner(r)
	u.setTimes(r)
	return nil
}

// contents writes what a record holds: ENOSPC when the memory is full.
func (u *unpacker) contents(r *cpio.Record, f *fs.File) error {
	for at := int64(0); at < int64(r.FileSize); {
		b := u.buf[:min(int64(len(u.buf)), int64(r.FileSize)-at)]
		if n, err := r.ReadAt(b, at); n < len(b) {
			return err
		}
		n, err := f.WriteAt(b, at)
		if err != nil {
			return err
		}
		if n < len(b) {
			return syscall.ENOSPC
		}
		at += int64(n)
	}
	return nil
}

// symlink makes a symbolic link.
func (u *unpacker) symlink(r *cpio.Record) error {
	if r.FileSize >= fs.PathMax {
		return nil
	}
	target := make([]byte, r.FileSize)
	if n, err := r.ReadAt(target, 0); n < len(target) {
		return err
	}
	target, _, _ = bytes.Cut(target, []byte{0})
	u.clear(r.Name, 0)
	_ = fs.Symlink(u.ctx, string(target), fs.AtFdcwd, r.Name)
	u.setOwner(r)
	u.setTimes(r)
	return nil
}

// setOwner sets owner, group and, except of symbolic links, the mode with its
// set-ID bits.
func (u *unpacker) setOwner(r *cpio.Record) {
	u.setAttr(r.Name, &fs.Attr{Valid: fs.AttrUID | fs.AttrGID | fs.AttrOwner, UID: uint32(r.UID), GID: uint32(r.GID)})
	if uint32(r.Mode)&syscall.S_IFMT != syscall.S_IFLNK {
		u.setAttr(r.Name, &fs.Attr{Valid: fs.AttrMode, Mode: uint32(r.Mode) & 0o7777})
	}
}

// setTimes sets the times of access and modification.
func (u *unpacker) setTimes(r *cpio.Record) {
	ns := int64(min(r.MTime, math.MaxUint32)) * int64(time.Second)
	const both = fs.AttrAtime | fs.AttrMtime | fs.AttrAtimeSet | fs.AttrMtimeSet | fs.AttrTimesSet
	u.setAttr(r.Name, &fs.Attr{Valid: both | fs.AttrCtime, Atime: ns, Mtime: ns})
}

func (u *unpacker) setAttr(name string, a *fs.Attr) {
	if p, err := fs.Lookup(u.ctx, fs.AtFdcwd, name, 0); err == nil {
		_ = fs.SetAttr(u.ctx.Cred, p, a)
	}
}
