// Run boots a kernel image in QEMU on this terminal, or under gdb.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"onsen/qemu"
)

// options are the command line.
type options struct {
	arch, accel, command, extra string
	debug, attach, print        bool
	port                        int
	machine                     qemu.Config
}

func main() {
	var o options
	flag.StringVar(&o.arch, "arch", "amd64", "guest architecture: amd64 or arm64")
	flag.StringVar(&o.machine.Machine, "machine", "", "QEMU's -M (default q35 or virt)")
	flag.StringVar(&o.machine.CPU, "cpu", "", "QEMU's -cpu (default max)")
	flag.IntVar(&o.machine.CPUs, "cpus", 4, "number of CPUs")
	flag.StringVar(&o.machine.Memory, "mem", "", "size of memory (default 256M)")
	flag.StringVar(&o.machine.Kernel, "kernel", "", "image (default build/onsen-ARCH)")
	flag.StringVar(&o.machine.Initrd, "initrd", "", "initial file system")
	flag.StringVar(&o.machine.Events, "events", "", "file for the events of processes")
	flag.StringVar(&o.command, "append", "", "words for the kernel command line, after console=")
	flag.StringVar(&o.accel, "accel", "", "tcg or kvm (default tcg)")
	flag.StringVar(&o.extra, "extra", "", "further arguments for QEMU, split at spaces")
	flag.BoolVar(&o.debug, "debug", false, "start gdb on a machine that waits at its first instruction")
	flag.BoolVar(&o.attach, "attach", false, "start gdb on a machine that already runs with -port")
	flag.IntVar(&o.port, "port", 0, "listen for gdb on this TCP port of the loopback interface")
	flag.BoolVar(&o.print, "print", false, "only print the command line of QEMU")
	flag.Parse()
	if err := o.run(); err != nil {
		var status *exec.ExitError
		if errors.As(err, &status) && status.ExitCode() > 0 {
			os.Exit(status.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func (o *options) run() error {
	if err := o.complete(); err != nil {
		return err
	}
	if o.attach {
		return gdb(o.machine, o.port)
	}
	args, err := o.machine.Args(qemu.Interactive)
	switch {
	case err != nil:
		return err
	case o.print:
		fmt.Println(qemu.Quote(args))
		return nil
	case o.debug:
		return debug(o.machine, o.port, args)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	fmt.Printf("%s\n(Ctrl-A X ends QEMU)\n", qemu.Quote(args))
	return syscall.Exec(path, args, os.Environ())
}

// complete fills in what follows from the options.
func (o *options) complete() error {
	arch, err := qemu.ParseArch(o.arch)
	if err != nil {
		return err
	}
	m := &o.machine
	m.Arch = arch
	if m.Kernel == "" {
		m.Kernel = "build/onsen-" + o.arch
	}
	if m.Accel, err = qemu.ChooseAccel(arch, o.accel); err != nil {
		fmt.Fprintf(os.Stderr, "run: using %s: %v\n", m.Accel, err)
	}
	m.Append = append([]string{"console=" + arch.Console()}, strings.Fields(o.command)...)
	m.Extra = strings.Fields(o.extra)
	if o.port == 0 && (o.debug || o.attach) {
		o.port = 1234 // QEMU's -s
	}
	if o.port != 0 {
		m.GDB = fmt.Sprintf("tcp:127.0.0.1:%d", o.port)
	}
	m.Freeze = o.debug
	return nil
}
