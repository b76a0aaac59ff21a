// Package tty has terminals: the line discipline, the settings and job control
// (termios(3), ioctl_tty(2)).
//
// A Discipline is what happens to each character, and knows nothing else. A TTY
// puts it between a Driver (a serial port, the other side of a pty) and the
// files that programs open. What a terminal needs of processes it asks Proc.
//
// Input goes from the driver through the discipline in a kernel worker, as in
// Linux: whoever calls InputReady may be an interrupt's handler.
//
// Locks, from the outside in: TTY.readLock and TTY.writeLock, which keep
// readers and writers apart and are held while sleeping; TTY.mu, which protects
// the discipline; TTY.ctrl, under which nothing else is taken.
package tty

import (
	"sync/atomic"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// Driver is what a terminal is connected to. No method sleeps.
type Driver interface {
	// Read takes bytes that have come in.
	Read(b []byte) int
	// Write sends as much as there is room for, and returns how much that is.
	// Once there is room again the driver calls TTY.RoomAgain.
	Write(b []byte) int
	// Unsent returns how many bytes are still on their way.
	Unsent() int
	// FlushInput and FlushOutput throw away what Read would give and what is on
	// its way.
	FlushInput()
	FlushOutput()
	// SetTermios follows a change of the settings, and may correct the new ones.
	SetTermios(set, old *Termios)
}

// Winsize is struct winsize.
type Winsize struct{ Row, Col, Xpixel, Ypixel uint16 }

// TTY is a terminal.
type TTY struct {
	// Name is that of its node in /dev. Constant.
	Name string
	// Dev is its device number. Constant.
	Dev fs.Dev

	drv Driver // constant

	mu sched.Mutex
	d  Discipline // mu
	// throttled says that input waits in the driver for want of room. mu.
	throttled bool
	// xoff says that the other side was asked by VSTOP to stop. mu.
	xoff bool

	readLock, writeLock sched.Mutex
	readBuf             [512]byte  // readLock
	writeBuf            [2048]byte // writeLock
	inputBuf            [256]byte  // mu

	// input and output count what readers and writers wait for: sleepers sleep
	// until the count changes.
	input, output       atomic.Uint32
	readWait, writeWait sched.WaitQueue
	// wantRoom asks the driver's RoomAgain to do something.
	wantRoom atomic.Bool
	// async are the files whose owners get a signal when there is input. Room for
	// output is told after a write that found none; then wantSignal is set.
	async      fs.Fasync
	wantSignal atomic.Bool

	inputWork, outputWork sched.Work

	ctrl      spin.Lock
	session   Group   // whose controlling terminal this is, or nil. ctrl
	pgrp      Group   // the foreground process group, or nil. ctrl
	winsize   Winsize // ctrl
	opens     int     // open files. ctrl
	exclusive bool    // TIOCEXCL. ctrl

	// hangups is counted up by every hangup: files opened before are dead.
	hangups atomic.Uint32
}

// New returns a terminal with settings set, if that is not nil, else Standard.
// Its driver may call InputReady and RoomAgain from now on.
func New(name string, dev fs.Dev, drv Driver, set *Termios) *TTY {
	t := &TTY{Name: name, Dev: dev, drv: drv}
	if set == nil {
		set = &Standard
	}
	t.d.Signal = t.signalForeground
	t.d.FlushOutput = drv.FlushOutput
	t.d.Held = func(bool) {}
	if p, ok := drv.(*PTY); ok {
		t.d.FlushOutput, t.d.Held = p.flushAll, p.held
	}
	t.d.SetTermios(set)
	t.inputWork.Init(func(*sched.Work) { t.receive() })
	t.outputWork.Init(func(*sched.Work) { t.roomAgain() })
	return t
}

// InputReady tells the terminal that its driver has input. Any code may call
// it.
func (t *TTY) InputReady() { t.inputWork.Queue() }

// RoomAgain tells the terminal that its driver can take output again. Any code
// may call it.
func (t *TTY) RoomAgain() {
	if t.wantRoom.Load() {
		t.outputWork.Queue()
	}
}

// receive moves input from the driver to the discipline.
func (t *TTY) receive() {
	t.mu.Lock()
	lines := t.d.Lines()
	for {
		room := min(t.d.InRoom(), len(t.inputBuf))
		if t.throttled = room == 0; t.throttled {
			break
		}
		n := t.drv.Read(t.inputBuf[:room])
		if n == 0 {
			break
		}
		t.d.Receive(t.inputBuf[:n])
	}
	t.flowInput()
	t.send()
	readable := t.d.Readable(1)
	more := readable && (!t.d.canonical() || t.d.Lines() != lines)
	t.mu.Unlock()
	if readable {
		t.wakeReaders()
	}
	if more {
		t.async.Kill(fs.BandIn)
	}
	t.wakeWriters() // a signal may have flushed, a character restarted output
}

// flowInput asks the other side to stop or to go on, if it understands that
// (IXOFF).
//
// Preconditions: mu held.
func (t *TTY) flowInput() {
	const low = 128 // Linux's TTY_THRESHOLD_THROTTLE
	set := t.d.Termios()
	switch room := t.d.InRoom(); {
	case !t.xoff && set.Iflag&IXOFF != 0 && room < low:
		t.xoff = t.sendChar(set.CC[VSTOP])
	case t.xoff && room > BufSize-low:
		t.xoff = !t.sendChar(set.CC[VSTART])
	}
}

// sendChar sends a character past everything else. It reports whether it was
// sent.
func (t *TTY) sendChar(c byte) bool {
	return c != disabled && t.drv.Write([]byte{c}) == 1
}

// send gives the driver what it takes.
//
// Preconditions: mu held.
func (t *TTY) send() {
	for again := false; ; again = true {
		for {
			out := t.d.Output()
			if len(out) == 0 {
				t.wantRoom.Store(false)
				return
			}
			n := t.drv.Write(out)
			t.d.Sent(n)
			if n < len(out) {
				break
			}
		}
		if again {
			return
		}
		// What became free before this is not announced any more: try again.
		t.wantRoom.Store(true)
	}
}

func (t *TTY) roomAgain() {
	t.mu.Lock()
	t.send()
	t.mu.Unlock()
	t.wakeWriters()
}

func (t *TTY) wakeReaders() {
	t.input.Add(1)
	t.readWait.WakeAll()
}

func (t *TTY) wakeWriters() {
	t.output.Add(1)
	t.writeWait.WakeAll()
	if t.wantSignal.Load() && t.wantSignal.Swap(false) {
		t.async.Kill(fs.BandOut)
	}
}

// unthrottle follows when somebody has made room for input.
//
// Preconditions: mu held.
func (t *TTY) unthrottle() {
	if t.throttled && t.d.InRoom() > 0 {
		t.throttled = false
		t.inputWork.Queue()
	}
	if t.xoff {
		t.flowInput()
	}
}

// waitSent waits until everything has been sent. ERESTARTSYS.
func (t *TTY) waitSent() error {
	const look = 10e6 // ns; no driver tells when it is done
	for {
		seen := t.output.Load()
		t.mu.Lock()
		t.send()
		left := t.d.Unsent() + t.drv.Unsent()
		t.mu.Unlock()
		if left == 0 {
			return nil
		}
		err := t.writeWait.WaitInterruptibleTimeout(look, func() bool { return t.output.Load() != seen })
		if err == sched.ErrRestart {
			return err
		}
	}
}
