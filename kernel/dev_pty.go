package kernel

import (
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/ramfs"
	"onsen/kernel/sched"
	"onsen/kernel/tty"
)

const (
	ptsMajor = 136
	// maxPTYs is the default of /proc/sys/kernel/pty/max.
	maxPTYs = 4096
)

// ptys are the pseudo terminals that there are, by index. An entry's device is
// registered once and stays.
var ptys struct {
	lock  sched.Mutex
	slots []*ptySlot // lock
	super *fs.SuperBlock
	// mode and gid are devpts's options for new nodes; gid is that of the opener
	// if hasGid is not set. lock.
	mode   uint32
	gid    uint32
	hasGid bool
}

// ptySlot is a number for a pseudo terminal.
type ptySlot struct {
	pty atomic.Pointer[tty.PTY] // nil if the number is free
	// inode is that of the node, made for the first pseudo terminal, and node
	// its name while there is one. ptys.lock.
	inode *fs.Inode
	node  *fs.Dentry
}

// registerPTYs makes /dev/ptmx and the file system devpts known.
func registerPTYs() error {
	if err := fs.RegisterFilesystem("devpts", mountDevpts); err != nil {
		return err
	}
	super, err := ramfs.NewTmpfs(fs.FindFilesystem("devpts"), 0, "mode=755")
	if err != nil {
		return err
	}
	const devptsMagic = 0x1cd1
	super.Magic = devptsMagic
	ptys.super, ptys.mode = super, 0o600
	return fs.RegisterChrdevMode(ttyAuxMajor, 2, "ptmx", 0o666, openPtmx)
}

// mountDevpts shows the one devpts, and changes its options.
func mountDevpts(_ *fs.FilesystemType, _ string, _ uint32, data string) (*fs.SuperBlock, error) {
	ptys.lock.Lock()
	defer ptys.lock.Unlock()
	ptmxMode := uint32(0)
	for _, option := range strings.Split(data, ",") {
		name, value, _ := strings.Cut(option, "=")
		n, err := strconv.ParseUint(value, map[bool]int{true: 8, false: 10}[strings.HasSuffix(name, "mode")], 32)
		switch {
		case name == "" || name == "newinstance":
			continue
		case err != nil:
			return nil, syscall.EINVAL
		}
		switch name {
		case "mode":
			ptys.mode = uint32(n) & 0o777
		case "gid":
			ptys.gid, ptys.hasGid = uint32(n), true
		case "ptmxmode":
			ptmxMode = uint32(n) & 0o777
		default:
			return nil, syscall.EINVAL
		}
	}
	node := &fs.NewAttr{Mode: ptmxMode | syscall.S_IFCHR, Rdev: fs.MkDev(ttyAuxMajor, 2)}
	if _, err := ptys.super.Root.AddNode("ptmx", node); err != nil && data != "" {
		if d := ptys.super.Root.Child("ptmx"); d != nil {
			d.Inode.SetMode(ptmxMode | syscall.S_IFCHR)
		}
	}
	return ptys.super, nil
}

// openPtmx makes a pseudo terminal and opens its master: ENOSPC if there are too
// many.
func openPtmx(f *fs.File) error {
	ptys.lock.Lock()
	defer ptys.lock.Unlock()
	index, slot, err := freePTY()
	if err != nil {
		return err
	}
	name := strconv.Itoa(index)
	dev := fs.MkDev(ptsMajor, uint32(index))
	p := tty.NewPTY("pts/"+name, dev, index)
	p.Closed = func() { closePTY(slot) }
	slot.pty.Store(p)
	if err := slot.addNode(name, dev, f); err != nil {
		slot.pty.Store(nil)
		return err
	}
	f.Ops = &tty.Master{PTY: p}
	f.Nonseekable()
	return nil
}

// addNode makes the node of a slave, which belongs to who opened the master.
//
// Preconditions: ptys.lock held.
func (s *ptySlot) addNode(name string, dev fs.Dev, master *fs.File) (err error) {
	a := fs.NewAttr{Mode: ptys.mode | syscall.S_IFCHR, UID: master.Cred.FSUID, GID: master.Cred.FSGID, Rdev: dev}
	if ptys.hasGid {
		a.GID = ptys.gid
	}
	if s.inode != nil {
		s.inode.SetMode(a.Mode)
		s.inode.SetOwner(a.UID, a.GID)
		s.node, err = ptys.super.Root.AddChild(name, s.inode)
		return err
	}
	if s.node, err = ptys.super.Root.AddNode(name, &a); err == nil {
		s.inode = s.node.Inode
	}
	return err
}

// freePTY returns a number that is free.
//
// Preconditions: ptys.lock held.
func freePTY() (int, *ptySlot, error) {
	for i, s := range ptys.slots {
		if s.pty.Load() == nil && s.node == nil {
			return i, s, nil
		}
	}
	i := len(ptys.slots)
	if i == maxPTYs {
		return 0, nil, syscall.ENOSPC
	}
	s := new(ptySlot)
	open := func(f *fs.File) error {
		p := s.pty.Load()
		if p == nil {
			return syscall.EIO
		}
		return p.Slave.Open(f)
	}
	if err := fs.RegisterChrdev(ptsMajor, uint32(i), "", open); err != nil {
		return 0, nil, err
	}
	ptys.slots = append(ptys.slots, s)
	return i, s, nil
}

// closePTY takes the slave's node away and frees the number.
func closePTY(s *ptySlot) {
	ptys.lock.Lock()
	defer ptys.lock.Unlock()
	ptys.super.Root.RemoveChild(s.node)
	s.node = nil
	s.pty.Store(nil)
}
