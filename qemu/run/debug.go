package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"onsen/qemu"
)

// consoleLog receives the serial port of a machine under gdb, which has the
// terminal to itself.
const consoleLog = "build/logs/qemu-gdb.log"

// debug starts a frozen machine and gdb on it. The machine ends with gdb.
func debug(m qemu.Config, port int, args []string) error {
	if err := os.MkdirAll(filepath.Dir(consoleLog), 0o777); err != nil {
		return err
	}
	log, err := os.Create(consoleLog)
	if err != nil {
		return err
	}
	defer log.Close()
	machine := exec.Command(args[0], args[1:]...)
	machine.Stdout, machine.Stderr = log, log
	// Out of the terminal's reach: Ctrl-C is for gdb.
	machine.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := machine.Start(); err != nil {
		return err
	}
	defer machine.Wait()
	defer machine.Process.Kill()
	fmt.Printf("%s\nThe console goes to %s; follow it with: tail -f %[2]s\n", qemu.Quote(args), consoleLog)
	return gdb(m, port)
}

// gdb runs gdb with the kernel's symbols and helpers on a machine that listens
// on port.
func gdb(m qemu.Config, port int) error {
	name, err := findGDB()
	if err != nil {
		return err
	}
	cmd := exec.Command(name, "-q",
		"-iex", "set tcp connect-timeout 10", // QEMU may not listen yet
		// The script it would miss is that of the Go runtime, whose path
		// -trimpath has cut.
		"-iex", "set auto-load python-scripts off",
		m.Kernel+".elf",
		"-x", "qemu/gdb/onsen.py",
		"-ex", fmt.Sprintf("target remote 127.0.0.1:%d", port))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// findGDB prefers the gdb that knows every architecture.
func findGDB() (string, error) {
	path, err := exec.LookPath("gdb-multiarch")
	if err != nil {
		path, err = exec.LookPath("gdb")
	}
	return path, err
}
