package fs

import "syscall"

// Flags of umount2(2).
const (
	MntForce       = 1
	MntDetach      = 2
	MntExpire      = 4
	UmountNofollow = 8
)

// propagation are the flags that change how mounts follow each other.
const propagation = MsShared | MsPrivate | MsSlave | MsUnbindable

// DoMount does mount(2); fsType and data may be empty. EPERM, EINVAL and what
// walking the path gives.
func DoMount(ctx *Context, source, target, fsType string, flags uint64, data string) error {
	if flags&msMgcMsk == msMgcVal {
		flags &^= msMgcMsk
	}
	at, err := Lookup(ctx, AtFdcwd, target, LookupFollow)
	if err != nil {
		return err
	}
	if !capable(ctx.Cred, capSysAdmin) {
		return syscall.EPERM
	}
	namespaceLock.Lock()
	defer namespaceLock.Unlock()
	mntFlags := mountFlagsOf(flags)
	switch {
	case flags&(MsRemount|MsBind) == MsRemount|MsBind:
		return reconfigureMount(at, mntFlags)
	case flags&MsRemount != 0:
		return remount(at, uint32(flags), mntFlags, data)
	case flags&MsBind != 0:
		return bind(ctx, source, at, flags&MsRec != 0)
	case flags&propagation != 0:
		return changePropagation(at, flags)
	case flags&MsMove != 0:
		return move(ctx, source, at)
	}
	return mountNew(source, at, fsType, uint32(flags), mntFlags, data)
}

// mountFlagsOf returns the flags of a mount: relatime is the default.
func mountFlagsOf(flags uint64) uint32 {
	f := uint32(flags) & (mountFlags &^ MsRelatime)
	if flags&(MsNoatime|MsStrictatime) == 0 {
		f |= MsRelatime
	}
	return f
}

// mountNew mounts a file system of a type.
func mountNew(source string, at Path, fsType string, flags, mntFlags uint32, data string) error {
	if fsType == "" {
		return syscall.EINVAL
	}
	t := FindFilesystem(fsType)
	if t == nil {
		return syscall.ENODEV
	}
	sb, err := t.Mount(t, source, flags&superFlags, data)
	if err != nil {
		return err
	}
	if source == "" {
		source = "none"
	}
	m := NewMount(sb, sb.Root, source, mntFlags)
	if err := graft(m, at); err != nil {
		sb.mounts--
		if sb.mounts == 0 {
			sb.Ops.Put(sb)
		}
		return err
	}
	return nil
}

// graft puts a mount onto a place, on top of what is mounted there.
//
// Preconditions: namespaceLock held for writing.
func graft(m *Mount, at Path) error {
	at.cross()
	switch {
	case at.Mount == nil || at.Mount.detached.Load():
		return syscall.EINVAL
	case m.Root.Inode.IsDir() != at.Dentry.Inode.IsDir():
		return syscall.ENOTDIR
	case at.Dentry.unhashed.Load():
		return syscall.ENOENT
	case at.Mount.SB == m.SB && at.Mount.Root == at.Dentry && m.Root == at.Dentry:
		return syscall.EBUSY // the very same thing again
	}
	m.attach(at)
	return nil
}

// bind makes what is at source appear at another place too.
func bind(ctx *Context, source string, at Path, recursive bool) error {
	if source == "" {
		return syscall.EINVAL
	}
	from, err := Lookup(ctx, AtFdcwd, source, LookupFollow)
	if err != nil {
		return err
	}
	if from.Mount == nil || from.Mount.unbindable || from.Mount.detached.Load() {
		return syscall.EINVAL
	}
	m := from.Mount.clone(from.Dentry)
	if recursive {
		from.Mount.cloneKids(from.Dentry, m)
	}
	if err := graft(m, at); err != nil {
		m.discard()
		return err
	}
	return nil
}

// clone returns another mount of the same file system with a root of its own.
func (m *Mount) clone(root *Dentry) *Mount {
	return NewMount(m.SB, root, m.Source, m.Flags())
}

