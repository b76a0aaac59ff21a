package vm

// Mappable is what pages of a mapping come from: the page cache of a file, a
// device's memory, shared anonymous memory.
type Mappable interface {
	// FaultPage returns the page at an index, in pages from the start of the
	// object, with one reference for the caller. write says that the page is
	// about to be written through a shared mapping. It may sleep. EFAULT says
	// that the object ends before that page (SIGBUS); ENOMEM.
	FaultPage(index uint64, write bool) (pa uintptr, err error)
	// Attach and Detach tell the object which areas map it, so that it can
	// take pages back from them.
	Attach(a *Area)
	Detach(a *Area)
}

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
