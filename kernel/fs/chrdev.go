package fs

import (
	"slices"
	"syscall"

	"onsen/kernel/spin"
)

// Chrdev is a character device.
type Chrdev struct {
	Dev Dev
	// Name is that of its node in /dev, empty for none.
	Name string
	// Mode are the permissions of the node.
	Mode uint32
	// Open sets f.Ops and whatever else a file of the device needs.
	Open func(f *File) error
}

// chrdevs are the devices there are.
var chrdevs struct {
	lock spin.Lock
	// byDev is sorted by Dev, and replaced, never changed. lock.
	byDev []*Chrdev
	// added is called for each new one. lock.
	added func(*Chrdev)
}

// RegisterChrdev makes a character device known; devtmpfs gives it a node of
// that name with mode 0600. EBUSY if the number is taken.
func RegisterChrdev(major, minor uint32, name string, open func(*File) error) error {
	return RegisterChrdevMode(major, minor, name, 0o600, open)
}

// RegisterChrdevMode is RegisterChrdev with other permissions of the node.
func RegisterChrdevMode(major, minor uint32, name string, mode uint32, open func(*File) error) error {
	dev := &Chrdev{MkDev(major, minor), name, mode, open}
	for {
		old := Chrdevs()
		at, found := findChrdev(old, dev.Dev)
		if found {
			return syscall.EBUSY
		}
		list := slices.Insert(slices.Clone(old), at, dev)
		chrdevs.lock.Lock()
		ok := len(chrdevs.byDev) == len(old)
		if ok {
			chrdevs.byDev = list
		}
		added := chrdevs.added
		chrdevs.lock.Unlock()
		if !ok {
			continue
		}
		if added != nil {
			added(dev)
		}
		return nil
	}
}

// Chrdevs returns all character devices by number. The caller must not change
// the slice.
func Chrdevs() []*Chrdev {
	chrdevs.lock.Lock()
	defer chrdevs.lock.Unlock()
	return chrdevs.byDev
}

// OnNewChrdev makes f be called for every device that there is and that comes.
func OnNewChrdev(f func(*Chrdev)) {
	chrdevs.lock.Lock()
	chrdevs.added = f
	list := chrdevs.byDev
	chrdevs.lock.Unlock()
	for _, d := range list {
		f(d)
	}
}

func findChrdev(list []*Chrdev, dev Dev) (at int, found bool) {
	return slices.BinarySearchFunc(list, dev, func(c *Chrdev, dev Dev) int { return int(c.Dev) - int(dev) })
}

// openChrdev opens the device of a node: ENXIO if there is none.
func openChrdev(f *File) error {
	list := Chrdevs()
	at, found := findChrdev(list, f.Inode.Rdev)
	if !found {
		return syscall.ENXIO
	}
	return list[at].Open(f)
}

// OpenFifo opens a FIFO found by path: it sets f.Ops, and waits for the other
// side as fifo(7) says. Set at start-up.
var OpenFifo = func(f *File) error { return syscall.ENXIO }
