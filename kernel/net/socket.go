package net

import (
	"strconv"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// What sockets ask of the calling task. Set at start-up.
var (
	// Context returns on whose behalf the task does what it does.
	Context = func() *fs.Context { return &fs.Context{Cred: &cred.Cred{}} }
	// Pid returns the ID of its process.
	Pid = func() int32 { return 0 }
	// PidExists reports whether an ID is somebody's.
	PidExists = func(int32) bool { return true }
	// MaxFiles returns the soft RLIMIT_NOFILE.
	MaxFiles = func() uint64 { return 1024 }
	// SendSIGPIPE sends it SIGPIPE.
	SendSIGPIPE = func() {}
	// SetOwner and GetOwner are F_SETOWN and F_GETOWN of fcntl(2).
	SetOwner = func(*fs.File, int32) error { return nil }
	GetOwner = func(*fs.File) int32 { return 0 }
)

// ProtoOps is what a protocol does with one socket; Linux's struct proto_ops. Names
// are sockaddrs of any length up to MaxAddr.
//
// Blocking methods return EAGAIN if they would have to wait and nonblock is set or
// flags has MSG_DONTWAIT, or when the socket's timeout has passed; if a signal comes
// first, ERESTARTSYS, or EINTR if there is a timeout.
type ProtoOps interface {
	// Base returns what this layer keeps of the socket.
	Base() *Sock
	// Bind gives the socket a name, and Connect a peer.
	Bind(addr []byte) error
	Connect(addr []byte, nonblock bool) error
	// Pair connects two new sockets of one type: socketpair(2).
	Pair(other ProtoOps) error
	// Listen makes it one that is connected to, and Accept returns the next
	// connection.
	Listen(backlog int) error
	Accept(nonblock bool) (ProtoOps, error)
	// Name returns its name, or its peer's: ENOTCONN.
	Name(peer bool) ([]byte, error)
	// Sendmsg sends from and Recvmsg receives to the Iter. m has what goes with
	// the data; it is nil for data alone.
	Sendmsg(m *Msghdr, from *uaccess.Iter, flags int) (int, error)
	Recvmsg(m *Msghdr, to *uaccess.Iter, flags int) (int, error)
	// Shutdown closes one direction or both: ShutRead, ShutWrite.
	Shutdown(how uint32) error
	// Poll is fs.FileOps.Poll.
	Poll(t *fs.PollTable) fs.PollEvents
	// Ioctl does ioctl(2); errno.ENOIOCTLCMD.
	Ioctl(cmd uint32, arg uintptr) (uintptr, error)
	// SetPeekOff does SO_PEEK_OFF.
	SetPeekOff(off int32) error
	// ShowFdinfo returns the family's lines of /proc/PID/fdinfo.
	ShowFdinfo() string
	// Release is called when the last file of the socket is closed.
	Release()
}

// Socket is the Ops of a socket's file; Linux's struct socket.
type Socket struct {
	fs.NoOps
	// Proto is what the socket does. Constant.
	Proto ProtoOps
	// File is the open file. Constant.
	File *fs.File
	// passCred is SO_PASSCRED.
	passCred atomic.Bool
}

// maxType is the highest type of a socket, SOCK_PACKET.
const maxType = 10

// families are the protocol families that there are. Written at start-up.
var families = map[int]func(typ, protocol int) (ProtoOps, error){}

// RegisterFamily makes a protocol family known by what makes its sockets. Linux's
// sock_register.
func RegisterFamily(family int, create func(typ, protocol int) (ProtoOps, error)) {
	families[family] = create
}

// Create makes a socket without a file. EAFNOSUPPORT for a family that there is not;
// EINVAL for a type that there is nowhere; what the family says. Linux's
// __sock_create.
func Create(family, typ, protocol int) (ProtoOps, error) {
	const highestFamily = 45 // AF_MCTP
	switch {
	case family < 0 || family > highestFamily:
		return nil, syscall.EAFNOSUPPORT
	case typ < 0 || typ > maxType:
		return nil, syscall.EINVAL
	}
	create := families[family]
	if create == nil {
		return nil, syscall.EAFNOSUPPORT
	}
	return create(typ, protocol)
}

// NewFile returns an open file for a socket; flags may have O_NONBLOCK. Linux's
// sock_alloc_file and sock_graft.
func NewFile(p ProtoOps, flags uint32) *fs.File {
	inode := fs.NewPseudoInode(syscall.S_IFSOCK|0o777, fs.NoInodeOps{})
	c := Context().Cred
	inode.SetOwner(c.FSUID, c.FSGID)
	s := &Socket{Proto: p}
	name := "socket:[" + strconv.FormatUint(inode.Ino, 10) + "]"
	s.File = fs.NewPseudoFile(inode, name, s, nil, syscall.O_RDWR|flags&syscall.O_NONBLOCK)
	p.Base().socket.Store(s)
	return s.File
}

// Of returns the socket of an open file, or nil if it is none.
func Of(f *fs.File) *Socket {
	s, _ := f.Ops.(*Socket)
	return s
}

// PassCred reports SO_PASSCRED.
func (s *Socket) PassCred() bool { return s.passCred.Load() }

// Inherit gives a new connection the options that it has from the socket that was
// listening.
func (s *Socket) Inherit(from *Socket) { s.passCred.Store(from.PassCred()) }

// Read implements fs.FileOps. Nothing is received for no bytes.
func (s *Socket) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	if to.Len() == 0 {
		return 0, nil // as SysV does, says Linux
	}
	return s.Proto.Recvmsg(nil, to, msgFlags(f, 0))
}

