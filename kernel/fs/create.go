package fs

import (
	"strings"
	"syscall"

	"onsen/kernel/cred"
)

// create makes a name with mk, which is called with the directory locked, and goes
// there. isDir says that it will be a directory, which slashes may follow.
func (w *walk) create(dfd int, path string, isDir bool, mk func(dir *Dentry, name string) (*Inode, error)) error {
	if err := w.startParent(dfd, path); err != nil {
		return err
	}
	if w.kind != lastNorm {
		return syscall.EEXIST
	}
	dir := w.p.Dentry
	dir.Inode.Lock.Lock()
	defer dir.Inode.Lock.Unlock()
	if _, err := dir.findLocked(&w.last); err == nil {
		return syscall.EEXIST
	} else if err != syscall.ENOENT {
		return err
	}
	if w.slash && !isDir {
		return syscall.ENOENT
	}
	if w.p.Mount == nil || w.p.Mount.Flags()&MsRdonly != 0 {
		return syscall.EROFS
	}
	if err := mayCreate(w.cred, dir.Inode); err != nil {
		return err
	}
	name := strings.Clone(w.last.name)
	i, err := mk(dir, name)
	if err != nil {
		return err
	}
	w.p.Dentry = newDentry(dir, name, i)
	dir.insert(w.p.Dentry)
	return nil
}

// startParent walks to the directory of the last component.
func (w *walk) startParent(dfd int, path string) error {
	if err := w.start(dfd, path); err != nil {
		return err
	}
	return w.toLast(path)
}

// Mkdir makes a directory.
func Mkdir(ctx *Context, dfd int, path string, mode uint32) error {
	w := walk{ctx: ctx, cred: ctx.Cred}
	return w.create(dfd, path, true, func(dir *Dentry, name string) (*Inode, error) {
		a := w.newAttr(dir.Inode, mode&(0o777|syscall.S_ISVTX)|syscall.S_IFDIR)
		return dir.Inode.Ops.Mkdir(dir.Inode, name, &a)
	})
}

// Mknod makes a regular file, FIFO, socket or device node.
func Mknod(ctx *Context, dfd int, path string, mode uint32, dev Dev) error {
	switch mode & syscall.S_IFMT {
	case 0:
		mode |= syscall.S_IFREG
	case syscall.S_IFREG, syscall.S_IFIFO, syscall.S_IFSOCK:
	case syscall.S_IFCHR, syscall.S_IFBLK:
		whiteout := mode&syscall.S_IFMT == syscall.S_IFCHR && dev == 0 // no device at all
		if !whiteout && !capable(ctx.Cred, capMknod) {
			return syscall.EPERM
		}
	case syscall.S_IFDIR:
		return syscall.EPERM
	default:
		return syscall.EINVAL
	}
	w := walk{ctx: ctx, cred: ctx.Cred}
	return w.create(dfd, path, false, func(dir *Dentry, name string) (*Inode, error) {
		a := w.newAttr(dir.Inode, mode&(0o7777|syscall.S_IFMT))
		if t := mode & syscall.S_IFMT; t == syscall.S_IFCHR || t == syscall.S_IFBLK {
			a.Rdev = dev
		}
		return dir.Inode.Ops.Mknod(dir.Inode, name, &a)
	})
}

// MakeSocket makes a socket, and returns its place, which is kept until Path.Put.
func MakeSocket(ctx *Context, path string, mode uint32) (Path, error) {
	w := walk{ctx: ctx, cred: ctx.Cred}
	err := w.create(AtFdcwd, path, false, func(dir *Dentry, name string) (*Inode, error) {
		a := w.newAttr(dir.Inode, mode&0o7777|syscall.S_IFSOCK)
		return dir.Inode.Ops.Mknod(dir.Inode, name, &a)
	})
	if err == nil && !w.p.Get() {
		err = syscall.ENOENT // somebody was faster to remove it
	}
	return w.p, err
}

// Symlink makes a symbolic link that says target.
func Symlink(ctx *Context, target string, dfd int, path string) error {
	if target == "" {
		return syscall.ENOENT
	}
	w := walk{ctx: ctx, cred: ctx.Cred}
	return w.create(dfd, path, false, func(dir *Dentry, name string) (*Inode, error) {
		a := w.newAttr(dir.Inode, 0o777|syscall.S_IFLNK)
		return dir.Inode.Ops.Symlink(dir.Inode, name, strings.Clone(target), &a)
	})
}

