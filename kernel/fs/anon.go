package fs

import (
	"syscall"

	"onsen/kernel/cred"
)

// pseudoSB is the file system of files that have no name: pipes, events. Linux
// has one for each kind, which no program can tell.
var pseudoSB = NewSuperBlock(&FilesystemType{Name: "anon_inodefs", NoDev: true}, 0x09041934, 0, SimpleSuper{})

// pipeSB is that of pipes, which statfs(2) tells from others.
var pipeSB = NewSuperBlock(&FilesystemType{Name: "pipefs", NoDev: true}, 0x50495045, 0, SimpleSuper{})

// sockSB is that of sockets.
var sockSB = NewSuperBlock(&FilesystemType{Name: "sockfs", NoDev: true}, 0x534f434b, 0, SimpleSuper{})

// anonInode is the inode that all files of NewAnonFile share, as in Linux.
var anonInode = pseudoSB.NewInode(0o600, NoInodeOps{})

// NewPseudoInode returns an inode for files without a name, such as a pipe's.
func NewPseudoInode(mode uint32, ops InodeOps) *Inode {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFIFO:
		return pipeSB.NewInode(mode, ops)
	case syscall.S_IFSOCK:
		return sockSB.NewInode(mode, ops)
	}
	return pseudoSB.NewInode(mode, ops)
}

// NewAnonFile returns an open file on the anonymous inode; name is what
// /proc/PID/fd shows after "anon_inode:", with its brackets if it has some. It
// has no position, and is open as the access mode in flags says.
func NewAnonFile(name string, ops FileOps, private any, flags uint32) *File {
	return NewPseudoFile(anonInode, "anon_inode:"+name, ops, private, flags)
}

// NewPseudoFile returns an open file, with one reference, on an inode of
// NewPseudoInode. name is all that /proc/PID/fd shows.
func NewPseudoFile(i *Inode, name string, ops FileOps, private any, flags uint32) *File {
	f := &File{Ops: ops, Inode: i, Path: Path{Dentry: newDentry(nil, name, i)}, Private: private, Cred: &cred.Cred{}}
	f.flags.Store(flags &^ (openingFlags | syscall.O_CLOEXEC))
	f.mode = accessMode(flags) | modeOpened
	f.refs.Store(1)
	return f
}

// OpenUnnamed opens a regular file that is in no directory. name is what /proc shows
// of it. As in Linux, whoever has it open for writing from the start does not keep
// it from being executed.
func OpenUnnamed(ctx *Context, i *Inode, name string, flags uint32) (*File, error) {
	f, err := newFile(Path{Dentry: newDentry(nil, name, i)}, flags, ctx)
	if err == nil && f.mode&modeWriter != 0 {
		f.mode &^= modeWriter
		i.PutWriteAccess()
	}
	return f, err
}

// accessMode returns the rights that O_RDONLY, O_WRONLY or O_RDWR give.
func accessMode(flags uint32) fileMode {
	switch flags & oAccMode {
	case syscall.O_RDONLY:
		return modeRead
	case syscall.O_WRONLY:
		return modeWrite
	case syscall.O_RDWR:
		return modeRead | modeWrite
	}
	return 0 // 3 gives neither: only ioctl works
}
