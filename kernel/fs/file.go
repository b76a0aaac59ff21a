package fs

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// File is an open file description (open(2)), Linux's struct file. It lives as
// long as somebody holds a reference.
type File struct {
	// Ops is what the file does. Constant once open.
	Ops FileOps
	// Inode is what was opened, never nil. Constant.
	Inode *Inode
	// Path is where it was found; of an anonymous file only a name. Constant.
	Path Path
	// Private belongs to Ops.
	Private any

	flags atomic.Uint32 // O_* flags, without those of opening
	refs  atomic.Int64

	posLock sched.Mutex
	pos     int64 // posLock
}

// FileOps is what an open file does; Linux's struct file_operations. Embed
// NoOps to answer what makes no sense for a file as Linux does.
//
// Blocking methods return errno.ERESTARTSYS when a signal ends the wait, and
// EAGAIN instead of waiting if the file has O_NONBLOCK.
type FileOps interface {
	// Read writes data from *pos on to the Iter and moves *pos. 0 is the end.
	Read(f *File, to *uaccess.Iter, pos *int64) (int, error)
	// Write takes data from the Iter and moves *pos.
	Write(f *File, from *uaccess.Iter, pos *int64) (int, error)
	// Seek sets the file's position; f.SetPos stores it.
	Seek(f *File, off int64, whence int) (int64, error)
	// Poll returns the events that hold now and, if t is not nil, calls t.Wait
	// for every queue on which a change would be announced. It does so first.
	Poll(f *File, t *PollTable) PollEvents
	// Ioctl does ioctl(2); errno.ENOIOCTLCMD for a command it does not know.
	Ioctl(f *File, cmd uint32, arg uintptr) (uintptr, error)
	// Mmap returns what a mapping of the file shows; ENODEV.
	Mmap(f *File) (vm.Mappable, error)
	// ReadDir passes directory entries from *pos on to d until it is full.
	ReadDir(f *File, d *DirContext) error
	// Fsync does fsync(2).
	Fsync(f *File, dataOnly bool) error
	// Release is called when the last reference is gone.
	Release(f *File)
}

// NoOps answers every operation as Linux answers for a file without it.
type NoOps struct{}

// Read returns EINVAL.
func (NoOps) Read(*File, *uaccess.Iter, *int64) (int, error) { return 0, syscall.EINVAL }

// Write returns EINVAL.
func (NoOps) Write(*File, *uaccess.Iter, *int64) (int, error) { return 0, syscall.EINVAL }

// Seek returns ESPIPE.
func (NoOps) Seek(*File, int64, int) (int64, error) { return 0, syscall.ESPIPE }

// Poll says that reading and writing will not block.
func (NoOps) Poll(*File, *PollTable) PollEvents { return PollIn | PollOut | PollRdNorm | PollWrNorm }

// Ioctl returns ENOTTY.
func (NoOps) Ioctl(*File, uint32, uintptr) (uintptr, error) { return 0, syscall.ENOTTY }

// Mmap returns ENODEV.
func (NoOps) Mmap(*File) (vm.Mappable, error) { return nil, syscall.ENODEV }

// ReadDir returns ENOTDIR.
func (NoOps) ReadDir(*File, *DirContext) error { return syscall.ENOTDIR }

// Fsync returns EINVAL.
func (NoOps) Fsync(*File, bool) error { return syscall.EINVAL }

// Release does nothing.
func (NoOps) Release(*File) {}

// Flags returns the O_* flags: access mode and status flags.
func (f *File) Flags() uint32 { return f.flags.Load() }

// NonBlock reports whether the file has O_NONBLOCK.
func (f *File) NonBlock() bool { return f.flags.Load()&syscall.O_NONBLOCK != 0 }

// Get adds a reference.
func (f *File) Get() { f.refs.Add(1) }

// Put gives a reference up. The last one calls Release.
func (f *File) Put() {
	if f.refs.Add(-1) == 0 {
		f.release()
	}
}
