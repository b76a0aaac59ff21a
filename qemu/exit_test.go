package qemu

import (
	"os"
	"os/exec"
	"testing"
)

// ended runs a shell command and returns how it ended.
func ended(t *testing.T, command string) *os.ProcessState {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Run()
	if cmd.ProcessState == nil {
		t.Skip("no shell")
	}
	return cmd.ProcessState
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name, command, reason string
		debugExit             bool
		stderr                string
		want                  ExitKind
		code                  int
	}{
		{"power off", "exit 0", "guest-shutdown", false, "", PoweredOff, 0},
		{"power off with a warning", "exit 0", "guest-shutdown", false, "warning", PoweredOff, 0},
		{"reset", "exit 0", "guest-reset", false, "", ResetByGuest, 0},
		{"debug exit", "exit 85", "", true, "", DebugExited, 42},
		{"debug exit with zero", "exit 1", "", true, "", DebugExited, 0},
		{"bad argument", "exit 1", "", true, "qemu: no such device", Failed, 1},
		{"no debug device", "exit 85", "", false, "", Failed, 85},
		{"quiet end", "exit 0", "", true, "", Failed, 0},
		{"killed", "kill -KILL $$", "", false, "", Killed, -1},
		{"crashed", "kill -SEGV $$", "", true, "", Failed, -1},
		{"monitor", "exit 0", "host-qmp-quit", false, "", Killed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := classify(ended(t, tt.command), tt.reason, tt.debugExit, tt.stderr)
			if got.Kind != tt.want || got.Code != tt.code {
				t.Errorf("%v (code %d), want %v (code %d)", got.Kind, got.Code, tt.want, tt.code)
			}
		})
	}
}
