package fs

import (
	"strings"
	"syscall"

	"onsen/kernel/cred"
)

// LookupFlags say how a path is resolved. The low bits are openat2(2)'s
// RESOLVE_*.
type LookupFlags uint32

const (
	ResolveNoXdev       LookupFlags = 0x01
	ResolveNoMagiclinks LookupFlags = 0x02
	ResolveNoSymlinks   LookupFlags = 0x04
	ResolveBeneath      LookupFlags = 0x08
	ResolveInRoot       LookupFlags = 0x10
	ResolveCached       LookupFlags = 0x20

	// LookupFollow follows a symbolic link at the end of the path.
	LookupFollow LookupFlags = 0x100
	// LookupDirectory wants a directory at the end: ENOTDIR.
	LookupDirectory LookupFlags = 0x200
	// LookupEmpty allows an empty path, which is the directory itself.
	LookupEmpty LookupFlags = 0x400
)

// maxLinks is how many symbolic links one path may lead through
// (path_resolution(7)).
const maxLinks = 40

// walk is the state of one path resolution; Linux's nameidata. It lives on the
// stack: nothing below may keep a pointer to it.
type walk struct {
	ctx   *Context
	cred  *cred.Cred
	flags LookupFlags
	links int
	p     Path // where it stands
	root  Path // what "/" is and ".." does not leave; zero until needed

	// The last component, once toLast has stopped before it.
	last  qname
	kind  lastKind
	slash bool // slashes follow
}

// lastKind tells what the last component of a path is.
type lastKind uint8

const (
	lastNorm   lastKind = iota
	lastRoot            // there is none: the path is all slashes
	lastDot             // .
	lastDotDot          // ..
)

// Lookup finds the file of a path, starting at the directory dfd. The path may
// be in a buffer that changes later.
func Lookup(ctx *Context, dfd int, path string, flags LookupFlags) (Path, error) {
	w := walk{ctx: ctx, cred: ctx.Cred, flags: flags}
	err := w.lookup(dfd, path)
	return w.p, err
}

// lookup walks a path to its end.
func (w *walk) lookup(dfd int, path string) error {
	if err := w.start(dfd, path); err != nil || path == "" {
		return err
	}
	for {
		if err := w.toLast(path); err != nil {
			return err
		}
		if w.slash {
			w.flags |= LookupFollow | LookupDirectory
		}
		link, err := w.stepLast()
		if err != nil {
			return err
		}
		if link == "" {
			break
		}
		path = link
	}
	if w.flags&LookupDirectory != 0 && !w.p.Dentry.Inode.IsDir() {
		return syscall.ENOTDIR
	}
	return nil
}

// stepLast goes to the last component; see step.
func (w *walk) stepLast() (link string, err error) {
	if w.kind == lastRoot {
		return "", nil
	}
	if w.kind == lastNorm {
		d, _ := w.p.Dentry.lookup(&w.last)
		if d != nil && d.mounts.Load() == 0 && !d.Inode.IsSymlink() {
			w.p.Dentry = d
			return "", nil
		}
	}
	return w.step(&w.last, w.kind, w.flags&LookupFollow != 0, true)
}

// start sets w.p to where a path begins.
func (w *walk) start(dfd int, path string) error {
	if path == "" && w.flags&LookupEmpty == 0 {
		return syscall.ENOENT
	}
	inRoot := w.flags&(ResolveInRoot|ResolveBeneath) != 0
	if path != "" && path[0] == '/' && !inRoot {
		return nil // toLast begins with the root
	}
	if dfd == AtFdcwd {
		w.p = w.ctx.FS.Pwd()
	} else {
		if w.ctx.Files == nil {
			return syscall.EBADF
		}
		f := w.ctx.Files.BorrowRaw(dfd)
		if f.File == nil {
			return syscall.EBADF
		}
		w.p = f.Path
		f.Done()
	}
	if path != "" && !w.p.Dentry.Inode.IsDir() {
		return syscall.ENOTDIR
	}
	if inRoot {
		w.root = w.p
	}
	return nil
}

// toLast walks to the directory of a path's last component, and stores that.
func (w *walk) toLast(path string) error {
	for {
		if path[0] == '/' {
			if err := w.jumpRoot(); err != nil {
				return err
			}
			if path = trimSlashes(path); path == "" {
				w.last, w.kind, w.slash = qname{}, lastRoot, false
				return nil
			}
		}
		link, err := w.components(path)
		if err != nil || link == "" {
			return err
		}
		path = link
	}
}

// components walks along a relative path. If it meets a symbolic link it
// returns the path that is left to walk then.
func (w *walk) components(path string) (link string, err error) {
	for {
		if err := maySearch(w.cred, w.p.Dentry.Inode); err != nil {
			return "", err
		}
		q, rest := cutName(path)
		kind := kindOf(&q)
		after := trimSlashes(rest)
		if after == "" {
			w.last, w.kind, w.slash = q, kind, rest != ""
			return "", nil
		}
		path = after
		if kind == lastNorm {
			d, _ := w.p.Dentry.lookup(&q)
			if d != nil && d.mounts.Load() == 0 && d.Inode.IsDir() {
				w.p.Dentry = d
				continue
			}
		}
		link, err := w.step(&q, kind, true, false)
		if err != nil {
			return "", err
		}
		if link != "" {
			return link + "/" + after, nil
		}
		if !w.p.Dentry.Inode.IsDir() {
			return "", syscall.ENOTDIR
		}
	}
}

