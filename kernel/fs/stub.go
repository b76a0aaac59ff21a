package fs

// Inode is a file of a file system.
type Inode struct{}

// Path is a place in the tree of mounts.
type Path struct{}

// DirContext takes directory entries.
type DirContext struct{}

// FsStruct is what CLONE_FS shares: root, working directory and umask.
type FsStruct struct{}

// Files is what CLONE_FILES shares: the open files.
type Files struct{}

func (f *File) release() { f.Ops.Release(f) }
