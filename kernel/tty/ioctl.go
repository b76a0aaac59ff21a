package tty

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// The ioctls of terminals (include/uapi/asm-generic/ioctls.h).
const (
	TCGETS       = 0x5401
	TCSETS       = 0x5402
	TCSETSW      = 0x5403
	TCSETSF      = 0x5404
	TCGETA       = 0x5405
	TCSETA       = 0x5406
	TCSETAW      = 0x5407
	TCSETAF      = 0x5408
	TCSBRK       = 0x5409
	TCXONC       = 0x540a
	TCFLSH       = 0x540b
	TIOCEXCL     = 0x540c
	TIOCNXCL     = 0x540d
	TIOCSCTTY    = 0x540e
	TIOCGPGRP    = 0x540f
	TIOCSPGRP    = 0x5410
	TIOCOUTQ     = 0x5411
	TIOCSTI      = 0x5412
	TIOCGWINSZ   = 0x5413
	TIOCSWINSZ   = 0x5414
	TIOCGSOFTCAR = 0x5419
	TIOCSSOFTCAR = 0x541a
	FIONREAD     = 0x541b
	TIOCNOTTY    = 0x5422
	TIOCSETD     = 0x5423
	TIOCGETD     = 0x5424
	TCSBRKP      = 0x5425
	TIOCSBRK     = 0x5427
	TIOCCBRK     = 0x5428
	TIOCGSID     = 0x5429
	TCGETS2      = 0x802c542a
	TCSETS2      = 0x402c542b
	TCSETSW2     = 0x402c542c
	TCSETSF2     = 0x402c542d
	TIOCGDEV     = 0x80045432
	TIOCVHANGUP  = 0x5437
	TIOCGPTPEER  = 0x5441
	TIOCGEXCL    = 0x80045440
)

// Arguments of TCXONC and TCFLSH.
const (
	tcooff = 0
	tcoon  = 1
	tcioff = 2
	tcion  = 3

	tciflush  = 0
	tcoflush  = 1
	tcioflush = 2
)

// nTTY is N_TTY, the only line discipline there is.
const nTTY = 0

// Ioctl implements fs.FileOps.
func (h *handle) Ioctl(f *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	if cmd == TIOCGPTPEER {
		if h.isPTY() {
			return 0, syscall.EIO
		}
		return 0, errno.ENOIOCTLCMD
	}
	if h.hungUp() {
		if cmd == TIOCSPGRP {
			return 0, syscall.ENOTTY
		}
		return 0, syscall.EIO
	}
	switch cmd {
	case TCGETS, TCGETS2, TCGETA:
		return 0, h.getTermios(cmd, arg)
	case TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETSW2, TCSETSF2, TCSETA, TCSETAW, TCSETAF:
		return 0, h.setTermios(cmd, arg)
	case TIOCSCTTY:
		return 0, h.setControlling(f.CanRead(), arg == 1)
	case TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCNOTTY:
		return 0, h.jobIoctl(cmd, arg)
	case TCXONC, TCFLSH, TCSBRK, TCSBRKP, TIOCSBRK, TIOCCBRK:
		return 0, h.lineIoctl(cmd, arg)
	}
	return 0, h.stateIoctl(cmd, arg)
}

func (t *TTY) getTermios(cmd uint32, arg uintptr) error {
	t.mu.Lock()
	set := *t.d.Termios()
	t.mu.Unlock()
	switch cmd {
	case TCGETS2:
		return uaccess.Put(arg, set)
	case TCGETA:
		return uaccess.Put(arg, set.old())
	}
	return uaccess.Put(arg, set.short())
}

