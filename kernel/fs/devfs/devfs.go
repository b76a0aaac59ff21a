// Package devfs has devtmpfs: a tmpfs in which every character device that is
// registered has a node. There is one, however often it is mounted.
package devfs

import (
	"strings"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/ramfs"
	"onsen/kernel/sched"
)

// The one devtmpfs, and its directories by name.
var (
	lock  sched.Mutex
	super *fs.SuperBlock // set once
)

// Register makes devtmpfs known and gives the devices that there are, and those
// that come, their nodes.
func Register() error {
	err := fs.RegisterFilesystem("devtmpfs", func(_ *fs.FilesystemType, _ string, flags uint32, _ string) (*fs.SuperBlock, error) {
		return super, nil
	})
	if err != nil {
		return err
	}
	super, err = ramfs.NewTmpfs(fs.FindFilesystem("devtmpfs"), 0, "mode=0755")
	if err != nil {
		return err
	}
	fs.OnNewChrdev(addNode)
	return nil
}

// addNode makes the node of a device. One that is there already, because a
// program has made it, stays.
func addNode(d *fs.Chrdev) {
	if d.Name == "" {
		return
	}
	lock.Lock()
	defer lock.Unlock()
	dir, name := directory(d.Name)
	node := &fs.NewAttr{Mode: d.Mode | syscall.S_IFCHR, Rdev: d.Dev}
	_, _ = dir.AddNode(name, node)
}

// directory returns the directory of a name with slashes, which it makes, and
// the rest.
func directory(name string) (dir *fs.Dentry, rest string) {
	dir = super.Root
	for {
		part, after, more := strings.Cut(name, "/")
		if !more {
			return dir, name
		}
		next := dir.Child(part)
		if next == nil {
			next, _ = dir.AddNode(part, &fs.NewAttr{Mode: 0o755 | syscall.S_IFDIR})
		}
		dir, name = next, after
	}
}