// cloneKids copies the mounts of m below a dentry to copy.
func (m *Mount) cloneKids(below *Dentry, copy *Mount) {
	for _, k := range m.mounts() {
		at := k.up.Load().at
		if k.unbindable || !at.isBelow(below) {
			continue
		}
		c := k.clone(k.Root)
		k.cloneKids(k.Root, c)
		c.attach(Path{copy, at})
	}
}

// discard undoes clone and cloneKids.
func (m *Mount) discard() {
	for _, k := range m.mounts() {
		k.detach()
		k.discard()
	}
	m.SB.mounts--
	m.dropRoot()
}

// isRootOfMount reports whether p is the top of its mount.
func (p Path) isRootOfMount() bool { return p.Mount != nil && p.Dentry == p.Mount.Root }

// reconfigureMount changes the flags of one mount: MS_REMOUNT with MS_BIND.
func reconfigureMount(at Path, mntFlags uint32) error {
	if !at.isRootOfMount() {
		return syscall.EINVAL
	}
	m := at.Mount
	if mntFlags&MsRdonly != 0 && m.Flags()&MsRdonly == 0 && m.writers.Load() > 0 {
		return syscall.EBUSY
	}
	m.flags.Store(mntFlags)
	return nil
}

// remount changes the flags and options of a file system and of the mount at
// hand.
func remount(at Path, flags, mntFlags uint32, data string) error {
	if !at.isRootOfMount() {
		return syscall.EINVAL
	}
	m := at.Mount
	if flags&MsRdonly != 0 && m.SB.Flags()&MsRdonly == 0 && m.SB.busyWriting() {
		return syscall.EBUSY
	}
	if err := m.SB.Ops.Remount(m.SB, flags, data); err != nil {
		return err
	}
	const changeable = MsRdonly | MsSynchronous | MsMandlock | MsDirsync | MsLazytime
	m.SB.flags.Store(m.SB.Flags()&^changeable | flags&changeable)
	m.flags.Store(mntFlags)
	return nil
}

// busyWriting reports whether some file of the file system is open for writing.
//
// Preconditions: namespaceLock held.
func (sb *SuperBlock) busyWriting() bool {
	busy := false
	rootMount.walkTree(func(m *Mount) {
		if m.SB == sb && m.writers.Load() > 0 {
			busy = true
		}
	})
	return busy
}

// changePropagation does MS_PRIVATE and its like. All mounts here are private,
// so what makes a mount private or a slave of nobody changes nothing, and what
// would make it shared is refused.
func changePropagation(at Path, flags uint64) error {
	kind := flags & propagation
	if kind&(kind-1) != 0 || flags&^(propagation|MsRec|MsSilent) != 0 || kind == MsShared || !at.isRootOfMount() {
		return syscall.EINVAL
	}
	set := func(m *Mount) { m.unbindable = kind == MsUnbindable }
	if flags&MsRec != 0 {
		at.Mount.walkTree(set)
	} else {
		set(at.Mount)
	}
	return nil
}

// move does MS_MOVE.
func move(ctx *Context, source string, at Path) error {
	if source == "" {
		return syscall.EINVAL
	}
	from, err := Lookup(ctx, AtFdcwd, source, LookupFollow)
	if err != nil {
		return err
	}
	m := from.Mount
	if !from.isRootOfMount() || m.up.Load() == nil || m.detached.Load() {
		return syscall.EINVAL
	}
	at.cross()
	switch {
	case at.Mount == nil || at.Mount.detached.Load():
		return syscall.EINVAL
	case m.Root.Inode.IsDir() != at.Dentry.Inode.IsDir():
		return syscall.EINVAL
	case at.Mount.isBelow(m):
		return syscall.ELOOP
	}
	m.detach()
	m.attach(at)
	return nil
}

// isBelow reports whether m is top or mounted on it at any depth.
func (m *Mount) isBelow(top *Mount) bool {
	for m != top {
		up := m.up.Load()
		if up == nil {
			return false
		}
		m = up.parent
	}
	return true
}

