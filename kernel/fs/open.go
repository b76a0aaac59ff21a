package fs

import (
	"strings"
	"syscall"
)

// OpenHow is how a file is opened; openat2(2)'s struct open_how.
type OpenHow struct {
	Flags, Mode, Resolve uint64
}

// opening is what an OpenHow comes to; Linux's struct open_flags.
type opening struct {
	flags  uint32 // O_*
	mode   uint32 // of a new file
	access uint32 // to ask permission for
	lookup LookupFlags
}

// pathFlags go with O_PATH.
const pathFlags = syscall.O_DIRECTORY | syscall.O_NOFOLLOW | OPath | syscall.O_CLOEXEC

// HowOf returns the OpenHow of open(2), which ignores what it does not know.
func HowOf(flags, mode uint32) OpenHow {
	flags = flags&openFlags | OLargefile
	if flags&OPath != 0 {
		flags &= pathFlags
	}
	if !willCreate(flags) {
		mode = 0
	}
	return OpenHow{Flags: uint64(flags), Mode: uint64(mode & 0o7777)}
}

func willCreate(flags uint32) bool {
	return flags&(syscall.O_CREAT|OTmpfile&^syscall.O_DIRECTORY) != 0
}

// parse checks what openat2(2) checks: EINVAL.
func (h *OpenHow) parse() (o opening, err error) {
	const tmpfile = OTmpfile &^ syscall.O_DIRECTORY
	flags := uint32(h.Flags)
	access := [4]uint32{MayRead, MayWrite, MayRead | MayWrite, MayRead | MayWrite}[flags&oAccMode]
	switch {
	case h.Flags&^openFlags != 0, h.Resolve&^0x3f != 0,
		h.Resolve&uint64(ResolveBeneath|ResolveInRoot) == uint64(ResolveBeneath|ResolveInRoot),
		willCreate(flags) && h.Mode&^0o7777 != 0, !willCreate(flags) && h.Mode != 0,
		flags&tmpfile != 0 && (flags&(OTmpfile|syscall.O_CREAT) != OTmpfile || access&MayWrite == 0),
		flags&OPath != 0 && flags&^pathFlags != 0:
		return o, syscall.EINVAL
	case h.Resolve&uint64(ResolveCached) != 0 && flags&(syscall.O_TRUNC|syscall.O_CREAT|tmpfile) != 0:
		return o, syscall.EAGAIN
	}
	if flags&oSync2 != 0 {
		flags |= syscall.O_DSYNC
	}
	if flags&OPath != 0 {
		access = 0
	} else if flags&syscall.O_TRUNC != 0 {
		access |= MayWrite
	}
	const exclusive = syscall.O_CREAT | syscall.O_EXCL
	o = opening{flags: flags &^ syscall.O_CLOEXEC, mode: uint32(h.Mode), access: access, lookup: LookupFlags(h.Resolve)}
	if flags&syscall.O_DIRECTORY != 0 {
		o.lookup |= LookupDirectory
	}
	if flags&syscall.O_NOFOLLOW == 0 && flags&exclusive != exclusive {
		o.lookup |= LookupFollow
	}
	return o, nil
}

// OpenFile opens a path as open(2) does, from the working directory, and
// returns the file with one reference.
func OpenFile(ctx *Context, path string, flags, mode uint32) (*File, error) {
	how := HowOf(flags, mode)
	return Open(ctx, AtFdcwd, path, &how)
}

// Open opens a path as openat2(2) does, from the directory dfd, and returns the
// file with one reference. The path may be in a buffer that changes later.
func Open(ctx *Context, dfd int, path string, how *OpenHow) (*File, error) {
	o, err := how.parse()
	if err != nil {
		return nil, err
	}
	for range walkTries {
		f, err := openOnce(ctx, dfd, path, &o)
		if err != errAgain {
			return f, err
		}
	}
	return nil, syscall.ENOENT
}

// walkTries is how often a path is walked whose file goes away meanwhile. With
// so much bad luck it may as well have been gone.
const walkTries = 8

// errAgain says that the file or its mount went away between being found and
// being opened: walk again.
const errAgain = syscall.Errno(1 << 20)

func openOnce(ctx *Context, dfd int, path string, o *opening) (*File, error) {
	w := walk{ctx: ctx, cred: ctx.Cred, flags: o.lookup}
	if o.flags&syscall.O_CREAT != 0 {
		return w.openCreate(dfd, path, o)
	}
	if err := w.lookup(dfd, path); err != nil {
		return nil, err
	}
	if o.flags&OTmpfile == OTmpfile {
		return w.openTmpfile(o)
	}
	return w.open(o, false)
}

