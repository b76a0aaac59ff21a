package tty

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
)

// Group is a process group or a session.
type Group interface{ Nr() int }

// Processes is what terminals need to know of processes. The caller is the
// calling task's process.
type Processes interface {
	// Group and Session return the caller's.
	Group() Group
	Session() Group
	// IsLeader reports whether the caller is the leader of its session.
	IsLeader() bool
	// Terminal returns the caller's controlling terminal, or nil, and
	// SetTerminal sets it.
	Terminal() *TTY
	SetTerminal(t *TTY)
	// ClearTerminals takes their controlling terminal from all processes of a
	// session.
	ClearTerminals(session Group)
	// Ignored reports whether the calling task blocks or ignores a signal.
	Ignored(sig int) bool
	// Orphaned reports whether the caller's process group is orphaned.
	Orphaned() bool
	// Signal sends a signal to a process group, and SignalLeader to the leader
	// of a session.
	Signal(g Group, sig int)
	SignalLeader(session Group, sig int)
	// FindGroup returns the process group or other id with a number, or nil,
	// and SessionOf the session that a process group is in, nil if it is none.
	FindGroup(nr int) Group
	SessionOf(g Group) Group
	// Capable reports whether the calling task has a capability.
	Capable(capability int) bool
	// Owner returns the owner of a file that is g or, if g is nil, the caller's
	// process.
	Owner(g Group) *fs.Owner
}

// Proc is the kernel's processes. Set at start-up.
var Proc Processes

const capSysAdmin = 21

// Foreground returns the foreground process group, or nil.
func (t *TTY) Foreground() Group {
	t.ctrl.Lock()
	defer t.ctrl.Unlock()
	return t.pgrp
}

// Session returns the session whose controlling terminal t is, or nil.
func (t *TTY) Session() Group {
	t.ctrl.Lock()
	defer t.ctrl.Unlock()
	return t.session
}

func (t *TTY) signalForeground(sig int) {
	if g := t.Foreground(); g != nil {
		Proc.Signal(g, sig)
	}
}

// checkChange asks whether the caller may use its controlling terminal, and
// sends its process group sig, which is SIGTTIN or SIGTTOU, if not: EIO or
// ERESTARTSYS. Linux's __tty_check_change.
func (t *TTY) checkChange(sig syscall.Signal) error {
	if Proc.Terminal() != t {
		return nil
	}
	fg, own := t.Foreground(), Proc.Group()
	switch {
	case fg == nil || fg == own:
		return nil
	case Proc.Ignored(int(sig)):
		if sig == syscall.SIGTTIN {
			return syscall.EIO
		}
		return nil
	case Proc.Orphaned():
		return syscall.EIO
	}
	Proc.Signal(own, int(sig))
	return errno.ERESTARTSYS
}

// become makes t the caller's controlling terminal.
func (t *TTY) become() {
	session, pgrp := Proc.Session(), Proc.Group()
	t.ctrl.Lock()
	t.session, t.pgrp = session, pgrp
	t.ctrl.Unlock()
	Proc.SetTerminal(t)
}

// becomeOnOpen makes t the controlling terminal of a session leader that has
// none and opens t, which is nobody's, for reading.
func (t *TTY) becomeOnOpen() {
	if Proc.IsLeader() && Proc.Terminal() == nil && t.Session() == nil {
		t.become()
	}
}

// setControlling is TIOCSCTTY: EPERM.
func (t *TTY) setControlling(readable, steal bool) error {
	owner := t.Session()
	if Proc.IsLeader() && owner == Proc.Session() {
		return nil
	}
	if !Proc.IsLeader() || Proc.Terminal() != nil {
		return syscall.EPERM
	}
	if owner != nil {
		if !steal || !Proc.Capable(capSysAdmin) {
			return syscall.EPERM
		}
		Proc.ClearTerminals(owner)
	}
	if !readable && !Proc.Capable(capSysAdmin) {
		return syscall.EPERM
	}
	t.become()
	return nil
}

// release makes t nobody's controlling terminal.
func (t *TTY) release() (was Group) {
	t.ctrl.Lock()
	defer t.ctrl.Unlock()
	was = t.session
	t.session, t.pgrp = nil, nil
	return was
}

// Disassociate takes the controlling terminal from the caller's session, if the
// caller is its leader: because it exits, which hangs the terminal up, or
// because it does not want it any more (TIOCNOTTY). Linux's disassociate_ctty.
func Disassociate(exit bool) {
	if !Proc.IsLeader() {
		return
	}
	t := Proc.Terminal()
	if t == nil {
		return
	}
	if exit && !t.isPTY() {
		t.hangup(true)
	} else if g := t.Foreground(); g != nil {
		Proc.Signal(g, int(syscall.SIGHUP))
		if !exit {
			Proc.Signal(g, int(syscall.SIGCONT))
		}
	}
	t.release()
	Proc.ClearTerminals(Proc.Session())
}

// Hangup ends all use of the terminal: the files that are open are dead, and
// the session that it controls is told. Linux's tty_vhangup.
func (t *TTY) Hangup() { t.hangup(false) }

// hangup is Hangup; leaderExits says that the session's leader is exiting, so
// that the foreground process group is told as well.
func (t *TTY) hangup(leaderExits bool) {
	t.hangups.Add(1)
	t.mu.Lock()
	t.d.Flush()
	t.d.FlushOut()
	t.drv.FlushOutput()
	t.mu.Unlock()
	fg := t.Foreground()
	if session := t.release(); session != nil {
		Proc.ClearTerminals(session)
		Proc.SignalLeader(session, int(syscall.SIGHUP))
		Proc.SignalLeader(session, int(syscall.SIGCONT))
		if leaderExits && fg != nil {
			Proc.Signal(fg, int(syscall.SIGHUP))
		}
	}
	t.async.Clear()
	t.wakeReaders()
	t.wakeWriters()
}

// isPTY reports whether t is one side of a pseudo terminal.
func (t *TTY) isPTY() bool {
	_, ok := t.drv.(*PTY)
	return ok
}
