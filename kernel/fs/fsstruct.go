package fs

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// FsStruct is what CLONE_FS shares: root, working directory and umask; Linux's
// struct fs_struct. It holds its two places' mounts.
type FsStruct struct {
	lock      spin.Lock
	root, pwd Path // lock
	umask     atomic.Uint32
	users     atomic.Int32
}

// NewFsStruct returns one that stands at a root, with one user and umask 022.
func NewFsStruct(root Path) *FsStruct {
	f := &FsStruct{root: root, pwd: root}
	root.get()
	root.get()
	f.umask.Store(0o22)
	f.users.Store(1)
	return f
}

// Copy returns a copy with one user.
func (f *FsStruct) Copy() *FsStruct {
	n := new(FsStruct)
	f.lock.Lock()
	n.root, n.pwd = f.root, f.pwd
	n.root.get()
	n.pwd.get()
	f.lock.Unlock()
	n.umask.Store(f.umask.Load())
	n.users.Store(1)
	return n
}

// Get adds a user.
func (f *FsStruct) Get() { f.users.Add(1) }

// Users returns the number of users.
func (f *FsStruct) Users() int { return int(f.users.Load()) }

// Put takes a user away; the last one frees it.
func (f *FsStruct) Put() {
	if f.users.Add(-1) == 0 {
		f.root.put()
		f.pwd.put()
	}
}

// Root returns the root directory.
func (f *FsStruct) Root() Path {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.root
}

// Pwd returns the working directory.
func (f *FsStruct) Pwd() Path {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.pwd
}

// SetRoot changes the root directory.
func (f *FsStruct) SetRoot(p Path) {
	p.get()
	f.lock.Lock()
	old := f.root
	f.root = p
	f.lock.Unlock()
	old.put()
}

// SetPwd changes the working directory.
func (f *FsStruct) SetPwd(p Path) {
	p.get()
	f.lock.Lock()
	old := f.pwd
	f.pwd = p
	f.lock.Unlock()
	old.put()
}

// replace changes whatever stands at old to new; pivot_root(2).
func (f *FsStruct) replace(old, new Path) {
	if f.Root() == old {
		f.SetRoot(new)
	}
	if f.Pwd() == old {
		f.SetPwd(new)
	}
}

// Umask returns the file mode creation mask.
func (f *FsStruct) Umask() uint32 { return f.umask.Load() }

// SetUmask changes the mask and returns what it was.
func (f *FsStruct) SetUmask(mask uint32) (old uint32) { return f.umask.Swap(mask & 0o777) }