// openCreate opens a path whose file is made if it is not there.
func (w *walk) openCreate(dfd int, path string, o *opening) (*File, error) {
	if err := w.start(dfd, path); err != nil {
		return nil, err
	}
	for {
		if err := w.toLast(path); err != nil {
			return nil, err
		}
		if w.kind != lastNorm {
			if w.kind == lastDotDot {
				if err := w.up(); err != nil {
					return nil, err
				}
			}
			return w.open(o, false)
		}
		if w.slash {
			return nil, syscall.EISDIR
		}
		d, created, err := w.findOrCreate(o)
		if err != nil {
			return nil, err
		}
		if !created {
			if d.mounts.Load() != 0 {
				if err := w.enter(d); err != nil {
					return nil, err
				}
				return w.open(o, false)
			}
			if d.Inode.IsSymlink() && w.flags&LookupFollow != 0 {
				if !mayFollow(w.cred, w.p.Dentry.Inode, d.Inode) {
					return nil, syscall.EACCES
				}
				if path, err = w.follow(d); err != nil {
					return nil, err
				}
				if path == "" {
					return w.open(o, false)
				}
				continue
			}
		}
		w.p.Dentry = d
		return w.open(o, created)
	}
}

// findOrCreate returns the last component, which it makes if need be.
func (w *walk) findOrCreate(o *opening) (d *Dentry, created bool, err error) {
	dir := w.p.Dentry
	if d, _ := dir.lookup(&w.last); d != nil {
		return d, false, nil
	}
	dir.Inode.Lock.Lock()
	defer dir.Inode.Lock.Unlock()
	if d, err = dir.findLocked(&w.last); err != syscall.ENOENT {
		return d, false, err
	}
	if w.p.Mount.Flags()&MsRdonly != 0 {
		return nil, false, syscall.EROFS
	}
	if err := mayCreate(w.cred, dir.Inode); err != nil {
		return nil, false, err
	}
	name := strings.Clone(w.last.name)
	a := w.newAttr(dir.Inode, o.mode|syscall.S_IFREG)
	i, err := dir.Inode.Ops.Mknod(dir.Inode, name, &a)
	if err == syscall.EPERM {
		return nil, false, syscall.EACCES // a file system without files to make
	}
	if err != nil {
		return nil, false, err
	}
	d = newDentry(dir, name, i)
	dir.insert(d)
	return d, true, nil
}

// openTmpfile opens a new file without a name in the directory where w stands.
func (w *walk) openTmpfile(o *opening) (*File, error) {
	dir := w.p.Dentry.Inode
	if w.p.Mount.Flags()&MsRdonly != 0 {
		return nil, syscall.EROFS
	}
	if err := Permission(w.cred, dir, MayWrite|MayExec); err != nil {
		return nil, err
	}
	a := w.newAttr(dir, o.mode|syscall.S_IFREG)
	dir.Lock.Lock()
	i, err := dir.Ops.Tmpfile(dir, &a)
	dir.Lock.Unlock()
	if err != nil {
		return nil, err
	}
	i.linkable = o.flags&syscall.O_EXCL == 0
	d := newDentry(w.p.Dentry, "#"+utoa(i.Ino), i)
	d.unhashed.Store(true)
	w.p.Dentry = d
	w.flags &^= LookupDirectory // that was the directory's
	return w.open(&opening{flags: o.flags}, true)
}

// open opens the file where w stands. created says that it is new, which
// permits everything.
func (w *walk) open(o *opening, created bool) (*File, error) {
	i := w.p.Dentry.Inode
	flags, access := o.flags, o.access
	if flags&syscall.O_CREAT != 0 && !created {
		if flags&syscall.O_EXCL != 0 {
			return nil, syscall.EEXIST
		}
		if i.IsDir() {
			return nil, syscall.EISDIR
		}
	}
	if w.flags&LookupDirectory != 0 && !i.IsDir() {
		return nil, syscall.ENOTDIR
	}
	if created {
		flags, access = flags&^syscall.O_TRUNC, 0
	}
	if flags&OPath == 0 {
		if err := w.mayOpen(i, access, flags); err != nil {
			return nil, err
		}
	}
	f, err := newFile(w.p, flags, w.ctx)
	if err != nil {
		return nil, err
	}
	if flags&syscall.O_TRUNC != 0 && i.IsReg() {
		if err := w.truncateOpened(f); err != nil {
			f.Put()
			return nil, err
		}
	}
	return f, nil
}

// mayOpen checks the permission to open a file, and that its type can be.
func (w *walk) mayOpen(i *Inode, access, flags uint32) error {
	switch i.Mode() & syscall.S_IFMT {
	case syscall.S_IFLNK:
		return syscall.ELOOP
	case syscall.S_IFDIR:
		if access&MayWrite != 0 {
			return syscall.EISDIR
		}
	case syscall.S_IFCHR, syscall.S_IFBLK:
		if w.p.Mount.Flags()&MsNodev != 0 {
			return syscall.EACCES
		}
	case syscall.S_IFREG:
		if access&MayWrite != 0 && w.p.Mount.Flags()&MsRdonly != 0 {
			return syscall.EROFS
		}
	}
	if access != 0 {
		if err := Permission(w.cred, i, access); err != nil {
			return err
		}
	}
	if flags&syscall.O_NOATIME != 0 && !mayOwn(w.cred, i) {
		return syscall.EPERM
	}
	return nil
}

