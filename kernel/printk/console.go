package printk

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// A Console shows the log. Write gets whole lines, one per call, each with its
// newline. It is called by one context at a time, which may hold spin locks, so
// it must neither sleep nor allocate; in a panic it must wait for nobody. It
// may log.
type Console interface {
	Write(p []byte)
}

// Flags say what kind of console is registered.
type Flags uint8

const (
	// Boot marks a console that serves until a real one comes.
	Boot Flags = 1 << iota

	// Preferred marks the console that is /dev/console. It replaces the boot
	// consoles and goes on where they stopped.
	Preferred

	// PrintBuffer shows the log from its start (Linux's CON_PRINTBUFFER),
	// unless the console replaces a boot console.
	PrintBuffer
)

type console struct {
	name  string
	dev   Console
	flags Flags
	next  cursor // the record to show next; protected by Log.mu
}

// consoleBuffer is what showing one record needs.
type consoleBuffer struct {
	text [RecordMax]byte
	line [RecordMax + 64]byte
}

// maxBurst bounds how many records one call shows, so that a console driver
// that logs about every line it writes doesn't keep the caller for ever. What
// is left comes with the next message.
const maxBurst = 4096

var (
	errTooLate    = errors.New("printk: boot console comes after a real one")
	errRegistered = errors.New("printk: console is registered already")
)

// Register adds a console under a name such as ttyS0. Without PrintBuffer it
// starts with the next message. It fails if the name is taken, and for a boot
// console when there is a real one already.
func Register(name string, dev Console, flags Flags) error {
	return kernelLog.register(name, dev, flags)
}

func (l *Log) register(name string, dev Console, flags Flags) error {
	c := &console{name: name, dev: dev, flags: flags}
	replaced, err := l.addConsole(c)
	if err != nil {
		return err
	}
	l.printf(LevelInfo, "printk: %s [%s] enabled", []any{c.kind(), c.name})
	for _, old := range replaced {
		l.printf(LevelInfo, "printk: %s [%s] disabled", []any{old.kind(), old.name})
	}
	return nil
}

func (c *console) kind() string {
	if c.flags&Boot != 0 {
		return "bootconsole"
	}
	return "console"
}

// addConsole puts c into the list, in front if it is preferred, and returns the
// boot consoles that it replaces.
func (l *Log) addConsole(c *console) (replaced []*console, err error) {
	l.registering.Lock()
	defer l.registering.Unlock()
	replaces := c.flags&(Preferred|Boot) == Preferred
	kept := make([]*console, 0, len(l.consoleList())+1)
	for _, old := range l.consoleList() {
		switch {
		case old.name == c.name:
			return nil, errRegistered
		case c.flags&Boot != 0 && old.flags&Boot == 0:
			return nil, errTooLate
		case replaces && old.flags&Boot != 0:
			replaced = append(replaced, old)
		default:
			kept = append(kept, old)
		}
	}
	if c.flags&Preferred != 0 {
		kept = slices.Insert(kept, 0, c)
	} else {
		kept = append(kept, c)
	}
	l.publish(c, kept, replaced)
	return replaced, nil
}

// publish makes list the list of consoles and decides where the new one starts.
func (l *Log) publish(c *console, list, replaced []*console) {
	locked := l.lock()
	defer l.unlock(locked)
	switch {
	case len(replaced) > 0:
		c.next = replaced[0].next
	case c.flags&PrintBuffer != 0:
		c.next = l.ring.first()
	default:
		c.next = l.ring.last()
	}
	l.consoles.Store(&list)
}

// Unregister removes the console of that name, and tells whether there was one.
// Its Write may still be running on another CPU when Unregister returns.
func Unregister(name string) bool {
	return kernelLog.unregister(name)
}

func (l *Log) unregister(name string) bool {
	l.registering.Lock()
	defer l.registering.Unlock()
	old := l.consoleList()
	kept := slices.DeleteFunc(slices.Clone(old), func(c *console) bool { return c.name == name })
	l.consoles.Store(&kept)
	return len(kept) < len(old)
}

// Consoles returns the names of the registered consoles, the preferred first.
func Consoles() []string {
	var names []string
	for _, c := range kernelLog.consoleList() {
		names = append(names, c.name)
	}
	return names
}

func (l *Log) consoleList() []*console {
	if list := l.consoles.Load(); list != nil {
		return *list
	}
	return nil
}

// show brings the consoles up to date, unless someone else is doing that.
//
// The owner looks again after it has given the consoles back, because a record
// added just before was left to it.
func (l *Log) show() {
	if Panicking() {
		if panickingHere() {
			l.showSome(&l.buffers[1])
		}
		return
	}
	for l.behind() && l.showing.CompareAndSwap(false, true) {
		done := l.showSome(&l.buffers[0])
		l.showing.Store(false)
		if !done {
			return
		}
	}
}

// behind tells whether a console has not yet seen the newest record.
func (l *Log) behind() bool {
	list := l.consoleList()
	if len(list) == 0 {
		return false
	}
	locked := l.lock()
	defer l.unlock(locked)
	for _, c := range list {
		if c.next.pos != l.ring.tail {
			return true
		}
	}
	return false
}

// showSome shows records in turn on each console until all have seen the newest
// one, and then returns true, or until maxBurst is reached.
func (l *Log) showSome(buf *consoleBuffer) bool {
	for range maxBurst {
		idle := true
		for _, c := range l.consoleList() {
			if l.showOne(c, buf) {
				idle = false
			}
		}
		if idle {
			return true
		}
	}
	return false
}

// showOne shows the next record on c and returns false if there is none.
func (l *Log) showOne(c *console, buf *consoleBuffer) bool {
	rec, lost, ok := l.read(&c.next, buf.text[:], true)
	if lost > 0 {
		line := append(buf.line[:0], "** "...)
		line = strconv.AppendUint(line, lost, 10)
		line = append(line, " printk messages dropped **\n"...)
		c.dev.Write(line)
	}
	if !ok {
		return false
	}
	if int(rec.level) >= l.consoleLevel() {
		return true
	}
	text := buf.text[:rec.textLen]
	for more := true; more; {
		var one []byte
		one, text, more = bytes.Cut(text, []byte{'\n'})
		line := rec.appendTime(buf.line[:0])
		line = append(line, one...)
		c.dev.Write(append(line, '\n'))
	}
	return true
}