// setTermios changes the settings, the W kinds of commands after output has
// been sent, the F kinds also without the input that there is.
func (t *TTY) setTermios(cmd uint32, arg uintptr) error {
	if err := t.checkChange(syscall.SIGTTOU); err != nil {
		return err
	}
	set, err := t.readTermios(cmd, arg)
	if err != nil {
		return err
	}
	switch cmd {
	case TCSETSF, TCSETSF2, TCSETAF:
		t.flushInput()
		fallthrough
	case TCSETSW, TCSETSW2, TCSETAW:
		if t.waitSent() != nil {
			return errno.ERESTARTSYS
		}
	}
	t.SetTermios(&set)
	return nil
}

// readTermios returns the present settings, changed as a program asks.
func (t *TTY) readTermios(cmd uint32, arg uintptr) (set Termios, err error) {
	t.mu.Lock()
	set = *t.d.Termios()
	t.mu.Unlock()
	switch cmd {
	case TCSETS2, TCSETSW2, TCSETSF2:
		set, err = uaccess.Get[Termios](arg)
	case TCSETA, TCSETAW, TCSETAF:
		var old termio
		old, err = uaccess.Get[termio](arg)
		set.setOld(&old)
	default:
		var short termios1
		short, err = uaccess.Get[termios1](arg)
		set.setShort(&short)
	}
	set.computeSpeeds()
	return set, err
}

// SetTermios changes the settings.
func (t *TTY) SetTermios(set *Termios) {
	t.mu.Lock()
	t.drv.SetTermios(set, t.d.Termios())
	t.d.SetTermios(set)
	t.send()
	t.mu.Unlock()
	t.wakeReaders()
	t.wakeWriters()
}

func (t *TTY) flushInput() {
	t.mu.Lock()
	t.drv.FlushInput()
	t.d.Flush()
	t.unthrottle()
	t.mu.Unlock()
}

func (t *TTY) flushOutput() {
	t.mu.Lock()
	t.d.FlushOut()
	t.drv.FlushOutput()
	t.mu.Unlock()
	t.wakeWriters()
}

// jobIoctl does what has to do with sessions and process groups.
func (t *TTY) jobIoctl(cmd uint32, arg uintptr) error {
	if cmd == TIOCSPGRP {
		return t.setForeground(arg)
	}
	if Proc.Terminal() != t {
		return syscall.ENOTTY
	}
	switch cmd {
	case TIOCGPGRP:
		return uaccess.Put(arg, int32(number(t.Foreground())))
	case TIOCGSID:
		s := t.Session()
		if s == nil {
			return syscall.ENOTTY
		}
		return uaccess.Put(arg, int32(s.Nr()))
	}
	// TIOCNOTTY
	Disassociate(false)
	Proc.SetTerminal(nil)
	return nil
}

// number returns the number of a group, 0 for nil.
func number(g Group) int {
	if g == nil {
		return 0
	}
	return g.Nr()
}

// setForeground is TIOCSPGRP.
func (t *TTY) setForeground(arg uintptr) error {
	if err := t.checkChange(syscall.SIGTTOU); err == syscall.EIO {
		return syscall.ENOTTY
	} else if err != nil {
		return err
	}
	nr, err := uaccess.Get[int32](arg)
	if err != nil {
		return err
	}
	if nr < 0 {
		return syscall.EINVAL
	}
	own := Proc.Session()
	if Proc.Terminal() != t || t.Session() != own {
		return syscall.ENOTTY
	}
	g := Proc.FindGroup(int(nr))
	if g == nil {
		return syscall.ESRCH
	}
	if Proc.SessionOf(g) != own {
		return syscall.EPERM
	}
	t.ctrl.Lock()
	t.pgrp = g
	t.ctrl.Unlock()
	return nil
}

// lineIoctl does what a process in the background may not.
func (t *TTY) lineIoctl(cmd uint32, arg uintptr) error {
	if err := t.checkChange(syscall.SIGTTOU); err != nil {
		return err
	}
	switch cmd {
	case TCXONC:
		return t.flow(arg)
	case TCFLSH:
		return t.flush(arg)
	case TIOCCBRK:
		return nil
	}
	// TCSBRK, TCSBRKP, TIOCSBRK: no driver can send a break, which, as in Linux,
	// leaves the waiting.
	if t.waitSent() != nil {
		return errno.ERESTARTSYS
	}
	return nil
}

