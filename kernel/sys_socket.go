package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/net"
	_ "onsen/kernel/net/unix" // registers AF_UNIX
	"onsen/kernel/signal"
)

// socketSyscalls are the system calls of this file and its neighbour.
var socketSyscalls = []Syscall{
	{"socket", sysSocket},
	{"socketpair", sysSocketpair},
	{"bind", sysBind},
	{"listen", sysListen},
	{"accept", sysAccept},
	{"accept4", sysAccept4},
	{"connect", sysConnect},
	{"getsockname", sysGetsockname},
	{"getpeername", sysGetpeername},
	{"sendto", sysSendto},
	{"recvfrom", sysRecvfrom},
	{"setsockopt", sysSetsockopt},
	{"getsockopt", sysGetsockopt},
	{"shutdown", sysShutdown},
	{"sendmsg", sysSendmsg},
	{"recvmsg", sysRecvmsg},
	{"sendmmsg", sysSendmmsg},
	{"recvmmsg", sysRecvmmsg},
}

func init() {
	net.Context = func() *fs.Context { return Current().fsContext() }
	net.Pid = func() int32 { return int32(Current().Tgid) }
	net.PidExists = func(pid int32) bool { return FindPid(int(pid)) != nil }
	net.MaxFiles = func() uint64 { return Current().nofile() }
	net.SendSIGPIPE = func() { sendToSelf(signal.SIGPIPE) }
	net.SetOwner = func(f *fs.File, who int32) error { return Current().setOwner(f, who) }
	net.GetOwner = getOwner
}

const (
	// sockTypeMask are the bits of a socket's type; the flags are above.
	sockTypeMask = 0xf
	sockFlags    = syscall.SOCK_CLOEXEC | syscall.SOCK_NONBLOCK
)

// useSocket calls f with the socket of a descriptor: EBADF, ENOTSOCK.
func (t *Task) useSocket(fd uintptr, f func(*net.Socket) error) error {
	file := t.files.Borrow(int(int32(fd)))
	if file.File == nil {
		return syscall.EBADF
	}
	defer file.Done()
	s := net.Of(file.File)
	if s == nil {
		return syscall.ENOTSOCK
	}
	return f(s)
}

// newSocket makes a socket of the type that a program asks for.
func newSocket(a *SyscallArgs) (p net.ProtoOps, flags uint32, err error) {
	typ := int32(a[1])
	if flags = uint32(typ &^ sockTypeMask); flags&^sockFlags != 0 {
		return nil, 0, syscall.EINVAL
	}
	p, err = net.Create(int(int32(a[0])), int(typ&sockTypeMask), int(int32(a[2])))
	return p, flags, err
}

// addSocket opens a descriptor for a socket.
func (t *Task) addSocket(p net.ProtoOps, flags uint32) (uintptr, error) {
	fd, err := t.files.Add(net.NewFile(p, flags), t.nofile(), flags&syscall.O_CLOEXEC != 0)
	return uintptr(fd), err
}

// sysSocket is socket(2).
func sysSocket(t *Task, a *SyscallArgs) (uintptr, error) {
	p, flags, err := newSocket(a)
	if err != nil {
		return 0, err
	}
	return t.addSocket(p, flags)
}

// sysSocketpair is socketpair(2). The descriptors are taken, and stored, before it is
// known whether there will be sockets.
func sysSocketpair(t *Task, a *SyscallArgs) (uintptr, error) {
	if uint32(a[1])&^(sockTypeMask|sockFlags) != 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.installPair(a[3], uint32(a[1])&syscall.SOCK_CLOEXEC != 0, func() (one, two *fs.File, err error) {
		p, flags, err := newSocket(a)
		if err != nil {
			return nil, nil, err
		}
		q, _, err := newSocket(a)
		if err != nil {
			p.Release()
			return nil, nil, err
		}
		if err := p.Pair(q); err != nil {
			p.Release()
			q.Release()
			return nil, nil, err
		}
		return net.NewFile(p, flags), net.NewFile(q, flags), nil
	})
}

// sysBind is bind(2).
func sysBind(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.useSocket(a[0], func(s *net.Socket) error {
		name, err := net.AddrFromUser(a[1], int32(a[2]))
		if err != nil {
			return err
		}
		return s.Proto.Bind(name)
	})
}

// sysListen is listen(2).
func sysListen(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.useSocket(a[0], func(s *net.Socket) error {
		return s.Proto.Listen(int(min(uint32(a[1]), net.SoMaxConn)))
	})
}

// sysConnect is connect(2). The name is looked at before the descriptor.
func sysConnect(t *Task, a *SyscallArgs) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	name, err := net.AddrFromUser(a[1], int32(a[2]))
	if err != nil {
		return 0, err
	}
	s := net.Of(f.File)
	if s == nil {
		return 0, syscall.ENOTSOCK
	}
	return 0, s.Proto.Connect(name, f.NonBlock())
}

