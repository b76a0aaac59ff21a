package tty

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// The ioctls of masters.
const (
	TIOCPKT    = 0x5420
	TIOCGPTN   = 0x80045430
	TIOCSPTLCK = 0x40045431
	TIOCSIG    = 0x40045436
	TIOCGPKT   = 0x80045438
	TIOCGPTLCK = 0x80045439
)

// Ioctl implements fs.FileOps. What is not the master's own is done to the slave.
func (m *Master) Ioctl(f *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	if cmd == TIOCGPTPEER {
		return m.OpenPeer(f, uint32(arg))
	}
	return 0, m.ioctl(cmd, arg)
}

func (m *Master) ioctl(cmd uint32, arg uintptr) error {
	switch cmd {
	case TIOCGPTN:
		return uaccess.Put(arg, uint32(m.Index))
	case TIOCSPTLCK:
		v, err := uaccess.Get[int32](arg)
		if err == nil {
			m.lock.Lock()
			m.shut = v != 0
			m.lock.Unlock()
		}
		return err
	case TIOCGPTLCK:
		m.lock.Lock()
		v := boolInt(m.shut)
		m.lock.Unlock()
		return uaccess.Put(arg, v)
	case TIOCPKT:
		v, err := uaccess.Get[int32](arg)
		if err == nil {
			m.setPacket(v != 0)
		}
		return err
	case TIOCGPKT:
		m.lock.Lock()
		v := boolInt(m.packet)
		m.lock.Unlock()
		return uaccess.Put(arg, v)
	case TIOCSIG:
		return m.signal(syscall.Signal(arg))
	case TIOCOUTQ:
		return uaccess.Put(arg, int32(0)) // what is written is the slave's at once
	case TCXONC:
		return m.flow(arg)
	case TCSBRK, TCSBRKP, TIOCSBRK, TIOCCBRK:
		return nil // there is nothing to wait for, and no line to break
	case FIONREAD:
		m.lock.Lock()
		n := int32(m.out.len())
		m.lock.Unlock()
		return uaccess.Put(arg, n)
	}
	return m.slaveIoctl(cmd, arg)
}

// slaveIoctl does to the slave what job control would not let its own users do.
func (m *Master) slaveIoctl(cmd uint32, arg uintptr) error {
	s := m.Slave
	switch cmd {
	case TCGETS, TCGETS2, TCGETA:
		return s.getTermios(cmd, arg)
	case TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETSW2, TCSETSF2, TCSETA, TCSETAW, TCSETAF:
		set, err := s.readTermios(cmd, arg)
		if err == nil {
			s.SetTermios(&set)
		}
		return err
	case TIOCGPGRP:
		return uaccess.Put(arg, int32(number(s.Foreground())))
	case TIOCSPGRP:
		return s.setForeground(arg)
	case TIOCGSID:
		session := s.Session()
		if session == nil {
			return syscall.ENOTTY
		}
		return uaccess.Put(arg, int32(session.Nr()))
	case TCFLSH:
		// Input of the master is output of the slave.
		switch arg {
		case tciflush:
			s.flushOutput()
		case tcoflush:
			s.flushInput()
		case tcioflush:
			s.flushOutput()
			s.flushInput()
		default:
			return syscall.EINVAL
		}
		return nil
	case TIOCGWINSZ, TIOCSWINSZ, TIOCGETD, TIOCEXCL, TIOCNXCL, TIOCGEXCL, TIOCVHANGUP:
		return s.stateIoctl(cmd, arg)
	}
	return errno.ENOIOCTLCMD
}

// signal is TIOCSIG, which sends what the keyboard can: EINVAL for any other
// signal.
func (m *Master) signal(sig syscall.Signal) error {
	if sig != syscall.SIGINT && sig != syscall.SIGQUIT && sig != syscall.SIGTSTP {
		return syscall.EINVAL
	}
	m.Slave.signalForeground(int(sig))
	return nil
}

// flow is TCXONC of the master, which holds back what is typed, or types the
// characters for that.
func (m *Master) flow(arg uintptr) error {
	cc := &Standard.CC
	switch arg {
	case tcooff, tcoon:
		m.lock.Lock()
		m.stopped = arg == tcooff
		m.lock.Unlock()
		m.changed()
		return nil
	case tcioff:
		m.typeChar(cc[VSTOP])
	case tcion:
		m.typeChar(cc[VSTART])
	default:
		return syscall.EINVAL
	}
	return nil
}

func (m *Master) typeChar(c byte) {
	m.lock.Lock()
	m.in.write([]byte{c})
	m.lock.Unlock()
	m.Slave.InputReady()
}