func (t *TTY) flow(arg uintptr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch arg {
	case tcooff:
		t.d.Stop()
	case tcoon:
		t.d.Start()
		t.send()
		t.wakeWriters()
	case tcioff:
		t.sendChar(t.d.Termios().CC[VSTOP])
	case tcion:
		t.sendChar(t.d.Termios().CC[VSTART])
	default:
		return syscall.EINVAL
	}
	return nil
}

func (t *TTY) flush(arg uintptr) error {
	if arg > tcioflush {
		return syscall.EINVAL
	}
	if arg != tcoflush {
		t.flushInput()
	}
	if arg != tciflush {
		t.flushOutput()
	}
	return nil
}

// stateIoctl reads and changes the small things.
func (t *TTY) stateIoctl(cmd uint32, arg uintptr) error {
	switch cmd {
	case TIOCGWINSZ:
		t.ctrl.Lock()
		w := t.winsize
		t.ctrl.Unlock()
		return uaccess.Put(arg, w)
	case TIOCSWINSZ:
		w, err := uaccess.Get[Winsize](arg)
		if err == nil {
			t.setWinsize(w)
		}
		return err
	case FIONREAD:
		t.mu.Lock()
		n := t.d.InQueue()
		t.mu.Unlock()
		return uaccess.Put(arg, int32(n))
	case TIOCOUTQ:
		t.mu.Lock()
		n := t.d.Unsent() + t.drv.Unsent()
		t.mu.Unlock()
		return uaccess.Put(arg, int32(n))
	case TIOCSTI:
		return syscall.EIO // as with dev.tty.legacy_tiocsti=0
	case TIOCEXCL, TIOCNXCL:
		t.ctrl.Lock()
		t.exclusive = cmd == TIOCEXCL
		t.ctrl.Unlock()
		return nil
	case TIOCGEXCL:
		t.ctrl.Lock()
		on := t.exclusive
		t.ctrl.Unlock()
		return uaccess.Put(arg, boolInt(on))
	case TIOCGSOFTCAR, TIOCSSOFTCAR:
		return t.softCarrier(cmd, arg)
	case TIOCGETD:
		return uaccess.Put(arg, int32(nTTY))
	case TIOCSETD:
		return setDiscipline(arg)
	case TIOCGDEV:
		return uaccess.Put(arg, uint32(t.Dev))
	case TIOCVHANGUP:
		if !Proc.Capable(capSysAdmin) {
			return syscall.EPERM
		}
		t.Hangup()
		return nil
	}
	return errno.ENOIOCTLCMD
}

func boolInt(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// setWinsize changes the size of the screen, and tells those in front of it.
func (t *TTY) setWinsize(w Winsize) {
	t.ctrl.Lock()
	same := t.winsize == w
	t.winsize = w
	t.ctrl.Unlock()
	if !same {
		t.signalForeground(int(syscall.SIGWINCH))
	}
}

// softCarrier reads or changes CLOCAL.
func (t *TTY) softCarrier(cmd uint32, arg uintptr) error {
	t.mu.Lock()
	set := *t.d.Termios()
	t.mu.Unlock()
	if cmd == TIOCGSOFTCAR {
		return uaccess.Put(arg, boolInt(set.Cflag&CLOCAL != 0))
	}
	on, err := uaccess.Get[int32](arg)
	if err != nil {
		return err
	}
	set.Cflag &^= CLOCAL
	if on != 0 {
		set.Cflag |= CLOCAL
	}
	t.SetTermios(&set)
	return nil
}

func setDiscipline(arg uintptr) error {
	n, err := uaccess.Get[int32](arg)
	if err == nil && n != nTTY {
		err = syscall.EINVAL
	}
	return err
}
