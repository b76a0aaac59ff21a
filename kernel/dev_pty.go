package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/tty"
)

const (
	ptsMajor = 136
	// maxPTYs is the default of /proc/sys/kernel/pty/max, and counts those of
	// all instances of devpts.
	maxPTYs = 4096
)

// ptys counts the pseudo terminals of all instances.
var ptys struct {
	lock sched.Mutex
	used int // lock
	// devices is how many numbers of slaves have been registered. lock.
	devices int
}

// registerPTYs makes /dev/ptmx and the file system devpts known.
func registerPTYs() error {
	if err := fs.RegisterFilesystem("devpts", mountDevpts); err != nil {
		return err
	}
	return fs.RegisterChrdevMode(ttyAuxMajor, ptmxMinor, "ptmx", 0o666, openPtmx)
}

// reservePTY counts a pseudo terminal that gets a number, and makes the device
// of that number known: ENOSPC.
func reservePTY(index int) error {
	ptys.lock.Lock()
	defer ptys.lock.Unlock()
	if ptys.used == maxPTYs {
		return syscall.ENOSPC
	}
	for ; ptys.devices <= index; ptys.devices++ {
		if err := fs.RegisterChrdev(ptsMajor, uint32(ptys.devices), "", openPTS); err != nil {
			return err
		}
	}
	ptys.used++
	return nil
}

func releasePTY() {
	ptys.lock.Lock()
	ptys.used--
	ptys.lock.Unlock()
}

// openPTS opens a slave by its node in a devpts: EIO for any other node.
func openPTS(f *fs.File) error {
	p, ok := f.Inode.Private.(*tty.PTY)
	if !ok {
		return syscall.EIO
	}
	return p.Slave.Open(f)
}

// openPtmx makes a pseudo terminal and opens its master: ENOSPC if there are too
// many, ENODEV without a devpts to put it in.
func openPtmx(f *fs.File) error {
	d, _, err := devptsOf(f)
	if err != nil {
		return err
	}
	p, err := d.newPTY(f)
	if err != nil {
		return err
	}
	f.Ops = &tty.Master{PTY: p}
	f.Nonseekable()
	return nil
}

// openPeer is TIOCGPTPEER: it opens the slave of a master, wherever its devpts
// is mounted, under a new descriptor.
func openPeer(master *fs.File, node *fs.Dentry, flags uint32) (uintptr, error) {
	t := Current()
	_, root, err := devptsOf(master)
	if err != nil {
		return 0, err
	}
	fd, err := t.files.AllocFd(0, t.nofile(), flags&syscall.O_CLOEXEC != 0)
	if err != nil {
		return 0, err
	}
	f, err := fs.OpenPath(t.fsContext(), fs.Path{Mount: root.Mount, Dentry: node}, flags)
	if err != nil {
		t.files.PutUnused(fd)
		return 0, err
	}
	t.files.Install(fd, f)
	return uintptr(fd), nil
}