// Link gives the file at old another name.
func Link(ctx *Context, old Path, dfd int, path string) error {
	target := old.Dentry.Inode
	w := walk{ctx: ctx, cred: ctx.Cred}
	return w.create(dfd, path, false, func(dir *Dentry, name string) (*Inode, error) {
		switch {
		case old.Mount != w.p.Mount:
			return nil, syscall.EXDEV
		case !mayLink(w.cred, target), target.IsDir():
			return nil, syscall.EPERM
		}
		target.Lock.Lock()
		defer target.Lock.Unlock()
		if target.Nlink() == 0 && !target.linkable {
			return nil, syscall.ENOENT
		}
		target.linkable = false
		return target, dir.Inode.Ops.Link(dir.Inode, name, target)
	})
}

// Unlink takes the name of a file away.
func Unlink(ctx *Context, dfd int, path string) error {
	w := walk{ctx: ctx, cred: ctx.Cred}
	if err := w.startParent(dfd, path); err != nil {
		return err
	}
	if w.kind != lastNorm {
		return syscall.EISDIR
	}
	if w.p.Mount == nil || w.p.Mount.Flags()&MsRdonly != 0 {
		return syscall.EROFS
	}
	dir := w.p.Dentry
	dir.Inode.Lock.Lock()
	d, err := w.unlinkLocked(dir)
	dir.Inode.Lock.Unlock()
	if err != nil {
		return err
	}
	d.Inode.evictUnused()
	return nil
}

func (w *walk) unlinkLocked(dir *Dentry) (*Dentry, error) {
	d, err := dir.findLocked(&w.last)
	if err != nil {
		return nil, err
	}
	if w.slash {
		if d.Inode.IsDir() {
			return nil, syscall.EISDIR
		}
		return nil, syscall.ENOTDIR
	}
	if err := mayDelete(w.cred, dir.Inode, d.Inode, false); err != nil {
		return nil, err
	}
	if d.mounts.Load() != 0 {
		return nil, syscall.EBUSY
	}
	d.Inode.Lock.Lock()
	err = dir.Inode.Ops.Unlink(dir.Inode, d.Name(), d.Inode)
	d.Inode.Lock.Unlock()
	if err != nil {
		return nil, err
	}
	dir.forget(d)
	return d, nil
}

// forget takes a dentry away from its directory after the file system has.
func (d *Dentry) forget(c *Dentry) {
	d.remove(c)
	c.unhashed.Store(true)
}

// Rmdir takes a directory away.
func Rmdir(ctx *Context, dfd int, path string) error {
	w := walk{ctx: ctx, cred: ctx.Cred}
	if err := w.startParent(dfd, path); err != nil {
		return err
	}
	switch w.kind {
	case lastDot:
		return syscall.EINVAL
	case lastDotDot:
		return syscall.ENOTEMPTY
	case lastRoot:
		return syscall.EBUSY
	}
	if w.p.Mount == nil || w.p.Mount.Flags()&MsRdonly != 0 {
		return syscall.EROFS
	}
	dir := w.p.Dentry
	dir.Inode.Lock.Lock()
	d, err := w.rmdirLocked(dir)
	dir.Inode.Lock.Unlock()
	if err != nil {
		return err
	}
	d.Inode.Ops.Evict(d.Inode)
	return nil
}

func (w *walk) rmdirLocked(dir *Dentry) (*Dentry, error) {
	d, err := dir.findLocked(&w.last)
	if err != nil {
		return nil, err
	}
	if err := mayDelete(w.cred, dir.Inode, d.Inode, true); err != nil {
		return nil, err
	}
	if d.mounts.Load() != 0 {
		return nil, syscall.EBUSY
	}
	d.Inode.Lock.Lock()
	defer d.Inode.Lock.Unlock()
	if dir.Inode.SB.Resident && !d.empty() {
		return nil, syscall.ENOTEMPTY
	}
	if err := dir.Inode.Ops.Rmdir(dir.Inode, d.Name(), d.Inode); err != nil {
		return nil, err
	}
	d.Inode.dead = true
	dir.forget(d)
	return d, nil
}

// Readlink returns what the symbolic link at p says: EINVAL if it is none.
func Readlink(ctx *Context, p Path) (string, error) {
	i := p.Dentry.Inode
	if !i.IsSymlink() {
		return "", syscall.EINVAL
	}
	touchAtime(p.Mount, i)
	text, jump, err := i.Ops.GetLink(i, ctx.Cred)
	if err == nil && !jump.IsZero() {
		text = DPath(ctx.FS.Root(), jump)
	}
	return text, err
}

// MayLinkOpen reports whether c may give open files names by linkat(2) with
// AT_EMPTY_PATH.
func MayLinkOpen(c *cred.Cred) bool { return capable(c, capDacReadSearch) }
