package kernel

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"onsen/kernel/sched"
	"onsen/kernel/vm"
)

func TestEscapeOctal(t *testing.T) {
	tests := []struct{ in, what, want string }{
		{"plain", " \t\n\\", "plain"},
		{"a b\tc\\d\n", " \t\n\\", `a\040b\011c\134d\012`},
		{"a b", "\n", "a b"},
	}
	for _, tt := range tests {
		if got := escapeOctal(tt.in, tt.what); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCPUList(t *testing.T) {
	tests := []struct {
		m    sched.CPUMask
		want string
	}{
		{0, ""}, {1, "0"}, {0b1111, "0-3"}, {0b101101, "0,2-3,5"}, {1 << 63, "63"}, {^sched.CPUMask(0), "0-63"},
	}
	for _, tt := range tests {
		if got := cpuList(tt.m); got != tt.want {
			t.Errorf("%b: %q, want %q", tt.m, got, tt.want)
		}
	}
}

func TestAreaRights(t *testing.T) {
	tests := []struct {
		f    vm.Flags
		want string
	}{
		{0, "---p"}, {vm.VM_READ | vm.VM_EXEC, "r-xp"}, {vm.VM_READ | vm.VM_WRITE | vm.VM_MAYSHARE, "rw-s"},
	}
	for _, tt := range tests {
		if got := areaRights(tt.f); got != tt.want {
			t.Errorf("%x: %s, want %s", tt.f, got, tt.want)
		}
	}
}

func TestProcNumber(t *testing.T) {
	for _, name := range []string{"", "x", "-1", "01", "+1", "1x", "99999999999999999999"} {
		if n, err := procNumber(name); err != syscall.ENOENT {
			t.Errorf("%q: %d, %v", name, n, err)
		}
	}
	if n, err := procNumber("123"); n != 123 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// The state of proc_pid_stat(5): programs find the fields by their number.
func TestProcStat(t *testing.T) {
	inTask(t, func() {
		var w bytes.Buffer
		me := Current()
		me.SetName("a (b) c")
		if err := showStat(procKey{pid: FindPid(me.Pid), whole: true}, &w); err != nil {
			t.Error(err)
			return
		}
		line := w.String()
		rest, ok := strings.CutPrefix(line, fmt.Sprintf("%d (a (b) c) R ", me.Pid))
		if fields := strings.Fields(rest); !ok || len(fields) != 49 || !strings.HasSuffix(line, "\n") {
			t.Errorf("%d fields: %q", len(fields), line)
		}
	})
}

func TestProcStatus(t *testing.T) {
	inTask(t, func() {
		var w bytes.Buffer
		if err := showStatus(Current(), &w); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"Name:\t", "\nState:\tR (running)\n", "\nPPid:\t1\n", "\nUid:\t0\t0\t0\t0\n",
			"\nThreads:\t1\n", "\nSigBlk:\t0000000000000000\n", "\nCapEff:\t000001ffffffffff\n"} {
			if !strings.Contains(w.String(), want) {
				t.Errorf("no %q in\n%s", want, w.String())
			}
		}
	})
}

func TestLimitsTable(t *testing.T) {
	inTask(t, func() {
		var w bytes.Buffer
		_ = showLimits(Current(), &w)
		lines := strings.Split(w.String(), "\n")
		const want = "Max stack size            8388608              unlimited            bytes     "
		if len(lines) != rlimNlimits+2 || lines[1+RLIMIT_STACK] != want {
			t.Errorf("%q", lines)
		}
	})
}

func TestDecayLoad(t *testing.T) {
	load := uint64(0)
	for range 12 * 10 { // ten minutes with one task
		load = decayLoad(load, loadDecay[0], loadOne)
	}
	if load < loadOne-1 || load > loadOne {
		t.Errorf("%d, want about %d", load, loadOne)
	}
	for range 12 * 15 {
		load = decayLoad(load, loadDecay[0], 0)
	}
	if load != 0 {
		t.Errorf("%d left", load)
	}
}
