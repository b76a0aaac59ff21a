package kernel

import (
	"encoding/binary"
	"math"
	"syscall"
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/fs/eventpoll"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// The layout of struct epoll_event, which is packed on some architectures.
const (
	epollEventSize = unsafe.Sizeof(syscall.EpollEvent{})
	epollEventData = unsafe.Offsetof(syscall.EpollEvent{}.Fd)
)

// sysEpollCreate is epoll_create(2).
func sysEpollCreate(t *Task, a *SyscallArgs) (uintptr, error) {
	if int32(a[0]) <= 0 {
		return 0, syscall.EINVAL
	}
	return t.epollCreate(0)
}

// sysEpollCreate1 is epoll_create1(2).
func sysEpollCreate1(t *Task, a *SyscallArgs) (uintptr, error) { return t.epollCreate(uint32(a[0])) }

func (t *Task) epollCreate(flags uint32) (uintptr, error) {
	if flags&^syscall.EPOLL_CLOEXEC != 0 {
		return 0, syscall.EINVAL
	}
	return t.addAnonFile("[eventpoll]", eventpoll.New(), syscall.O_RDWR, flags&syscall.O_CLOEXEC != 0)
}

// addAnonFile opens an anonymous file and returns its descriptor.
func (t *Task) addAnonFile(name string, ops fs.FileOps, flags uint32, cloexec bool) (uintptr, error) {
	f := fs.NewAnonFile(name, ops, nil, flags)
	fd, err := t.files.Add(f, t.rlimit(RLIMIT_NOFILE), cloexec)
	return uintptr(fd), err
}

// sysEpollCtl is epoll_ctl(2).
func sysEpollCtl(t *Task, a *SyscallArgs) (uintptr, error) {
	op, fd := int(int32(a[1])), int(int32(a[2]))
	var e eventpoll.Event
	if op != eventpoll.CtlDel {
		var b [epollEventSize]byte
		if _, err := uaccess.CopyFromUser(b[:], a[3]); err != nil {
			return 0, err
		}
		e.Events = binary.NativeEndian.Uint32(b[:])
		e.Data = binary.NativeEndian.Uint64(b[epollEventData:])
	}
	ep := t.files.Borrow(int(int32(a[0])))
	if ep.File == nil {
		return 0, syscall.EBADF
	}
	defer ep.Done()
	f := t.files.Borrow(fd)
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	return 0, eventpoll.Ctl(ep.File, op, f.File, fd, e)
}

// sysEpollWait is epoll_wait(2).
func sysEpollWait(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.epollWait(a[0], a[1], a[2], deadlineMs(int(int32(a[3]))))
}

// sysEpollPwait is epoll_pwait(2).
func sysEpollPwait(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.epollPwait(a, deadlineMs(int(int32(a[3]))))
}

// sysEpollPwait2 is epoll_pwait2(2), whose timeout is a timespec.
func sysEpollPwait2(t *Task, a *SyscallArgs) (uintptr, error) {
	timeout, err := readTimeout[timekeeping.Timespec](a[3])
	if err != nil {
		return 0, err
	}
	return t.epollPwait(a, timeout.deadline)
}

func (t *Task) epollPwait(a *SyscallArgs, deadline int64) (uintptr, error) {
	if err := t.setUserSigmask(a[4], a[5]); err != nil {
		return 0, err
	}
	n, err := t.epollWait(a[0], a[1], a[2], deadline)
	t.restoreSavedSigmaskUnless(err == syscall.EINTR)
	return n, err
}

func (t *Task) epollWait(fd, addr, most uintptr, deadline int64) (uintptr, error) {
	n := int(int32(most))
	if n <= 0 || n > math.MaxInt32/int(epollEventSize) {
		return 0, syscall.EINVAL
	}
	if !uaccess.AccessOK(addr, uintptr(n)*epollEventSize) {
		return 0, syscall.EFAULT
	}
	f := t.files.Borrow(int(int32(fd)))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	ep := eventpoll.Of(f.File)
	if ep == nil {
		return 0, syscall.EINVAL
	}
	return count(ep.Wait(n, deadline, func(e eventpoll.Event) error {
		var b [epollEventSize]byte
		binary.NativeEndian.PutUint32(b[:], e.Events)
		binary.NativeEndian.PutUint64(b[epollEventData:], e.Data)
		_, err := uaccess.CopyToUser(addr, b[:])
		addr += epollEventSize
		return err
	}))
}