// walkTree calls visit for m and all mounts on it, m first.
//
// Preconditions: namespaceLock held.
func (m *Mount) walkTree(visit func(*Mount)) {
	visit(m)
	for _, k := range m.mounts() {
		k.walkTree(visit)
	}
}

// Umount does umount2(2).
func Umount(ctx *Context, target string, flags int) error {
	if flags&^(MntForce|MntDetach|MntExpire|UmountNofollow) != 0 {
		return syscall.EINVAL
	}
	lookup := LookupFollow
	if flags&UmountNofollow != 0 {
		lookup = 0
	}
	at, err := Lookup(ctx, AtFdcwd, target, lookup)
	if err != nil {
		return err
	}
	if !capable(ctx.Cred, capSysAdmin) {
		return syscall.EPERM
	}
	if !at.isRootOfMount() {
		return syscall.EINVAL
	}
	namespaceLock.Lock()
	gone, err := at.Mount.umount(ctx, flags)
	namespaceLock.Unlock()
	for _, m := range gone {
		if m.users.Load() == 0 {
			m.end()
		}
	}
	return err
}

// umount takes m out of the tree and returns the mounts that are gone with it.
//
// Preconditions: namespaceLock held for writing.
func (m *Mount) umount(ctx *Context, flags int) (gone []*Mount, err error) {
	switch {
	case m.up.Load() == nil || m.detached.Load():
		return nil, syscall.EINVAL // the first root, or gone already
	case flags&MntExpire != 0:
		if ctx.FS.Root().Mount == m || flags&(MntForce|MntDetach) != 0 {
			return nil, syscall.EINVAL
		}
		if m.users.Load() != 0 {
			return nil, syscall.EBUSY
		}
		if !m.expiring.Swap(true) {
			return nil, syscall.EAGAIN
		}
	}
	if flags&MntDetach == 0 {
		// Who is counted from now on walks again: see newFile.
		if len(m.mounts()) != 0 || m.users.Load() != 0 {
			return nil, syscall.EBUSY
		}
	}
	m.walkTree(func(k *Mount) { gone = append(gone, k) })
	m.detach()
	for _, k := range gone {
		k.detached.Store(true)
	}
	return gone, nil
}

// rootMount is the top of the tree of mounts: the first root. Set once.
var rootMount *Mount

// MountRoot makes sb the top of the tree of mounts.
func MountRoot(sb *SuperBlock, source string) Path {
	namespaceLock.Lock()
	defer namespaceLock.Unlock()
	rootMount = NewMount(sb, sb.Root, source, 0)
	return rootMount.RootPath()
}

// RootMount returns the top of the tree of mounts.
func RootMount() Path { return rootMount.RootPath() }

// Mounts calls visit for every mount that can be reached from root, in order of
// mounting, with its place as seen from there and the number of the mount it
// stands on.
func Mounts(root Path, visit func(m *Mount, parentID int, where string)) {
	namespaceLock.RLock()
	defer namespaceLock.RUnlock()
	root.Mount.walkTree(func(m *Mount) {
		where, parent := "/", m.ID
		if up := m.up.Load(); up != nil {
			parent = up.parent.ID
			if m != root.Mount {
				name, reached := pathFrom(root, Path{up.parent, up.at})
				if !reached {
					return
				}
				where = name
			}
		}
		visit(m, parent, where)
	})
}

