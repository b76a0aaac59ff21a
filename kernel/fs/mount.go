package fs

import (
	"slices"
	"sync/atomic"

	"onsen/kernel/sched"
)

// Flags of mount(2).
const (
	MsRdonly      = 1 << 0
	MsNosuid      = 1 << 1
	MsNodev       = 1 << 2
	MsNoexec      = 1 << 3
	MsSynchronous = 1 << 4
	MsRemount     = 1 << 5
	MsMandlock    = 1 << 6
	MsDirsync     = 1 << 7
	MsNosymfollow = 1 << 8
	MsNoatime     = 1 << 10
	MsNodiratime  = 1 << 11
	MsBind        = 1 << 12
	MsMove        = 1 << 13
	MsRec         = 1 << 14
	MsSilent      = 1 << 15
	MsPosixacl    = 1 << 16
	MsUnbindable  = 1 << 17
	MsPrivate     = 1 << 18
	MsSlave       = 1 << 19
	MsShared      = 1 << 20
	MsRelatime    = 1 << 21
	MsIVersion    = 1 << 23
	MsStrictatime = 1 << 24
	MsLazytime    = 1 << 25
	MsKernmount   = 1 << 22

	msMgcVal = 0xc0ed_0000
	msMgcMsk = 0xffff_0000

	// superFlags belong to the file system, mountFlags to the mount.
	superFlags = MsRdonly | MsSynchronous | MsMandlock | MsDirsync | MsSilent | MsPosixacl | MsLazytime | MsIVersion
	mountFlags = MsRdonly | MsNosuid | MsNodev | MsNoexec | MsNoatime | MsNodiratime | MsRelatime | MsNosymfollow
)

// namespaceLock is held by whoever changes or lists the tree of mounts.
var namespaceLock sched.RWSem

// Mount is a file system at a place of the tree; Linux's struct mount.
type Mount struct {
	// SB is the file system, and Root what of it is seen. Constant.
	SB   *SuperBlock
	Root *Dentry
	// ID is the number in /proc/PID/mountinfo. Constant.
	ID int
	// Source is mount(2)'s. Constant.
	Source string

	// flags are MS_* flags of this mount. Written under namespaceLock.
	flags atomic.Uint32
	// unbindable is that of MS_UNBINDABLE. namespaceLock.
	unbindable bool
	// expiring is set by umount2(MNT_EXPIRE), cleared by use. namespaceLock.
	expiring atomic.Bool

	// up is where it is mounted, nil if nowhere. Written under namespaceLock.
	up atomic.Pointer[mountPoint]
	// kids are the mounts on this one. A slice is replaced, never changed.
	// Written under namespaceLock.
	kids atomic.Pointer[[]*Mount]
	// users counts open files, roots and working directories; negative when the
	// mount is gone.
	users atomic.Int32
	// writers counts files that are open for writing.
	writers atomic.Int32
	// detached is set when the mount has left the tree: the last user ends it.
	detached atomic.Bool
}

// mountPoint is a place on which something is mounted.
type mountPoint struct {
	parent *Mount
	at     *Dentry
}

var lastMountID atomic.Int32

// NewMount returns a mount of root that is not in the tree.
func NewMount(sb *SuperBlock, root *Dentry, source string, flags uint32) *Mount {
	m := &Mount{SB: sb, Root: root, Source: source, ID: int(lastMountID.Add(1))}
	m.flags.Store(flags & mountFlags)
	sb.mounts++
	if !root.Inode.IsDir() {
		// A file may lose its last name while it is mounted.
		hold(&root.Inode.users)
	}
	return m
}

// dropRoot gives up what NewMount has counted.
func (m *Mount) dropRoot() {
	if !m.Root.Inode.IsDir() {
		m.Root.Inode.drop()
	}
}

// Flags returns the MS_* flags of the mount. A file that is in none, of memfd_create(2)
// or a pipe, has a nil one, without flags.
func (m *Mount) Flags() uint32 {
	if m == nil {
		return 0
	}
	return m.flags.Load()
}

// RootPath returns the top of the mount.
func (m *Mount) RootPath() Path { return Path{m, m.Root} }

// childAt returns the mount on a dentry of m, or nil.
func (m *Mount) childAt(d *Dentry) *Mount {
	kids := m.kids.Load()
	if kids == nil {
		return nil
	}
	for _, k := range *kids {
		if up := k.up.Load(); up != nil && up.at == d {
			return k
		}
	}
	return nil
}

// attach puts m on a place.
//
// Preconditions: namespaceLock held for writing; m is nowhere; nothing is
// mounted on p.
func (m *Mount) attach(p Path) {
	m.up.Store(&mountPoint{p.Mount, p.Dentry})
	kids := append(p.Mount.mounts(), m)
	p.Mount.kids.Store(&kids)
	p.Dentry.mounts.Add(1)
	m.detached.Store(false)
}

// detach takes m from its place.
//
// Preconditions: namespaceLock held for writing.
func (m *Mount) detach() {
	up := m.up.Load()
	if up == nil {
		return
	}
	kids := slices.DeleteFunc(up.parent.mounts(), func(k *Mount) bool { return k == m })
	up.parent.kids.Store(&kids)
	up.at.mounts.Add(-1)
	m.up.Store(nil)
}

// mounts returns a copy of the mounts on m.
func (m *Mount) mounts() []*Mount {
	kids := m.kids.Load()
	if kids == nil {
		return nil
	}
	return slices.Clone(*kids)
}

// get counts a user of the place's mount, who is there already.
func (p Path) get() {
	if p.Mount != nil {
		p.Mount.users.Add(1)
	}
}

// hold counts a user of the place's mount unless that is gone.
func (p Path) hold() bool { return p.Mount == nil || hold(&p.Mount.users) }

// put gives a user up.
func (p Path) put() {
	if p.Mount != nil && p.Mount.users.Add(-1) == 0 && p.Mount.detached.Load() {
		p.Mount.end()
	}
}

// end ends a mount that has left the tree and has no users.
func (m *Mount) end() {
	if !m.users.CompareAndSwap(0, goneUsers) {
		return
	}
	namespaceLock.Lock()
	m.SB.mounts--
	last := m.SB.mounts == 0
	namespaceLock.Unlock()
	m.dropRoot()
	if last {
		m.SB.Ops.Put(m.SB)
	}
}

// Beside returns the place of a name in the directory that p is in, through
// mounts. It is not ok if there is none in memory, as in a file system that is
// not Resident.
func (p Path) Beside(name string) (at Path, ok bool) {
	for p.Mount != nil && p.Dentry == p.Mount.Root {
		up := p.Mount.up.Load()
		if up == nil {
			return Path{}, false
		}
		p = Path{up.parent, up.at}
	}
	dir := p.Dentry.Parent()
	if p.Mount == nil || dir == nil {
		return Path{}, false
	}
	child := dir.Child(name)
	if child == nil {
		return Path{}, false
	}
	at = Path{p.Mount, child}
	at.cross()
	return at, true
}

// cross follows the mounts on p to the topmost one.
func (p *Path) cross() {
	for p.Dentry.mounts.Load() != 0 {
		m := p.Mount.childAt(p.Dentry)
		if m == nil {
			return
		}
		p.Mount, p.Dentry = m, m.Root
	}
}
