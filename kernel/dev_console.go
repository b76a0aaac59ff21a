//go:build metal

package kernel

import (
	"encoding/binary"
	"strconv"
	"strings"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/printk"
	"onsen/kernel/random"
	"onsen/kernel/sched"
	"onsen/kernel/serial"
	"onsen/kernel/timekeeping"
	"onsen/kernel/tty"
)

// startDevices makes the devices known that need no search: memory, log and
// terminals.
func startDevices() {
	seedRandom()
	registerMemDevices()
	announceLog()
	register(ttyAuxMajor, 0, "tty", 0o666, tty.OpenControlling)
	for _, c := range consolePorts {
		c.startTTY()
	}
	if err := registerPTYs(); err != nil {
		printk.Err("pty: %v", err)
	}
	if console != nil {
		register(ttyAuxMajor, 1, "console", 0o600, console.tty.Load().OpenConsole)
	}
}

// seedRandom gives the source of random bytes what is known by now that others
// do not know.
func seedRandom() {
	random.Hardware = arch.RandomWord
	random.Mix(binary.NativeEndian.AppendUint64(nil, uint64(timekeeping.Realtime())))
	if _, ok := arch.RandomWord(); !ok {
		printk.Warn("random: the processor has no generator, the time is the only seed")
	}
}

// register makes a character device known.
func register(major, minor uint32, name string, mode uint32, open func(*fs.File) error) {
	if err := fs.RegisterChrdevMode(major, minor, name, mode, open); err != nil {
		printk.Err("/dev/%s: %v", name, err)
	}
}

// startTTY makes a terminal of a console's port.
func (c *consolePort) startTTY() {
	dev := serialDev(c.Name())
	set := tty.Standard
	set.Cflag |= tty.CLOCAL
	if c.line.Baud != 0 {
		set.SetSpeed(uint32(c.line.Baud))
	} else if dev.Major() == ttyMajor {
		set.SetSpeed(9600) // as Linux's 8250 driver says of a line it was not told about
	}
	t := tty.New(c.Name(), dev, c, &set)
	c.tty.Store(t)
	t.InputReady()
	register(dev.Major(), dev.Minor(), c.Name(), 0o600, t.Open)
	if c.polled {
		c.poll(t)
	}
}

// serialDev returns the number of the device of a serial port, whose name ends
// with its number.
func serialDev(name string) fs.Dev {
	major := uint32(ttyMajor)
	if strings.HasPrefix(name, "ttyAMA") {
		major = amaMajor
	}
	index, _ := strconv.Atoi(strings.TrimLeft(name, "tyAMSU"))
	return fs.MkDev(major, uint32(64+index))
}

// poll serves a port that cannot interrupt.
func (c *consolePort) poll(t *tty.TTY) {
	const interval = 10e6 // ns
	_, err := KthreadRun(func(any) int {
		for {
			c.Write(nil)
			t.InputReady()
			t.RoomAgain()
			sched.Sleep(interval)
		}
	}, nil, c.Name())
	if err != nil {
		printk.Err("%s: %v", c.Name(), err)
	}
}

// FlushInput implements tty.Driver.
func (c *consolePort) FlushInput() {
	var buf [256]byte
	for c.Read(buf[:]) > 0 {
	}
}

// FlushOutput implements tty.Driver. What the port has taken is sent: the
// kernel's messages are among it.
func (c *consolePort) FlushOutput() {}

// SetTermios implements tty.Driver. The line stays as the kernel's console needs
// it.
func (c *consolePort) SetTermios(set, old *tty.Termios) { set.KeepLine(old) }

// hooks are what the port calls.
func (c *consolePort) hooks() serial.Hooks {
	return serial.Hooks{
		RxReady: func() {
			c.readers.WakeAll()
			if t := c.tty.Load(); t != nil {
				t.InputReady()
			}
		},
		TxRoom: func() {
			c.writers.WakeAll()
			if t := c.tty.Load(); t != nil {
				t.RoomAgain()
			}
		},
		Wait: c.waitForRoom,
	}
}
