package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/seccomp"
	"onsen/kernel/uaccess"
)

// Sizes of the structures that a listener reads and writes.
const (
	notifSize = unsafe.Sizeof(seccomp.Notif{})
	respSize  = unsafe.Sizeof(seccomp.Resp{})
)

var (
	_ [80]byte = [notifSize]byte{}
	_ [24]byte = [respSize]byte{}
	_ [24]byte = [unsafe.Sizeof(notifAddFD{})]byte{}
)

// Commands of ioctl(2) for a listener. The first form of SECCOMP_IOCTL_NOTIF_ID_VALID
// had the wrong direction in its number.
const (
	SECCOMP_IOCTL_NOTIF_RECV               = 0xc050_2100
	SECCOMP_IOCTL_NOTIF_SEND               = 0xc018_2101
	SECCOMP_IOCTL_NOTIF_ID_VALID           = 0x4008_2102
	SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR = 0x8008_2102
	SECCOMP_IOCTL_NOTIF_ADDFD              = 0x4018_2103

	iocSizeMask  = 0x3fff_0000
	iocSizeShift = 16
	iocDirMask   = 0xc000_0000
)

// Flags of struct seccomp_notif_addfd.
const (
	SECCOMP_ADDFD_FLAG_SETFD = 1 << 0
	SECCOMP_ADDFD_FLAG_SEND  = 1 << 1
)

// notifAddFD is struct seccomp_notif_addfd.
type notifAddFD struct {
	ID                              uint64
	Flags, SrcFD, NewFD, NewFDFlags uint32
}

// listenerOps are the operations of a listener, whose Private is the
// *seccomp.Notifier.
type listenerOps struct{ fs.NoOps }

// Poll tells whether there is a call to read about or to answer.
func (listenerOps) Poll(f *fs.File, t *fs.PollTable) fs.PollEvents {
	return f.Private.(*seccomp.Notifier).Poll(t)
}

// Release leaves those who wait without an answer.
func (listenerOps) Release(f *fs.File) { f.Private.(*seccomp.Notifier).Close() }

// Ioctl reads about calls and answers them. EINVAL for an unknown command.
func (listenerOps) Ioctl(f *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	n := f.Private.(*seccomp.Notifier)
	switch cmd {
	case SECCOMP_IOCTL_NOTIF_RECV:
		return 0, recvNotif(n, arg)
	case SECCOMP_IOCTL_NOTIF_SEND:
		r, err := uaccess.Get[seccomp.Resp](arg)
		if err != nil {
			return 0, err
		}
		return 0, n.Send(r)
	case SECCOMP_IOCTL_NOTIF_ID_VALID, SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR:
		id, err := uaccess.Get64(arg)
		if err != nil {
			return 0, err
		}
		return 0, n.Valid(id)
	}
	const extensible = iocSizeMask | iocDirMask
	if cmd&^extensible == SECCOMP_IOCTL_NOTIF_ADDFD&^extensible {
		return addFD(n, arg, uintptr(cmd&iocSizeMask>>iocSizeShift))
	}
	return 0, syscall.EINVAL
}

// recvNotif stores what the listener learns of a call. The structure has to be zero,
// EINVAL, so that there can be more in it one day.
func recvNotif(n *seccomp.Notifier, addr uintptr) error {
	old, err := uaccess.Get[seccomp.Notif](addr)
	switch {
	case err != nil:
		return err
	case old != seccomp.Notif{}:
		return syscall.EINVAL
	}
	return n.Recv(func(v *seccomp.Notif) error { return uaccess.PutFrom(addr, v) })
}

// addFD gives a file of the caller to a task that waits. size is that of the structure
// at addr.
func addFD(n *seccomp.Notifier, addr, size uintptr) (uintptr, error) {
	const sizeVer0 = 24
	if size < sizeVer0 || size >= 4096 {
		return 0, syscall.EINVAL
	}
	var v notifAddFD
	if err := uaccess.GetStruct(&v, addr, size); err != nil {
		return 0, err
	}
	set := v.Flags&SECCOMP_ADDFD_FLAG_SETFD != 0
	switch {
	case v.NewFDFlags&^syscall.O_CLOEXEC != 0,
		v.Flags&^(SECCOMP_ADDFD_FLAG_SETFD|SECCOMP_ADDFD_FLAG_SEND) != 0,
		v.NewFD != 0 && !set:
		return 0, syscall.EINVAL
	}
	f := Current().files.Get(int(int32(v.SrcFD)))
	if f == nil {
		return 0, syscall.EBADF
	}
	defer f.Put()
	fd, err := n.AddFD(v.ID, &seccomp.AddFD{
		File: f, FD: int(int32(v.NewFD)), Set: set,
		Cloexec: v.NewFDFlags != 0, Send: v.Flags&SECCOMP_ADDFD_FLAG_SEND != 0,
	})
	return uintptr(fd), err
}
