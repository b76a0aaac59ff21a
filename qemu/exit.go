package qemu

import (
	"fmt"
	"os"
	"syscall"
)

// ExitKind is why a machine ended.
type ExitKind int

const (
	// Failed means that QEMU itself gave up: a wrong argument, an image it
	// cannot load, or a crash.
	Failed ExitKind = iota
	// PoweredOff means that the guest switched the machine off.
	PoweredOff
	// ResetByGuest means that the guest asked for a reset, or that a CPU
	// triple-faulted.
	ResetByGuest
	// DebugExited means that the guest wrote to the isa-debug-exit port.
	DebugExited
	// Killed means that Kill or the monitor ended it.
	Killed
)

func (k ExitKind) String() string {
	switch k {
	case Failed:
		return "QEMU failed"
	case PoweredOff:
		return "powered off"
	case ResetByGuest:
		return "reset by the guest"
	case DebugExited:
		return "isa-debug-exit"
	case Killed:
		return "killed"
	}
	return fmt.Sprintf("ExitKind(%d)", int(k))
}

// Exit is how a machine ended.
type Exit struct {
	Kind   ExitKind
	Code   int    // value the guest wrote, for DebugExited; else QEMU's exit status
	Stderr string // what QEMU printed, for Failed
}

func (e Exit) String() string {
	switch e.Kind {
	case DebugExited:
		return fmt.Sprintf("%v with %#x", e.Kind, e.Code)
	case Failed:
		return fmt.Sprintf("%v with status %d: %s", e.Kind, e.Code, e.Stderr)
	}
	return e.Kind.String()
}

// classify derives the Exit from the process state, the reason of QMP's last
// SHUTDOWN event ("" if there was none), and whether isa-debug-exit exists.
func classify(s *os.ProcessState, reason string, debugExit bool, stderr string) Exit {
	e := Exit{Code: s.ExitCode(), Stderr: stderr}
	status, _ := s.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		e.Kind = Killed
	case reason == "guest-shutdown":
		e.Kind = PoweredOff
	case reason == "guest-reset":
		e.Kind = ResetByGuest
	case reason == "host-qmp-quit" || reason == "host-signal":
		e.Kind = Killed
	case debugExit && e.Code > 0 && e.Code&1 == 1 && stderr == "":
		// QEMU, hw/misc/debugexit.c: exit((value << 1) | 1).
		e.Kind, e.Code = DebugExited, e.Code>>1
	default:
		e.Kind = Failed
	}
	return e
}
