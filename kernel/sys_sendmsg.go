package kernel

import (
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/errno"
	"onsen/kernel/net"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

const (
	// msgWaitForOne makes recvmmsg(2) wait for the first message only.
	msgWaitForOne = 0x10000
	// msgCmsgCompat is what 32-bit programs' calls have inside Linux; no program may
	// pass it.
	msgCmsgCompat = 1 << 31
)

// Places in struct msghdr, and the length of a message in struct mmsghdr behind it.
const (
	msghdrNamelen    = unsafe.Offsetof(net.UserMsghdr{}.Namelen)
	msghdrControllen = unsafe.Offsetof(net.UserMsghdr{}.Controllen)
	msghdrFlags      = unsafe.Offsetof(net.UserMsghdr{}.Flags)
	mmsghdrLen       = unsafe.Sizeof(net.UserMsghdr{})
	mmsghdrSize      = mmsghdrLen + 8
)

// message is useSocket for a call with a msghdr, which returns a number: EINVAL for a
// flag that is not for programs.
func (t *Task) message(fd uintptr, flags uint32, f func(*net.Socket) (uintptr, error)) (n uintptr, err error) {
	if flags&msgCmsgCompat != 0 {
		return 0, syscall.EINVAL
	}
	err = t.useSocket(fd, func(s *net.Socket) (err error) {
		n, err = f(s)
		return err
	})
	return n, err
}

// sysSendmsg is sendmsg(2).
func sysSendmsg(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[2])
	return t.message(a[0], flags, func(s *net.Socket) (uintptr, error) { return sendUser(s, a[1], flags) })
}

// sendUser sends the message of a msghdr at a user address.
func sendUser(s *net.Socket, addr uintptr, flags uint32) (uintptr, error) {
	u, err := uaccess.Get[net.UserMsghdr](addr)
	if err != nil {
		return 0, err
	}
	m, it, err := u.Send()
	if err != nil {
		return 0, err
	}
	return count(s.Sendmsg(m, &it, int(flags)))
}

// sysRecvmsg is recvmsg(2).
func sysRecvmsg(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[2])
	return t.message(a[0], flags, func(s *net.Socket) (uintptr, error) { return receiveUser(s, a[1], flags) })
}

// receiveUser receives a message into what a msghdr at a user address says, and stores
// there what there is to know about it. Linux's ____sys_recvmsg.
func receiveUser(s *net.Socket, addr uintptr, flags uint32) (uintptr, error) {
	u, err := uaccess.Get[net.UserMsghdr](addr)
	if err != nil {
		return 0, err
	}
	m, it, err := u.Receive(int(flags))
	if err != nil {
		return 0, err
	}
	n, err := s.Recvmsg(m, &it, int(flags))
	if err != nil {
		return 0, err
	}
	if m.WantName {
		if err := net.AddrToUser(m.Name, u.Name, addr+msghdrNamelen); err != nil {
			return 0, err
		}
	}
	if err := uaccess.Put(addr+msghdrFlags, int32(m.Flags)); err != nil {
		return 0, err
	}
	return uintptr(n), uaccess.Put(addr+msghdrControllen, u.Controllen-m.Left())
}

// sysSendmmsg is sendmmsg(2).
func sysSendmmsg(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[3])
	return t.message(a[0], flags, func(s *net.Socket) (uintptr, error) {
		return eachMmsg(a[1], min(uint32(a[2]), net.UIOMaxIov), func(addr uintptr) (uintptr, bool, error) {
			sent, err := sendUser(s, addr, flags)
			return sent, false, err
		})
	})
}

// eachMmsg calls do with the address of every msghdr in an array, and stores what it
// returns behind that, until there is an error or do says that this was the last. It
// returns how many there were; what went wrong only if there were none.
func eachMmsg(addr uintptr, n uint32, do func(addr uintptr) (n uintptr, last bool, err error)) (uintptr, error) {
	for i := range uintptr(n) {
		at := addr + i*mmsghdrSize
		size, last, err := do(at)
		if err == nil {
			err = uaccess.Put(at+mmsghdrLen, uint32(size))
		}
		if err != nil {
			if i > 0 {
				err = nil
			}
			return i, err
		}
		if last {
			return i + 1, nil
		}
		sched.CondResched()
	}
	return uintptr(n), nil
}

// sysRecvmmsg is recvmmsg(2). The timeout is looked at between two messages only, as in
// Linux: "The timeout argument does not work as intended" - recvmmsg(2).
func sysRecvmmsg(t *Task, a *SyscallArgs) (n uintptr, err error) {
	flags := uint32(a[3])
	if flags&msgCmsgCompat != 0 {
		return 0, syscall.EINVAL
	}
	timeout, err := readTimeout[timekeeping.Timespec](a[4])
	if err != nil {
		return 0, err
	}
	err = t.useSocket(a[0], func(s *net.Socket) error {
		if err := s.Proto.Base().TakeError(); err != nil {
			return err
		}
		var err error
		n, err = eachMmsg(a[1], uint32(a[2]), func(addr uintptr) (uintptr, bool, error) {
			got, err := receiveUser(s, addr, flags&^msgWaitForOne)
			if err != nil && addr != a[1] {
				keepError(s, err)
			}
			if flags&msgWaitForOne != 0 {
				flags |= syscall.MSG_DONTWAIT
			}
			return got, timeout.deadline != never && arch.Ktime() >= timeout.deadline, err
		})
		return err
	})
	if n > 0 && timeout.addr != 0 {
		left := int64(0)
		if timeout.deadline != atOnce {
			left = max(timeout.deadline-arch.Ktime(), 0)
		}
		if err := timeout.store(timeout.addr, left); err != nil {
			return 0, err
		}
	}
	return n, err
}

// keepError makes an error that follows a message the one of the next call.
func keepError(s *net.Socket, err error) {
	if e := err.(syscall.Errno); e != syscall.EAGAIN && e < errno.ERESTARTSYS {
		s.Proto.Base().Err.Store(int32(e))
	}
}
