package net

import (
	"math"
	"syscall"

	"onsen/kernel/uaccess"
)

const (
	// UIOMaxIov is how many ranges of memory a message may come from.
	UIOMaxIov = 1024
	// optmemMax is net.core.optmem_max: the most control data that is sent.
	optmemMax = 20480
)

// UserMsghdr is struct msghdr, as programs have it.
type UserMsghdr struct {
	Name       uintptr
	Namelen    int32
	_          int32
	Iov        uintptr
	Iovlen     uintptr
	Control    uintptr
	Controllen uintptr
	Flags      int32
	_          int32
}

// Msghdr is what goes with the data of a message; Linux's struct msghdr.
type Msghdr struct {
	// Name is whom a message is sent to, empty for the peer, or, if WantName, whom
	// the one received is from.
	Name     []byte
	WantName bool
	// Control is the control data to be sent.
	Control []byte
	// control and controlLen are where the control data received goes, 0 for
	// nowhere.
	control, controlLen uintptr
	// Flags are the MSG_* flags that the receiver is told, and of those he has
	// passed MSG_CMSG_CLOEXEC.
	Flags int
}

// Send returns the message that u describes and what it consists of. EINVAL, EFAULT,
// EMSGSIZE for too many ranges, ENOBUFS for too much control data.
func (u *UserMsghdr) Send() (m *Msghdr, it uaccess.Iter, err error) {
	m = new(Msghdr)
	if err := u.check(); err != nil {
		return m, it, err
	}
	if u.Name != 0 && u.Namelen != 0 {
		if m.Name, err = AddrFromUser(u.Name, u.Namelen); err != nil {
			return m, it, err
		}
	}
	if it, err = u.iter(); err != nil {
		return m, it, err
	}
	switch {
	case u.Controllen > math.MaxInt32, u.Controllen > optmemMax:
		return m, it, syscall.ENOBUFS
	case u.Controllen != 0:
		m.Control = make([]byte, u.Controllen)
		_, err = uaccess.CopyFromUser(m.Control, u.Control)
	}
	return m, it, err
}

// Receive returns what a message is to be received into. Errors as of Send.
func (u *UserMsghdr) Receive(flags int) (m *Msghdr, it uaccess.Iter, err error) {
	m = &Msghdr{
		WantName: u.Name != 0, control: u.Control, controlLen: u.Controllen,
		Flags: flags & syscall.MSG_CMSG_CLOEXEC,
	}
	if err := u.check(); err != nil {
		return m, it, err
	}
	it, err = u.iter()
	return m, it, err
}

// check checks the length of the name, and cuts it to what a name can be. Linux's
// __copy_msghdr.
func (u *UserMsghdr) check() error {
	if u.Name == 0 {
		u.Namelen = 0
	}
	if u.Namelen < 0 {
		return syscall.EINVAL
	}
	u.Namelen = min(u.Namelen, MaxAddr)
	return nil
}

func (u *UserMsghdr) iter() (uaccess.Iter, error) {
	if u.Iovlen > UIOMaxIov {
		return uaccess.Iter{}, syscall.EMSGSIZE
	}
	return uaccess.VecIter(u.Iov, u.Iovlen)
}

// Left returns how much control data there is still room for.
func (m *Msghdr) Left() uintptr { return m.controlLen }
