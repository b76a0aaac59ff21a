package qemu

import (
	"fmt"
	"strconv"
	"strings"
)

// Config describes one machine. The zero value of every field but Arch is a
// usable default.
type Config struct {
	Arch    Arch
	Machine string // -M; "" is Arch.DefaultMachine()
	CPU     string // -cpu; "" is "max"
	CPUs    int    // -smp; 0 is 1
	Memory  string // -m, with unit; "" is "256M"
	Accel   Accel  // "" is TCG

	Kernel string   // image for -kernel; "" starts a machine without one
	Initrd string   // file for -initrd
	DTB    string   // file for -dtb
	Append []string // kernel command line, one element a word

	// Icount makes the run deterministic and virtual time a count of guest
	// instructions: one nanosecond each.
	Icount bool

	// DebugExit adds an isa-debug-exit device at port 0xf4 (amd64 only).
	DebugExit bool

	// Events is a file for the events of processes (docs/monitor.md); "" is
	// none.
	Events string

	// StockDevices keeps the devices a machine has when QEMU is started
	// without -nodefaults: display adapter, network card, floppy.
	StockDevices bool

	GDB    string // where gdb connects, as for -gdb; "" is nowhere
	Freeze bool   // wait for gdb or a monitor's cont before the first instruction

	Extra []string // further arguments, verbatim

	Symbols string // ELF file of what runs, for LastWords; "" is Kernel + ".elf"
}

// Terminal says where a machine's serial port and monitor go.
type Terminal int

const (
	// Interactive multiplexes serial port and human monitor on standard
	// input and output; Ctrl-A X quits, Ctrl-A C switches.
	Interactive Terminal = iota
	// Piped puts the serial port on standard input and output unchanged
	// and QMP on file descriptor 3, which must let the machine run.
	Piped
)

// Args returns the command line of QEMU, program name first. Every machine
// ends, instead of starting again, when the guest resets.
func (c Config) Args(t Terminal) ([]string, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	args := []string{
		c.Arch.Command(),
		"-M", c.machine(),
		"-accel", or(string(c.Accel), string(TCG)),
		"-cpu", or(c.CPU, "max"),
		"-smp", strconv.Itoa(max(c.CPUs, 1)),
		"-m", or(c.Memory, "256M"),
		"-no-user-config", "-display", "none", "-no-reboot",
	}
	if !c.StockDevices {
		args = append(args, "-nodefaults")
	}
	args = append(args, t.args()...)
	if c.Icount {
		args = append(args, "-icount", "shift=0,sleep=off", "-seed", "1",
			"-rtc", "base=2025-01-01T00:00:00,clock=vm")
	}
	if c.DebugExit {
		args = append(args, "-device", "isa-debug-exit,iobase=0xf4,iosize=4")
	}
	if c.GDB != "" {
		args = append(args, "-gdb", c.GDB)
	}
	if c.Freeze || t == Piped {
		args = append(args, "-S")
	}
	args = append(args, c.eventArgs()...)
	return append(append(args, c.bootArgs()...), c.Extra...), nil
}

func (c Config) machine() string { return or(c.Machine, c.Arch.DefaultMachine()) }

// eventArgs are the virtio console to which the kernel writes events: on PCI where
// the machine has that and no slots for virtio in memory.
func (c Config) eventArgs() []string {
	if c.Events == "" {
		return nil
	}
	args := []string{"-device", "virtio-serial-pci,disable-legacy=on"}
	if c.Arch != AMD64 || strings.HasPrefix(c.machine(), "microvm") {
		args = []string{"-global", "virtio-mmio.force-legacy=false", "-device", "virtio-serial-device"}
	}
	return append(args,
		"-chardev", "file,id=events,path="+strings.ReplaceAll(c.Events, ",", ",,"),
		"-device", "virtconsole,chardev=events")
}

// check refuses what QEMU would accept silently or report unclearly.
func (c Config) check() error {
	if _, err := ParseArch(string(c.Arch)); err != nil {
		return err
	}
	switch {
	case c.DebugExit && c.Arch != AMD64:
		return fmt.Errorf("isa-debug-exit does not exist on %s", c.Arch)
	case c.Events != "" && c.Machine == "microvm":
		// Only then does it say on the command line where its devices are.
		return fmt.Errorf("events on a microvm need microvm,acpi=off")
	case c.CPUs < 0:
		return fmt.Errorf("%d CPUs", c.CPUs)
	case c.Kernel == "" && (c.Initrd != "" || len(c.Append) != 0):
		return fmt.Errorf("initrd and command line need a kernel")
	}
	return nil
}

// bootArgs are the arguments that say what to boot.
func (c Config) bootArgs() []string {
	var args []string
	if c.Kernel != "" {
		args = append(args, "-kernel", c.Kernel)
	}
	if c.Initrd != "" {
		args = append(args, "-initrd", c.Initrd)
	}
	if c.DTB != "" {
		args = append(args, "-dtb", c.DTB)
	}
	if len(c.Append) != 0 {
		args = append(args, "-append", strings.Join(c.Append, " "))
	}
	return args
}

func (t Terminal) args() []string {
	if t == Piped {
		return []string{
			"-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0",
			"-chardev", "socket,id=qmp0,fd=3", "-mon", "chardev=qmp0,mode=control",
		}
	}
	return []string{"-serial", "mon:stdio"}
}

// Quote joins args so that a shell splits them again the same way.
func Quote(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		quoted[i] = a
	}
	return strings.Join(quoted, " ")
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
