package fs

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
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

	// Cred are the credentials of who opened it. Constant.
	Cred *cred.Cred

	flags atomic.Uint32 // O_* flags, without those of opening
	mode  fileMode      // Constant once open
	refs  atomic.Int64

	posLock sched.Mutex
	pos     atomic.Int64 // written under posLock, or by the only user
	// owner is who gets SIGIO, and signal what comes instead; F_SETOWN, F_SETSIG.
	owner  atomic.Pointer[Owner]
	signal atomic.Int32
	// Watches are the epoll instances that the file is in.
	Watches Watches
}

// fileMode says what can be done with an open file; Linux's FMODE_*.
type fileMode uint32

const (
	modeRead   fileMode = 1 << iota // open for reading
	modeWrite                       // open for writing
	modeSeek                        // has a position
	modePread                       // pread(2) works
	modePwrite                      // pwrite(2) works
	modePath                        // O_PATH
	modeWriter                      // counted in Inode.writers and Mount.writers
	modeOpened                      // Release is to be called
	modeHeld                        // counted in Inode.users and Mount.users
)

// FileOps is what an open file does; Linux's struct file_operations. Embed
// NoOps to answer what makes no sense for a file as Linux does.
//
// Blocking methods return errno.ERESTARTSYS when a signal ends the wait, and
// EAGAIN instead of waiting if the file has O_NONBLOCK.
type FileOps interface {
	// Read writes data from *pos on to the Iter and moves *pos. 0 is the end.
	Read(f *File, to *uaccess.Iter, pos *int64) (int, error)
	// Write takes data from the Iter and moves *pos. A file with O_APPEND begins
	// at its end, wherever *pos is; so does any other if that is AtEnd.
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

// AtEnd as the position of a write stands for the end of the file.
const AtEnd = -1

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

// CanRead reports whether it is open for reading.
func (f *File) CanRead() bool { return f.mode&modeRead != 0 }

// CanWrite reports whether it is open for writing.
func (f *File) CanWrite() bool { return f.mode&modeWrite != 0 }

// IsPath reports whether it was opened with O_PATH.
func (f *File) IsPath() bool { return f.mode&modePath != 0 }

// CanSeek reports whether it has a position that lseek(2) moves.
func (f *File) CanSeek() bool { return f.mode&modeSeek != 0 }

// CanPread reports whether pread(2) works.
func (f *File) CanPread() bool { return f.mode&modePread != 0 }

// CanPwrite reports whether pwrite(2) works.
func (f *File) CanPwrite() bool { return f.mode&modePwrite != 0 }

// Nonseekable makes a file one without positions: lseek, pread and pwrite
// answer ESPIPE. For a driver's open function.
func (f *File) Nonseekable() { f.mode &^= modeSeek | modePread | modePwrite }

// NoPwrite makes pwrite alone answer ESPIPE; as Linux's seq_open.
func (f *File) NoPwrite() { f.mode &^= modePwrite }

// SetFlags replaces those status flags that F_SETFL can change.
func (f *File) SetFlags(flags uint32) {
	for {
		old := f.flags.Load()
		if f.flags.CompareAndSwap(old, old&^setflFlags|flags&setflFlags) {
			return
		}
	}
}

// Pos returns the position. It is exact only if nobody uses the file meanwhile.
func (f *File) Pos() int64 { return f.pos.Load() }

// SetPos sets the position.
func (f *File) SetPos(pos int64) { f.pos.Store(pos) }

// Get adds a reference.
func (f *File) Get() { f.refs.Add(1) }

// Refs returns how many references there are.
func (f *File) Refs() int { return int(f.refs.Load()) }

// tryGet adds a reference unless there is none left.
func (f *File) tryGet() bool {
	for {
		n := f.refs.Load()
		if n <= 0 {
			return false
		}
		if f.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Put gives a reference up. The last one closes the file, which may sleep.
func (f *File) Put() {
	if f.refs.Add(-1) == 0 {
		f.release()
	}
}

// close is what happens when a descriptor of a table is closed.
func (f *File) close(owner *Files) error {
	if f.Inode.locks.Load() != nil {
		f.Inode.unlockRecords(owner)
	}
	f.Put()
	return nil
}

// release undoes what opening did, in reverse.
func (f *File) release() {
	if f.Watches.Any() {
		ReleaseWatches(f)
	}
	if f.flags.Load()&syscall.O_ASYNC != 0 {
		_ = f.SetAsync(-1, false)
	}
	if f.Inode.locks.Load() != nil {
		f.Inode.unlockFile(f)
	}
	if f.mode&modeOpened != 0 {
		f.Ops.Release(f)
	}
	if f.mode&modeWriter != 0 {
		f.Inode.PutWriteAccess()
		if f.Path.Mount != nil {
			f.Path.Mount.writers.Add(-1)
		}
	}
	if f.mode&modeHeld != 0 {
		f.Inode.drop()
		f.Path.put()
	}
}

// MapPath is the file's name in /proc/PID/maps.
func (f *File) MapPath() string { return DPath(Path{}, f.Path) }

// MapID returns the device and inode numbers shown there.
func (f *File) MapID() (dev, ino uint64) { return uint64(f.Inode.SB.Dev), f.Inode.Ino }

// Mapping returns the page cache of the file, nil if it has none.
func (f *File) Mapping() *vm.AddressSpace { return f.Inode.Mapping }

// ReadAt reads file contents into kernel memory, as much as there is: io.EOF
// never comes, a short count is the end. EINVAL for what is no regular file.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		it := uaccess.KernelIter(b[done:])
		pos := off + int64(done)
		n, err := f.Ops.Read(f, &it, &pos)
		if err != nil {
			return done, err
		}
		if n == 0 {
			break
		}
		done += n
	}
	return done, nil
}

// SetStatus does F_SETFL for a file that is descriptor fd: EPERM for O_NOATIME on somebody else's file, EINVAL
// for O_DIRECT where it does not exist.
func (f *File) SetStatus(c *cred.Cred, fd int, flags uint32) error {
	if flags&^f.Flags()&syscall.O_NOATIME != 0 && !mayOwn(c, f.Inode) {
		return syscall.EPERM
	}
	if flags&^f.Flags()&syscall.O_DIRECT != 0 && f.Inode.Mode()&syscall.S_IFMT != syscall.S_IFIFO {
		return syscall.EINVAL
	}
	_ = f.SetAsync(fd, flags&syscall.O_ASYNC != 0) // no error, says Linux
	f.SetFlags(flags)
	return nil
}