// PivotRoot does pivot_root(2). replace is called with the old and the new
// root, to move the tasks that stand there.
func PivotRoot(ctx *Context, newRoot, putOld string, replace func(old, new Path)) error {
	if !capable(ctx.Cred, capSysAdmin) {
		return syscall.EPERM
	}
	top, err := Lookup(ctx, AtFdcwd, newRoot, LookupFollow|LookupDirectory)
	if err != nil {
		return err
	}
	old, err := Lookup(ctx, AtFdcwd, putOld, LookupFollow|LookupDirectory)
	if err != nil {
		return err
	}
	root := ctx.FS.Root()
	namespaceLock.Lock()
	defer namespaceLock.Unlock()
	switch {
	case top.Mount == rootMount: // cannot be moved
		return syscall.EINVAL
	case top.Dentry.unhashed.Load(), old.Dentry.unhashed.Load():
		return syscall.ENOENT
	case top.Mount == root.Mount, old.Mount == root.Mount:
		return syscall.EBUSY // "new_root or put_old is on the current root filesystem"
	case !root.isRootOfMount(), root.Mount.up.Load() == nil,
		!top.isRootOfMount(), top.Mount.up.Load() == nil,
		top.Mount.detached.Load(), !isBelow(old, top), !isBelow(top, root):
		return syscall.EINVAL
	}
	where := root.Mount.up.Load()
	top.Mount.detach()
	root.Mount.detach()
	root.Mount.attach(old)
	top.Mount.attach(Path{where.parent, where.at})
	replace(root, top)
	return nil
}

// isBelow reports whether p is top or can be reached from there.
func isBelow(p, top Path) bool {
	for p.Mount != top.Mount {
		up := p.Mount.up.Load()
		if up == nil {
			return false
		}
		p = Path{up.parent, up.at}
	}
	return p.Dentry.isBelow(top.Dentry)
}

// Replace moves root and working directory if they stand at old; what
// PivotRoot's replace does for every task.
func (f *FsStruct) Replace(old, new Path) { f.replace(old, new) }

// Chdir makes the directory at a path the working directory.
func Chdir(ctx *Context, path string) error {
	p, err := Lookup(ctx, AtFdcwd, path, LookupFollow|LookupDirectory)
	if err != nil {
		return err
	}
	return ChdirTo(ctx, p)
}

// ChdirTo makes p the working directory: ENOTDIR, EACCES.
func ChdirTo(ctx *Context, p Path) error {
	if !p.Dentry.Inode.IsDir() {
		return syscall.ENOTDIR
	}
	if err := Permission(ctx.Cred, p.Dentry.Inode, MayExec); err != nil {
		return err
	}
	ctx.FS.SetPwd(p)
	return nil
}

// Chroot does chroot(2).
func Chroot(ctx *Context, path string) error {
	p, err := Lookup(ctx, AtFdcwd, path, LookupFollow|LookupDirectory)
	if err != nil {
		return err
	}
	if err := Permission(ctx.Cred, p.Dentry.Inode, MayExec); err != nil {
		return err
	}
	if !capable(ctx.Cred, capSysChroot) {
		return syscall.EPERM
	}
	ctx.FS.SetRoot(p)
	return nil
}

// Getcwd returns the working directory's name: ENOENT if it was removed. What
// cannot be reached from the root begins with "(unreachable)".
func Getcwd(f *FsStruct) (string, error) {
	pwd := f.Pwd()
	if pwd.Dentry.unhashed.Load() {
		return "", syscall.ENOENT
	}
	name, reached := pathFrom(f.Root(), pwd)
	if !reached {
		name = "(unreachable)" + name
	}
	return name, nil
}

// FillStatfs tells what statfs(2) says of the file system at p.
func FillStatfs(p Path, s *Statfs) error {
	sb := p.Dentry.Inode.SB
	*s = Statfs{Type: sb.Magic, Bsize: blockSize, Namelen: NameMax}
	if err := sb.Ops.StatFS(sb, s); err != nil {
		return err
	}
	if s.Frsize == 0 {
		s.Frsize = s.Bsize
	}
	const stValid = 0x20
	s.Flags = stValid
	if p.Mount != nil {
		s.Flags |= int64(statfsFlags(p.Mount.Flags()|sb.Flags()) | sb.Flags()&(MsSynchronous|MsMandlock))
	}
	return nil
}

// statfsFlags turns MS_* flags into ST_*, which differ for the last ones.
func statfsFlags(flags uint32) uint32 {
	f := flags & (MsRdonly | MsNosuid | MsNodev | MsNoexec | MsNoatime | MsNodiratime)
	if flags&MsRelatime != 0 {
		f |= 0x1000
	}
	if flags&MsNosymfollow != 0 {
		f |= 0x2000
	}
	return f
}