// sysAccept is accept(2).
func sysAccept(t *Task, a *SyscallArgs) (uintptr, error) { return t.accept(a, 0) }

// sysAccept4 is accept4(2).
func sysAccept4(t *Task, a *SyscallArgs) (uintptr, error) { return t.accept(a, uint32(a[3])) }

// accept takes a descriptor first, so that no connection is lost for want of one. It
// is lost if the name cannot be stored.
func (t *Task) accept(a *SyscallArgs, flags uint32) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	if flags&^sockFlags != 0 {
		return 0, syscall.EINVAL
	}
	fd, err := t.files.AllocFd(0, t.nofile(), flags&syscall.O_CLOEXEC != 0)
	if err != nil {
		return 0, err
	}
	file, err := acceptFile(f.File, flags, a[1], a[2])
	if err != nil {
		t.files.PutUnused(fd)
		return 0, err
	}
	t.files.Install(fd, file)
	return uintptr(fd), nil
}

// acceptFile returns the file of the next connection, and stores the name of who is on
// the other side at addr, unless that is 0. Linux's do_accept.
func acceptFile(f *fs.File, flags uint32, addr, lenAddr uintptr) (*fs.File, error) {
	s := net.Of(f)
	if s == nil {
		return nil, syscall.ENOTSOCK
	}
	p, err := s.Proto.Accept(f.NonBlock())
	if err != nil {
		return nil, err
	}
	file := net.NewFile(p, flags)
	net.Of(file).Inherit(s)
	if addr == 0 {
		return file, nil
	}
	name, err := p.Name(true)
	if err != nil {
		err = syscall.ECONNABORTED
	} else {
		err = net.AddrToUser(name, addr, lenAddr)
	}
	if err != nil {
		file.Put()
		return nil, err
	}
	return file, nil
}

// sysGetsockname is getsockname(2).
func sysGetsockname(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.socketName(a, false) }

// sysGetpeername is getpeername(2).
func sysGetpeername(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.socketName(a, true) }

func (t *Task) socketName(a *SyscallArgs, peer bool) error {
	return t.useSocket(a[0], func(s *net.Socket) error {
		name, err := s.Proto.Name(peer)
		if err != nil {
			return err
		}
		return net.AddrToUser(name, a[1], a[2])
	})
}

// sysShutdown is shutdown(2).
func sysShutdown(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.useSocket(a[0], func(s *net.Socket) error {
		if uint32(a[1]) > syscall.SHUT_RDWR {
			return syscall.EINVAL
		}
		return s.Proto.Shutdown(uint32(a[1]) + 1)
	})
}

// sysSetsockopt is setsockopt(2). The families here have no options of their own.
func sysSetsockopt(t *Task, a *SyscallArgs) (uintptr, error) {
	if int32(a[4]) < 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.useSocket(a[0], func(s *net.Socket) error {
		if int32(a[1]) != syscall.SOL_SOCKET {
			return syscall.EOPNOTSUPP
		}
		return s.Setsockopt(int(int32(a[2])), a[3], int32(a[4]))
	})
}

// sysGetsockopt is getsockopt(2).
func sysGetsockopt(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.useSocket(a[0], func(s *net.Socket) error {
		if int32(a[1]) != syscall.SOL_SOCKET {
			return syscall.EOPNOTSUPP
		}
		return s.Getsockopt(int(int32(a[2])), a[3], a[4])
	})
}

// sysSendto is sendto(2).
func sysSendto(t *Task, a *SyscallArgs) (n uintptr, err error) {
	t.iter.User(a[1], a[2])
	if err := checkBuffer(a[1], uintptr(t.iter.Len())); err != nil {
		return 0, err
	}
	err = t.useSocket(a[0], func(s *net.Socket) (err error) {
		var m *net.Msghdr
		if a[4] != 0 {
			name, err := net.AddrFromUser(a[4], int32(a[5]))
			if err != nil {
				return err
			}
			m = &net.Msghdr{Name: name}
		}
		n, err = count(s.Sendmsg(m, &t.iter, int(uint32(a[3]))))
		return err
	})
	return n, err
}

// sysRecvfrom is recvfrom(2).
func sysRecvfrom(t *Task, a *SyscallArgs) (n uintptr, err error) {
	t.iter.User(a[1], a[2])
	if err := checkBuffer(a[1], uintptr(t.iter.Len())); err != nil {
		return 0, err
	}
	err = t.useSocket(a[0], func(s *net.Socket) (err error) {
		var m *net.Msghdr
		if a[4] != 0 {
			m = &net.Msghdr{WantName: true}
		}
		n, err = count(s.Recvmsg(m, &t.iter, int(uint32(a[3]))))
		if err == nil && m != nil {
			err = net.AddrToUser(m.Name, a[4], a[5])
		}
		return err
	})
	return n, err
}
