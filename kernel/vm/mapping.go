package vm

// Mappable is what pages of a mapping come from: the page cache of a file, a
// device's memory, shared anonymous memory.
type Mappable interface {
	// FaultPage returns the page at an index, in pages from the start of the
	// object, with one reference for the caller. write says that the page is
	// about to be written through a shared mapping. It may sleep, and must not
	// touch user memory. EFAULT says that the object ends before that page
	// (SIGBUS); ENOMEM.
	FaultPage(index uint64, write bool) (pa uintptr, err error)
	// Attach and Detach tell the object which areas map it, so that it can
	// take pages back from them. An area cannot be read meanwhile.
	Attach(a *Area)
	Detach(a *Area)
}

// Zero is the object of a file that shows zeros, such as /dev/zero: a private
// mapping of it is an anonymous one, a shared mapping is new shared memory.
var Zero Mappable = zero{}

type zero struct{}

func (zero) FaultPage(uint64, bool) (uintptr, error) { panic("vm: fault in Zero") }
func (zero) Attach(*Area)                            {}
func (zero) Detach(*Area)                            {}

// File is what an area knows of the open file behind it.
type File interface {
	// Get adds a reference and Put gives one up.
	Get()
	Put()
	// MapPath is the name shown in /proc/PID/maps, and MapID the device and
	// inode numbers there.
	MapPath() string
	MapID() (dev, ino uint64)
}