// kindOf tells "." and ".." from other names.
func kindOf(q *qname) lastKind {
	switch q.word {
	case '.':
		return lastDot
	case '.'<<8 | '.':
		return lastDotDot
	}
	return lastNorm
}

func trimSlashes(s string) string {
	for s != "" && s[0] == '/' {
		s = s[1:]
	}
	return s
}

// step goes to a name, the last of the path or not, in the directory where w
// stands. If that is a symbolic link to be followed, w stays and what the link
// says is returned.
func (w *walk) step(q *qname, kind lastKind, follow, last bool) (link string, err error) {
	switch kind {
	case lastDot:
		return "", nil
	case lastDotDot:
		return "", w.up()
	}
	d, err := w.p.Dentry.find(q)
	if err != nil {
		return "", err
	}
	if d.mounts.Load() != 0 {
		return "", w.enter(d)
	}
	if follow && d.Inode.IsSymlink() {
		if last && !mayFollow(w.cred, w.p.Dentry.Inode, d.Inode) {
			return "", syscall.EACCES
		}
		return w.follow(d)
	}
	w.p.Dentry = d
	return "", nil
}

// enter goes to a dentry on which something may be mounted.
func (w *walk) enter(d *Dentry) error {
	from := w.p.Mount
	w.p.Dentry = d
	w.p.cross()
	if w.flags&ResolveNoXdev != 0 && w.p.Mount != from {
		return syscall.EXDEV
	}
	return nil
}

// follow reads a symbolic link. If it leads to a place without a name, w goes
// there and link is empty.
func (w *walk) follow(d *Dentry) (link string, err error) {
	if w.links++; w.links > maxLinks || w.flags&ResolveNoSymlinks != 0 || w.p.Mount.Flags()&MsNosymfollow != 0 {
		return "", syscall.ELOOP
	}
	touchAtime(w.p.Mount, d.Inode)
	link, jump, err := d.Inode.Ops.GetLink(d.Inode, w.cred)
	switch {
	case err != nil:
		return "", err
	case !jump.IsZero():
		return "", w.jump(jump)
	case link == "":
		return "", syscall.ENOENT
	}
	return link, nil
}

// jump goes where a magic link leads.
func (w *walk) jump(to Path) error {
	if w.flags&ResolveNoMagiclinks != 0 {
		return syscall.ELOOP
	}
	if w.flags&ResolveNoXdev != 0 && to.Mount != w.p.Mount || w.flags&(ResolveBeneath|ResolveInRoot) != 0 {
		return syscall.EXDEV
	}
	w.p = to
	return nil
}

// jumpRoot goes to the root directory.
func (w *walk) jumpRoot() error {
	if w.flags&ResolveBeneath != 0 {
		return syscall.EXDEV
	}
	w.findRoot()
	if w.flags&ResolveNoXdev != 0 && w.p.Mount != nil && w.p.Mount != w.root.Mount {
		return syscall.EXDEV
	}
	w.p = w.root
	return nil
}

func (w *walk) findRoot() {
	if w.root.IsZero() {
		w.root = w.ctx.FS.Root()
	}
}

// up goes to the parent directory, through mounts.
func (w *walk) up() error {
	w.findRoot()
	from := w.p.Mount
	for {
		if w.p == w.root {
			if w.flags&ResolveBeneath != 0 {
				return syscall.EXDEV
			}
			break
		}
		if w.p.Mount == nil {
			return nil
		}
		if w.p.Dentry != w.p.Mount.Root {
			if parent := w.p.Dentry.Parent(); parent != nil {
				w.p.Dentry = parent
			}
			break
		}
		above := w.p.Mount.up.Load()
		if above == nil {
			break
		}
		w.p = Path{above.parent, above.at}
	}
	w.p.cross()
	if w.flags&ResolveNoXdev != 0 && w.p.Mount != from {
		return syscall.EXDEV
	}
	return nil
}

// find returns the dentry of a name in a directory: ENOENT. The name may be in
// a buffer that changes later.
func (d *Dentry) find(q *qname) (*Dentry, error) {
	if c, sure := d.lookup(q); c != nil {
		return c, nil
	} else if len(q.name) > NameMax {
		return nil, syscall.ENAMETOOLONG
	} else if sure && d.Inode.SB.Resident {
		return nil, syscall.ENOENT
	}
	if d.Inode.Volatile || d.Inode.SB.Resident {
		d.Inode.Lock.RLock()
		defer d.Inode.Lock.RUnlock()
	} else {
		d.Inode.Lock.Lock()
		defer d.Inode.Lock.Unlock()
	}
	return d.findLocked(q)
}

// findLocked is find.
//
// Preconditions: d.Inode.Lock held; for writing unless the directory is Volatile
// or the file system Resident.
func (d *Dentry) findLocked(q *qname) (*Dentry, error) {
	if len(q.name) > NameMax {
		return nil, syscall.ENAMETOOLONG
	}
	if c, _ := d.lookup(q); c != nil {
		return c, nil
	}
	dir := d.Inode
	if dir.dead || dir.SB.Resident {
		return nil, syscall.ENOENT
	}
	name := strings.Clone(q.name)
	i, err := dir.Ops.Lookup(dir, name)
	if err != nil {
		return nil, err
	}
	c := newDentry(d, name, i)
	if !dir.Volatile {
		d.insert(c)
	}
	return c, nil
}
