// Package procfs makes file systems of things that the kernel knows: every file
// is a function that writes its contents when somebody reads it, every directory
// a list of such entries, or functions that find and list names as they are
// needed. What is in it, package kernel says; /proc (proc(5)) is made of it.
//
// A file or directory is about something: its key, such as a task. The key is
// handed down: the entries of a directory are about what the directory is about,
// unless Find has said otherwise.
package procfs

import (
	"bytes"
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
)

// Entry describes a file. It has Show, Write or both, or Link, or Dir.
type Entry struct {
	// Name is the file's name, and Perm its permissions.
	Name string
	Perm uint32

	// Show writes the contents.
	Show func(key any, w *bytes.Buffer) error
	// Write takes what is written to the file, and returns how many bytes of it.
	Write func(key any, w *Write) (int, error)
	// Seq has pwrite(2) answer ESPIPE, as it does for a file of Linux's seq_file.
	Seq bool
	// Open agrees to the file being opened.
	Open func(key any, c *cred.Cred) error
	// Ops, if set, is what an open file does, instead of Show and Write; its
	// Private is an *Opened. Attach, if set, gives that its Private, or an error.
	Ops    fs.FileOps
	Attach func(key any, c *cred.Cred) (any, error)

	// Link returns where a symbolic link leads: its text, and, if no text
	// leads there, the place itself.
	Link func(key any, c *cred.Cred) (target string, jump fs.Path, err error)

	// Dir makes the file a directory.
	Dir *Dir
}

// Write is what a program writes to a file in one call.
type Write struct {
	Cred *cred.Cred // of whoever opened the file
	Text []byte     // the beginning, MaxText bytes at most
	Len  int        // the length of all of it, in bytes
	Pos  int64      // where; it stays there unless the entry moves it
}

// MaxText is how much an entry gets to see of what is written.
const MaxText = arch.PageSize

// Dir describes a directory.
type Dir struct {
	// Entries are always there.
	Entries []Entry
	// Find returns the entry of another name, and what it is about: ENOENT.
	Find func(key any, name string) (e *Entry, newKey any, err error)
	// List calls emit for the names that Find finds, in an order that does not
	// change, from the first one on whose number is not below from, until it
	// returns false.
	List func(key any, from int64, emit func(number int64, name string, mode uint32) bool) error
	// Perm, if set, checks access instead of owner and permissions.
	Perm func(key any, c *cred.Cred, mask uint32) error
}

// System is a file system.
type System struct {
	// Root is its top.
	Root *Dir
	// Magic is statfs(2)'s f_type.
	Magic int64
	// Owner returns to whom the files about something belong; nil for root.
	Owner func(key any) (uid, gid uint32)
	// Alive reports whether that about which a file is still exists; nil for
	// always. The files of what does not are empty directories, and ESRCH.
	Alive func(key any) bool
}

// super is the file system's SuperBlock.Private.
type super struct{ *System }

// Mount returns a new SuperBlock for the file system: what fs.RegisterFilesystem
// wants.
func (s *System) Mount(t *fs.FilesystemType, _ string, flags uint32, _ string) (*fs.SuperBlock, error) {
	sb := fs.NewSuperBlock(t, s.Magic, flags, fs.SimpleSuper{})
	sb.Private = super{s}
	sb.SetRoot(s.inode(sb, &Entry{Perm: 0o555, Dir: s.Root}, nil))
	return sb, nil
}

// node is what an inode stands for: its Private and its Ops.
type node struct {
	fs.NoInodeOps
	sys *System
	e   *Entry
	key any
}

// inode returns a new inode for an entry.
func (s *System) inode(sb *fs.SuperBlock, e *Entry, key any) *fs.Inode {
	n := &node{sys: s, e: e, key: key}
	i := sb.NewInode(e.mode(), n)
	i.Private = n
	if s.Owner != nil && key != nil {
		i.SetOwner(s.Owner(key))
	}
	if e.Dir != nil {
		i.Volatile = true
		if perm := e.Dir.Perm; perm != nil {
			i.Perm = func(c *cred.Cred, _ *fs.Inode, mask uint32) error { return perm(key, c, mask) }
		}
	}
	return i
}

// mode returns the type and the permissions.
func (e *Entry) mode() uint32 {
	switch {
	case e.Dir != nil:
		return syscall.S_IFDIR | e.Perm
	case e.Link != nil:
		return syscall.S_IFLNK | 0o777
	}
	return syscall.S_IFREG | e.Perm
}

func (n *node) alive() bool { return n.sys.Alive == nil || n.key == nil || n.sys.Alive(n.key) }

// Lookup finds a name in a directory.
func (n *node) Lookup(dir *fs.Inode, name string) (*fs.Inode, error) {
	if !n.alive() {
		return nil, syscall.ENOENT
	}
	d := n.e.Dir
	for i := range d.Entries {
		if e := &d.Entries[i]; e.Name == name {
			return n.sys.inode(dir.SB, e, n.key), nil
		}
	}
	if d.Find == nil {
		return nil, syscall.ENOENT
	}
	e, key, err := d.Find(n.key, name)
	if err != nil {
		return nil, err
	}
	return n.sys.inode(dir.SB, e, key), nil
}

// GetLink follows a symbolic link.
func (n *node) GetLink(_ *fs.Inode, c *cred.Cred) (string, fs.Path, error) {
	if n.e.Link == nil {
		return "", fs.Path{}, syscall.EINVAL
	}
	return n.e.Link(n.key, c)
}

// SetAttr refuses what would have to be remembered. Truncating, as a shell's ">"
// does, changes nothing.
func (n *node) SetAttr(_ *fs.Inode, a *fs.Attr) error {
	if a.Valid&(fs.AttrMode|fs.AttrUID|fs.AttrGID) != 0 {
		return syscall.EPERM
	}
	return nil
}

// Open opens a file or a directory.
func (n *node) Open(_ *fs.Inode, f *fs.File) error {
	if n.e.Open != nil {
		if err := n.e.Open(n.key, f.Cred); err != nil {
			return err
		}
	}
	switch {
	case n.e.Dir != nil:
		f.Ops = dirOps{}
	case n.e.Ops != nil:
		o := &Opened{Key: n.key}
		if n.e.Attach != nil {
			var err error
			if o.Private, err = n.e.Attach(n.key, f.Cred); err != nil {
				return err
			}
		}
		f.Ops, f.Private = n.e.Ops, o
	default:
		if f.CanWrite() && n.e.Write == nil || f.CanRead() && n.e.Show == nil {
			return syscall.EACCES
		}
		if n.e.Seq {
			f.NoPwrite()
		}
		f.Ops = textOps{}
		f.Private = new(text)
	}
	return nil
}

// Opened is the Private of a file with Ops of its own.
type Opened struct {
	Key     any
	Private any
}
