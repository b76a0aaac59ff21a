package kernel

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/tty"
)

const (
	ptmxMinor = 2
	// unixPTYs is the most that the option max can allow; Linux's
	// NR_UNIX98_PTY_MAX.
	unixPTYs    = 1 << 20
	devptsMagic = 0x1cd1
	// Inode numbers; slaves come after those.
	devptsPtmx  = 2
	devptsFirst = 3
)

// devpts is an instance of the file system devpts: every mount is one, with
// numbers of its own.
type devpts struct {
	fs.SimpleSuper
	super *fs.SuperBlock // constant
	ptmx  *fs.Inode      // constant

	lock sched.Mutex
	opts devptsOptions // lock
	// used says which numbers are. lock.
	used []bool
}

// devptsOptions are the options of mount(8).
type devptsOptions struct {
	uid, gid       uint32
	hasUID, hasGID bool // else they are those of who opens the master
	mode, ptmxMode uint32
	most           uint32
}

// parseDevpts reads options: EINVAL.
func parseDevpts(data string) (devptsOptions, error) {
	o := devptsOptions{mode: 0o600, most: unixPTYs}
	for _, option := range strings.Split(data, ",") {
		name, value, _ := strings.Cut(option, "=")
		if name == "" || option == "newinstance" {
			continue
		}
		base := 10
		if name == "mode" || name == "ptmxmode" {
			base = 8
		}
		v, err := strconv.ParseUint(value, base, 32)
		if err != nil {
			return o, syscall.EINVAL
		}
		n := uint32(v)
		switch name {
		case "uid":
			o.uid, o.hasUID = n, true
		case "gid":
			o.gid, o.hasGID = n, true
		case "mode":
			o.mode = n & 0o7777
		case "ptmxmode":
			o.ptmxMode = n & 0o7777
		case "max":
			if o.most = n; n > unixPTYs {
				return o, syscall.EINVAL
			}
		default:
			return o, syscall.EINVAL
		}
	}
	return o, nil
}

// mountDevpts makes a new instance: EINVAL.
func mountDevpts(t *fs.FilesystemType, _ string, flags uint32, data string) (*fs.SuperBlock, error) {
	opts, err := parseDevpts(data)
	if err != nil {
		return nil, err
	}
	d := &devpts{opts: opts}
	d.super = fs.NewSuperBlock(t, devptsMagic, flags, d)
	d.super.Resident = true
	d.super.SetRoot(d.super.NewInodeNr(1, 0o755|syscall.S_IFDIR, devptsDir{}))
	d.ptmx = d.super.NewInodeNr(devptsPtmx, opts.ptmxMode|syscall.S_IFCHR, fs.NoInodeOps{})
	d.ptmx.Rdev = fs.MkDev(ttyAuxMajor, ptmxMinor)
	if _, err := d.super.Root.AddChild("ptmx", d.ptmx); err != nil {
		return nil, err
	}
	return d.super, nil
}

// Remount implements fs.SuperOps. Slaves that there are stay as they are.
func (d *devpts) Remount(_ *fs.SuperBlock, _ uint32, data string) error {
	opts, err := parseDevpts(data)
	if err != nil {
		return err
	}
	d.lock.Lock()
	d.opts = opts
	d.lock.Unlock()
	d.ptmx.SetMode(opts.ptmxMode | syscall.S_IFCHR)
	return nil
}

// ShowOptions implements fs.SuperOps.
func (d *devpts) ShowOptions(*fs.SuperBlock) string {
	d.lock.Lock()
	o := d.opts
	d.lock.Unlock()
	var b strings.Builder
	if o.hasUID {
		fmt.Fprintf(&b, ",uid=%d", o.uid)
	}
	if o.hasGID {
		fmt.Fprintf(&b, ",gid=%d", o.gid)
	}
	fmt.Fprintf(&b, ",mode=%03o,ptmxmode=%03o", o.mode, o.ptmxMode)
	if o.most < unixPTYs {
		fmt.Fprintf(&b, ",max=%d", o.most)
	}
	return b.String()
}

// devptsDir is the only directory, whose names come and go with pseudo
// terminals alone.
type devptsDir struct{ fs.NoInodeOps }

// Mknod refuses: EACCES to a file that open(2) would create, else EPERM.
func (devptsDir) Mknod(_ *fs.Inode, _ string, a *fs.NewAttr) (*fs.Inode, error) {
	if a.Mode&syscall.S_IFMT == syscall.S_IFREG {
		return nil, syscall.EACCES
	}
	return nil, syscall.EPERM
}

// Open opens the directory for listing.
func (devptsDir) Open(_ *fs.Inode, f *fs.File) error {
	f.Ops = fs.ResidentDir
	return nil
}

// devptsOf returns the instance that a ptmx belongs to, and where it is
// mounted: the one that it is in, or else the one on "pts" beside it (Linux's
// devpts_mntget). ENODEV.
func devptsOf(ptmx *fs.File) (*devpts, fs.Path, error) {
	if d, ok := ptmx.Inode.SB.Ops.(*devpts); ok {
		return d, ptmx.Path, nil
	}
	at, ok := ptmx.Path.Beside("pts")
	if ok && at.Dentry == at.Dentry.Inode.SB.Root {
		if d, ok := at.Dentry.Inode.SB.Ops.(*devpts); ok {
			return d, at, nil
		}
	}
	return nil, fs.Path{}, syscall.ENODEV
}

// newPTY makes a pseudo terminal with the lowest number that is free, and its
// slave's node: ENOSPC.
func (d *devpts) newPTY(master *fs.File) (*tty.PTY, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	index := 0
	for index < len(d.used) && d.used[index] {
		index++
	}
	if uint32(index) >= d.opts.most {
		return nil, syscall.ENOSPC
	}
	if err := reservePTY(index); err != nil {
		return nil, err
	}
	name, dev := strconv.Itoa(index), fs.MkDev(ptsMajor, uint32(index))
	p := tty.NewPTY("pts/"+name, dev, index)
	node, err := d.super.Root.AddChild(name, d.newNode(p, dev, master))
	if err != nil {
		releasePTY()
		return nil, err
	}
	if index == len(d.used) {
		d.used = append(d.used, false)
	}
	d.used[index] = true
	p.Closed = func() { d.super.Root.RemoveChild(node) }
	p.Freed = func() { d.free(index) }
	p.OpenPeer = func(f *fs.File, flags uint32) (uintptr, error) { return openPeer(f, node, flags) }
	return p, nil
}

// newNode returns the node of a slave.
//
// Preconditions: lock held.
func (d *devpts) newNode(p *tty.PTY, dev fs.Dev, master *fs.File) *fs.Inode {
	i := d.super.NewInodeNr(uint64(devptsFirst+p.Index), d.opts.mode|syscall.S_IFCHR, fs.NoInodeOps{})
	uid, gid := master.Cred.FSUID, master.Cred.FSGID
	if d.opts.hasUID {
		uid = d.opts.uid
	}
	if d.opts.hasGID {
		gid = d.opts.gid
	}
	i.SetOwner(uid, gid)
	i.Rdev, i.Private = dev, p
	return i
}

func (d *devpts) free(index int) {
	d.lock.Lock()
	d.used[index] = false
	d.lock.Unlock()
	releasePTY()
}
