package ramfs

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
)

// direntSize is what a name adds to the size of a directory in tmpfs.
const direntSize = 20

// common is what all files have.
type common struct{ fs.NoInodeOps }

// Evict frees the contents of a deleted file.
func (common) Evict(i *fs.Inode) {
	memOf(i).inodes.Add(-1)
	if i.Mapping != nil {
		i.Mapping.Release()
	}
}

// dirOps are the operations of a directory. Its names are dentries: what is
// left to do is to count links.
type dirOps struct{ common }

// Mknod makes a file.
func (dirOps) Mknod(dir *fs.Inode, _ string, a *fs.NewAttr) (*fs.Inode, error) {
	var ops fs.InodeOps = common{}
	if a.Mode&syscall.S_IFMT == syscall.S_IFREG {
		ops = regOps{}
	}
	i, err := memOf(dir).newInode(dir.SB, a, ops)
	if err == nil {
		grown(dir)
	}
	return i, err
}

// Mkdir makes a directory.
func (dirOps) Mkdir(dir *fs.Inode, _ string, a *fs.NewAttr) (*fs.Inode, error) {
	i, err := memOf(dir).newInode(dir.SB, a, dirOps{})
	if err == nil {
		dir.AddNlink(1)
		grown(dir)
	}
	return i, err
}

// Symlink makes a symbolic link.
func (dirOps) Symlink(dir *fs.Inode, _, target string, a *fs.NewAttr) (*fs.Inode, error) {
	i, err := memOf(dir).newInode(dir.SB, a, linkOps{target: target})
	if err == nil {
		i.SetSize(int64(len(target)))
		grown(dir)
	}
	return i, err
}

// Link counts a name more.
func (dirOps) Link(dir *fs.Inode, _ string, target *fs.Inode) error {
	target.AddNlink(1)
	target.TouchCtime()
	grown(dir)
	return nil
}

// Unlink counts a name less.
func (dirOps) Unlink(dir *fs.Inode, _ string, target *fs.Inode) error {
	target.AddNlink(-1)
	target.TouchCtime()
	shrunk(dir)
	return nil
}

// Rmdir takes away the name of the directory and its "." and "..".
func (dirOps) Rmdir(dir *fs.Inode, _ string, target *fs.Inode) error {
	target.SetNlink(0)
	target.TouchCtime()
	dir.AddNlink(-1)
	shrunk(dir)
	return nil
}

// Rename counts what a rename changes.
func (d dirOps) Rename(dir *fs.Inode, name string, moved, newDir *fs.Inode, newName string, target *fs.Inode, flags uint32) error {
	defer moved.TouchCtime()
	if flags&fs.RenameExchange != 0 {
		if a, b := moved.IsDir(), target.IsDir(); a != b && dir != newDir {
			from, to := dir, newDir
			if b {
				from, to = to, from
			}
			from.AddNlink(-1)
			to.AddNlink(1)
		}
		dir.TouchMtime()
		newDir.TouchMtime()
		target.TouchCtime()
		return nil
	}
	if target != nil {
		if target.IsDir() {
			_ = d.Rmdir(newDir, newName, target)
		} else {
			_ = d.Unlink(newDir, newName, target)
		}
	}
	if moved.IsDir() {
		dir.AddNlink(-1)
		newDir.AddNlink(1)
	}
	shrunk(dir)
	grown(newDir)
	return nil
}

// Tmpfile makes a file without a name.
func (dirOps) Tmpfile(dir *fs.Inode, a *fs.NewAttr) (*fs.Inode, error) {
	i, err := memOf(dir).newInode(dir.SB, a, regOps{})
	if err == nil {
		i.SetNlink(0)
	}
	return i, err
}

// Open opens a directory for listing.
func (dirOps) Open(_ *fs.Inode, f *fs.File) error {
	f.Ops = fs.ResidentDir
	return nil
}

// grown and shrunk note that a directory has a name more or less.
func grown(dir *fs.Inode) { resized(dir, direntSize) }

func shrunk(dir *fs.Inode) { resized(dir, -direntSize) }

func resized(dir *fs.Inode, by int64) {
	if memOf(dir).tmpfs {
		dir.SetSize(dir.Size() + by)
	}
	dir.TouchMtime()
}

// linkOps are the operations of a symbolic link.
type linkOps struct {
	common
	target string
}

// GetLink returns what the link says.
func (l linkOps) GetLink(*fs.Inode, *cred.Cred) (string, fs.Path, error) {
	return l.target, fs.Path{}, nil
}
