//go:build metal

package kernel

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync/atomic"

	"onsen/arch/bootinfo"
	"onsen/kernel/irq"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/serial"
	"onsen/kernel/tty"
)

// console is the port behind /dev/console, nil if there is none. Set once, by
// startConsoles.
var console *consolePort

// consolePorts are all consoles, in the order of the command line. Written by
// startConsoles.
var consolePorts []*consolePort

// consolePort is a serial port and those who wait for it.
type consolePort struct {
	*serial.Port
	line    serial.LineOptions // constant
	polled  bool               // it cannot interrupt. Set once, by startConsole
	readers sched.WaitQueue
	writers sched.WaitQueue
	// tty is the terminal made of it, once there is one.
	tty atomic.Pointer[tty.TTY]
}

// startConsoles opens the consoles of the command line, or else the one that
// the firmware names. The last one is /dev/console. Who is named twice has the
// options of the first time; Linux's __add_preferred_console.
func startConsoles() {
	values := bootOptions.Console
	if len(values) == 0 {
		values = []string{machine.Console.Name}
	}
	preferred := consoleName(values[len(values)-1])
	for i, value := range values {
		name := consoleName(value)
		if slices.ContainsFunc(values[:i], func(v string) bool { return consoleName(v) == name }) {
			continue
		}
		flags := printk.PrintBuffer
		if name == preferred {
			flags |= printk.Preferred
		}
		if err := startConsole(value, flags); err != nil {
			printk.Err("console=%s: %v", value, err)
		}
	}
}

// consoleName is the value of console= without the options.
func consoleName(value string) string {
	name, _, _ := strings.Cut(value, ",")
	return name
}

// startConsole opens one console.
func startConsole(value string, flags printk.Flags) error {
	o, err := serial.ParseConsole(value)
	if err != nil || o.Name == "" {
		return err
	}
	desc, err := findSerial(o.Name)
	if err != nil {
		return err
	}
	port, err := serial.Open(desc, o.Line)
	if err != nil {
		return err
	}
	c := &consolePort{Port: port, line: o.Line, polled: true}
	port.SetHooks(c.hooks())
	if err := printk.Register(o.Name, port.Console(), flags); err != nil {
		return err
	}
	consolePorts = append(consolePorts, c)
	if flags&printk.Preferred != 0 {
		console = c
	}
	if !desc.IRQ.Valid() {
		printk.Warn("%s: no interrupt, polling", o.Name)
		return nil
	}
	if _, err := irq.Request(desc.IRQ, o.Name, func() { port.Interrupt(nil) }); err != nil {
		printk.Warn("%s: polling: %v", o.Name, err)
		return nil
	}
	port.EnableInterrupts()
	c.polled = false
	return nil
}

// findSerial returns the port of that name.
func findSerial(name string) (bootinfo.Serial, error) {
	for _, s := range machine.Serial {
		if s.Name == name {
			return s, nil
		}
	}
	return bootinfo.Serial{}, fmt.Errorf("no such port")
}

// waitForRoom is the port's way to sleep until it can take more.
func (c *consolePort) waitForRoom(ready func() bool) bool {
	if !sched.MaySleep() {
		return false
	}
	c.writers.Wait(ready)
	return true
}

// read returns what has been typed, and waits until there is something.
func (c *consolePort) read(b []byte) int {
	for {
		if n := c.Read(b); n > 0 {
			return n
		}
		c.readers.Wait(func() bool { return c.Readable() > 0 })
	}
}

// echo reads n bytes from the console and prints their checksum: the test that
// nothing is lost.
func echo(n uint64) {
	if console == nil {
		printk.Err("echo: there is no console")
		return
	}
	printk.Notice("echo: reading %d bytes", n)
	sum := uint32(0)
	buf := make([]byte, 4096)
	for left := n; left > 0; {
		got := console.read(buf[:min(left, uint64(len(buf)))])
		sum = crc32.Update(sum, crc32.IEEETable, buf[:got])
		left -= uint64(got)
	}
	printk.Notice("echo: %d bytes crc32 %08x", n, sum)
}