// truncateOpened does what O_TRUNC does.
func (w *walk) truncateOpened(f *File) error {
	if f.mode&modeWriter == 0 { // O_RDONLY|O_TRUNC
		if err := f.Inode.GetWriteAccess(); err != nil {
			return err
		}
		defer f.Inode.PutWriteAccess()
	}
	return truncate(w.cred, f.Inode, 0, f)
}

// OpenPath opens the file at p, which a file holds that is open, without asking
// for permission; Linux's dentry_open. ENOENT if it is gone.
func OpenPath(ctx *Context, p Path, flags uint32) (*File, error) {
	f, err := newFile(p, flags, ctx)
	if err == errAgain {
		err = syscall.ENOENT
	}
	return f, err
}

// newFile opens the file at p without asking; errAgain if it is gone.
func newFile(p Path, flags uint32, ctx *Context) (*File, error) {
	i := p.Dentry.Inode
	f := &File{Inode: i, Path: p, Cred: ctx.Cred}
	f.refs.Store(1)
	f.flags.Store(flags) // a terminal's driver looks for O_NOCTTY
	if !p.hold() {
		return nil, errAgain
	}
	if !hold(&i.users) {
		p.put()
		return nil, errAgain
	}
	f.mode = modeHeld
	if flags&OPath != 0 {
		f.mode |= modePath
		f.Ops = NoOps{}
		f.flags.And(^uint32(openingFlags))
		return f, nil
	}
	f.mode |= accessMode(flags) | modeSeek | modePread | modePwrite
	if err := f.openInode(); err != nil {
		f.Put()
		return nil, err
	}
	f.flags.And(^uint32(openingFlags))
	return f, nil
}

// openInode lets the file system or the device open the file.
func (f *File) openInode() (err error) {
	i := f.Inode
	typ := i.Mode() & syscall.S_IFMT
	if f.mode&modeWrite != 0 && (typ == syscall.S_IFREG || typ == syscall.S_IFDIR) {
		if err := i.GetWriteAccess(); err != nil {
			return err
		}
		f.mode |= modeWriter
		if f.Path.Mount != nil {
			f.Path.Mount.writers.Add(1)
		}
	}
	switch typ {
	case syscall.S_IFCHR:
		err = openChrdev(f)
	case syscall.S_IFIFO:
		f.Nonseekable()
		err = OpenFifo(f)
	case syscall.S_IFBLK, syscall.S_IFSOCK:
		err = syscall.ENXIO
	default:
		err = i.Ops.Open(i, f)
	}
	if err != nil {
		return err
	}
	f.mode |= modeOpened
	if f.flags.Load()&syscall.O_DIRECT != 0 {
		return syscall.EINVAL
	}
	return nil
}

// OpenExec opens a file to execute it: EACCES if it is no regular file, may not
// be executed, or its mount forbids it; ETXTBSY if somebody writes it. Writing
// is denied until the caller calls f.Inode.AllowWrite.
func OpenExec(ctx *Context, dfd int, path string, flags LookupFlags) (*File, error) {
	for range walkTries {
		w := walk{ctx: ctx, cred: ctx.Cred, flags: flags}
		if err := w.lookup(dfd, path); err != nil {
			return nil, err
		}
		f, err := w.openExec()
		if err != errAgain {
			return f, err
		}
	}
	return nil, syscall.ENOENT
}

func (w *walk) openExec() (*File, error) {
	i := w.p.Dentry.Inode
	switch {
	case i.IsSymlink():
		return nil, syscall.ELOOP
	case !i.IsReg(), w.p.Mount.Flags()&MsNoexec != 0:
		return nil, syscall.EACCES
	}
	if err := Permission(w.cred, i, MayExec); err != nil {
		return nil, err
	}
	f, err := newFile(w.p, syscall.O_RDONLY|OLargefile, w.ctx)
	if err != nil {
		return nil, err
	}
	if err := i.DenyWrite(); err != nil {
		f.Put()
		return nil, err
	}
	return f, nil
}

// newAttr computes owner and mode of a new file in dir; mode has its type.
func (w *walk) newAttr(dir *Inode, mode uint32) NewAttr {
	c := w.cred
	if mode&syscall.S_IFMT != syscall.S_IFLNK {
		mode &^= w.ctx.FS.Umask()
	}
	a := NewAttr{Mode: mode, UID: c.FSUID, GID: c.FSGID}
	if dir.Mode()&syscall.S_ISGID == 0 {
		return a
	}
	a.GID = dir.GID()
	const groupExec = syscall.S_ISGID | syscall.S_IXGRP
	switch {
	case mode&syscall.S_IFMT == syscall.S_IFDIR:
		a.Mode |= syscall.S_ISGID
	case mode&groupExec == groupExec && !inGroup(c, a.GID) && !capable(c, capFsetid):
		a.Mode &^= syscall.S_ISGID
	}
	return a
}

// utoa is strconv.FormatUint in base 10.
func utoa(n uint64) string {
	var b [20]byte
	at := len(b)
	for {
		at--
		b[at] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[at:])
		}
	}
}
