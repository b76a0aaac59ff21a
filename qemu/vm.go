package qemu

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// VM is a running machine whose serial port is piped to a Console.
type VM struct {
	Config  Config
	Args    []string // command line it was started with
	Console *Console
	Monitor *Monitor

	process *os.Process
	done    chan struct{} // closed when QEMU is gone and its output complete
	exit    Exit          // valid once done is closed
}

// Start starts a machine. Every byte of the serial port also goes to log,
// which may be nil. The caller must Kill the machine or see it end with Wait.
func Start(c Config, log io.Writer) (*VM, error) {
	args, err := c.Args(Piped)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	stderr := new(bytes.Buffer)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	console := NewConsole(stdin)
	cmd.Stdout = &serialOut{console, log}
	monitor, err := newMonitor(ours, c.Freeze)
	if err != nil {
		return nil, err
	}

	vm := &VM{
		Config: c, Args: args, Console: console, Monitor: monitor,
		done: make(chan struct{}),
	}
	started := make(chan error)
	go vm.own(cmd, stderr, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return vm, nil
}

// own starts QEMU and sees it end. It stays on one thread, because Linux sends
// the parent-death signal when the thread that started the child ends.
func (vm *VM) own(cmd *exec.Cmd, stderr *bytes.Buffer, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		vm.Monitor.conn.Close()
		started <- err
		return
	}
	vm.process = cmd.Process
	qmpDone := make(chan struct{})
	go func() { vm.Monitor.read(); close(qmpDone) }()
	started <- nil

	cmd.Wait() // its error says no more than ProcessState
	<-qmpDone
	vm.Monitor.conn.Close()
	vm.exit = classify(cmd.ProcessState, vm.Monitor.shutdownReason(), vm.Config.DebugExit,
		strings.TrimSpace(stderr.String()))
	vm.Console.End()
	close(vm.done)
}

// Wait returns how the machine ended, or ctx's error if it has not.
func (vm *VM) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-vm.done:
		return vm.exit, nil
	case <-ctx.Done():
		return Exit{}, fmt.Errorf("the machine still runs: %w", ctx.Err())
	}
}

// Kill ends the machine if it still runs, and waits until it is gone.
func (vm *VM) Kill() Exit {
	vm.process.Kill()
	<-vm.done
	return vm.exit
}

// PID is the process ID of QEMU.
func (vm *VM) PID() int { return vm.process.Pid }

// serialOut hands the guest's output to the console and a log.
type serialOut struct {
	console *Console
	log     io.Writer
}

func (s *serialOut) Write(p []byte) (int, error) {
	s.console.Receive(p)
	if s.log != nil {
		s.log.Write(p) // a full disk must not stop the guest
	}
	return len(p), nil
}

// socketpair returns two connected ends, one for us and one for a child.
func socketpair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "qmp of qemu")
	f := os.NewFile(uintptr(fds[0]), "qmp")
	defer f.Close() // FileConn duplicates
	if ours, err = net.FileConn(f); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}
