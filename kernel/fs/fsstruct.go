package fs

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// FsStruct is what CLONE_FS shares: root, working directory and umask; Linux's
// struct fs_struct. It holds the mounts of its two places.
type FsStruct struct {
	lock spin.Lock
	// root and pwd are replaced, never changed. Written under lock.
	root, pwd atomic.Pointer[Path]
	umask     atomic.Uint32
	users     atomic.Int32
}

// NewFsStruct returns one that stands at a root, with one user and umask 022.
func NewFsStruct(root Path) *FsStruct {
	f := new(FsStruct)
	root.get()
	root.get()
	f.root.Store(&root)
	f.pwd.Store(&root)
	f.umask.Store(0o22)
	f.users.Store(1)
	return f
}

// Copy returns a copy with one user.
func (f *FsStruct) Copy() *FsStruct {
	n := new(FsStruct)
	f.lock.Lock()
	root, pwd := f.root.Load(), f.pwd.Load()
	root.get()
	pwd.get()
	f.lock.Unlock()
	n.root.Store(root)
	n.pwd.Store(pwd)
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
		f.root.Load().put()
		f.pwd.Load().put()
	}
}

// Root returns the root directory.
func (f *FsStruct) Root() Path { return *f.root.Load() }

// Pwd returns the working directory.
func (f *FsStruct) Pwd() Path { return *f.pwd.Load() }

// SetRoot changes the root directory.
func (f *FsStruct) SetRoot(p Path) { f.set(&f.root, p) }

// SetPwd changes the working directory.
func (f *FsStruct) SetPwd(p Path) { f.set(&f.pwd, p) }

func (f *FsStruct) set(at *atomic.Pointer[Path], p Path) {
	p.get()
	f.lock.Lock()
	old := at.Swap(&p)
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