// Write implements fs.FileOps.
func (s *Socket) Write(f *fs.File, from *uaccess.Iter, _ *int64) (int, error) {
	return s.Proto.Sendmsg(nil, from, msgFlags(f, 0))
}

// msgFlags adds what the file's O_NONBLOCK means to the flags of a call.
func msgFlags(f *fs.File, flags int) int {
	if f.NonBlock() {
		flags |= syscall.MSG_DONTWAIT
	}
	return flags
}

// Sendmsg sends a message, and Recvmsg receives one, with the flags of the call and
// of the file.
func (s *Socket) Sendmsg(m *Msghdr, from *uaccess.Iter, flags int) (int, error) {
	return s.Proto.Sendmsg(m, from, msgFlags(s.File, flags))
}

// Recvmsg is the counterpart of Sendmsg.
func (s *Socket) Recvmsg(m *Msghdr, to *uaccess.Iter, flags int) (int, error) {
	return s.Proto.Recvmsg(m, to, msgFlags(s.File, flags))
}

// Poll implements fs.FileOps.
func (s *Socket) Poll(_ *fs.File, t *fs.PollTable) fs.PollEvents { return s.Proto.Poll(t) }

// Mmap implements fs.FileOps.
func (s *Socket) Mmap(*fs.File) (vm.Mappable, error) { return nil, syscall.ENODEV }

// Spliceable marks a socket as a file that splice(2) moves data from and to.
func (s *Socket) Spliceable() {}

// Fasync implements fs.Fasyncer.
func (s *Socket) Fasync(f *fs.File, fd int, on bool) { s.Proto.Base().async.Set(f, fd, on) }

// ShowFdinfo adds to /proc/PID/fdinfo.
func (s *Socket) ShowFdinfo(*fs.File) string { return s.Proto.ShowFdinfo() }

// Release implements fs.FileOps.
func (s *Socket) Release(*fs.File) { s.Proto.Release() }

// ioctls of sockets (include/uapi/asm-generic/sockios.h).
const (
	fiosetown = 0x8901
	siocspgrp = 0x8902
	fiogetown = 0x8903
	siocgpgrp = 0x8904
)

// Ioctl implements fs.FileOps.
func (s *Socket) Ioctl(f *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	switch cmd {
	case fiosetown, siocspgrp:
		who, err := uaccess.Get[int32](arg)
		if err != nil {
			return 0, err
		}
		return 0, SetOwner(f, who)
	case fiogetown, siocgpgrp:
		return 0, uaccess.Put(arg, GetOwner(f))
	}
	return s.Proto.Ioctl(cmd, arg)
}
