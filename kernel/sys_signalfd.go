package kernel

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// signalfd is a file from which signals are read; signalfd(2). They are those of
// the reader, whoever made the file.
type signalfd struct {
	fs.NoopSeek
	mask atomic.Uint64 // the signals, a signal.Set
}

// signalfdInfo is struct signalfd_siginfo.
type signalfdInfo struct {
	Signo    uint32
	Errno    int32
	Code     int32
	Pid      uint32
	UID      uint32
	FD       int32
	Tid      uint32
	Band     uint32
	Overrun  uint32
	Trapno   uint32
	Status   int32
	Int      int32
	Ptr      uint64
	Utime    uint64
	Stime    uint64
	Addr     uint64
	AddrLsb  uint16
	_        uint16
	Syscall  int32
	CallAddr uint64
	Arch     uint32
	_        [28]byte
}

const signalfdInfoSize = 128

var _ [signalfdInfoSize]byte = [unsafe.Sizeof(signalfdInfo{})]byte{}

// newSignalfdInfo converts a siginfo.
func newSignalfdInfo(i *signal.Info) (s signalfdInfo) {
	s.Signo, s.Errno, s.Code = uint32(i.Signo), i.Errno, i.Code
	switch i.Layout() {
	case signal.LayoutKill:
		s.Pid, s.UID = uint32(i.Pid()), i.UID()
	case signal.LayoutTimer:
		s.Tid, s.Overrun = uint32(i.TimerID()), uint32(i.Overrun())
		s.Ptr, s.Int = i.Value(), int32(i.Value())
	case signal.LayoutPoll:
		s.Band, s.FD = uint32(i.Band()), i.FD()
	case signal.LayoutFault:
		s.Addr = uint64(i.Addr())
	case signal.LayoutMemory:
		s.Addr, s.AddrLsb = uint64(i.Addr()), i.AddrLSB()
	case signal.LayoutSys:
		s.CallAddr, s.Syscall, s.Arch = i.Sys()
	case signal.LayoutChild:
		utime, stime := i.Times()
		s.Pid, s.UID, s.Status = uint32(i.Pid()), i.UID(), i.Status()
		s.Utime, s.Stime = uint64(utime), uint64(stime)
	case signal.LayoutRT:
		s.Pid, s.UID = uint32(i.Pid()), i.UID()
		s.Ptr, s.Int = i.Value(), int32(i.Value())
	}
	return s
}

// Read reads as many signals as are pending and there is room for, but waits for
// the first only. EINVAL for a buffer that is too small for one.
func (s *signalfd) Read(f *fs.File, to *uaccess.Iter, _ *int64) (n int, err error) {
	if to.Len() < signalfdInfoSize {
		return 0, syscall.EINVAL
	}
	t := Current()
	for to.Len() >= signalfdInfoSize {
		var info signal.Info
		if !s.take(t, &info) {
			if n > 0 {
				break
			}
			if f.NonBlock() {
				return 0, syscall.EAGAIN
			}
			err := t.sighand.signalfdQueue.WaitInterruptible(func() bool { return s.take(t, &info) })
			if err != nil {
				return 0, err
			}
		}
		out := newSignalfdInfo(&info)
		m, err := to.CopyOut(unsafe.Slice((*byte)(unsafe.Pointer(&out)), signalfdInfoSize))
		if err != nil {
			if n == 0 {
				return 0, err
			}
			break
		}
		n += m
	}
	return n, nil
}

// take takes one of the file's signals that is pending for t.
func (s *signalfd) take(t *Task, info *signal.Info) bool {
	t.sighand.siglock.Lock()
	sig, _ := t.takeSignal(^signal.Set(s.mask.Load()), info)
	t.sighand.siglock.Unlock()
	return sig != 0
}

// ShowFdinfo adds what /proc/PID/fdinfo says of a signalfd: its signals.
func (s *signalfd) ShowFdinfo(*fs.File) string {
	return fmt.Sprintf("sigmask:\t%016x\n", s.mask.Load())
}

// Poll tells whether one of the file's signals is pending for the caller.
func (s *signalfd) Poll(_ *fs.File, p *fs.PollTable) fs.PollEvents {
	t := Current()
	p.Wait(&t.sighand.signalfdQueue)
	t.sighand.siglock.Lock()
	pending := t.pending.Set() | t.signal.sharedPending.Set()
	t.sighand.siglock.Unlock()
	if pending&signal.Set(s.mask.Load()) != 0 {
		return fs.PollIn
	}
	return 0
}

// sysSignalfd: signalfd(int fd, const sigset_t *mask, size_t size).
func sysSignalfd(t *Task, a *SyscallArgs) (uintptr, error) {
	return signalfd4(t, int(int32(a[0])), a[1], a[2], 0)
}

// sysSignalfd4: signalfd4(int fd, const sigset_t *mask, size_t size, int flags).
func sysSignalfd4(t *Task, a *SyscallArgs) (uintptr, error) {
	return signalfd4(t, int(int32(a[0])), a[1], a[2], uint32(a[3]))
}

// signalfd4 opens a signalfd, or with fd not -1 changes the signals of one.
func signalfd4(t *Task, fd int, addr, size uintptr, flags uint32) (uintptr, error) {
	if size != sigsetSize {
		return 0, syscall.EINVAL
	}
	mask, err := uaccess.Get[signal.Set](addr)
	if err != nil {
		return 0, err
	}
	if flags&^(syscall.O_CLOEXEC|syscall.O_NONBLOCK) != 0 {
		return 0, syscall.EINVAL
	}
	mask &^= signal.Unblockable
	if fd == -1 {
		s := new(signalfd)
		s.mask.Store(uint64(mask))
		f := fs.NewAnonFile("[signalfd]", s, nil, syscall.O_RDWR|flags&syscall.O_NONBLOCK)
		fd, err := t.files.Add(f, t.rlimit(RLIMIT_NOFILE), flags&syscall.O_CLOEXEC != 0)
		if err != nil {
			return 0, err
		}
		return uintptr(fd), nil
	}
	f := t.files.Get(fd)
	if f == nil {
		return 0, syscall.EBADF
	}
	defer f.Put()
	s, ok := f.Ops.(*signalfd)
	if !ok {
		return 0, syscall.EINVAL
	}
	s.mask.Store(uint64(mask))
	t.sighand.signalfdQueue.WakeAll()
	return uintptr(fd), nil
}
