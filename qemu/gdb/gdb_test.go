// Package gdb holds the helpers for debugging the kernel with gdb, which are
// written in Python, and here their test.
package gdb

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// The helpers find CPUs, tasks, stacks and the log of a booted, idle kernel.
func TestHelpers(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			qemutest.NeedCommand(t, "gdb-multiarch")
			socket := filepath.Join(t.TempDir(), "gdb")
			m.CPUs = 2
			m.GDB = fmt.Sprintf("unix:%s,server=on,wait=off", socket)
			m.Append = append(m.Append, "onsen.idle=300")
			g := qemutest.Boot(t, m)
			g.Expect(`^idle: `)
			time.Sleep(200 * time.Millisecond) // until PID 1 really sleeps

			out := gdb(t, m.Kernel+".elf", socket,
				"onsen-cpus", "onsen-tasks", "onsen-bt 1", "onsen-bt 2", "onsen-bt 4711", "onsen-dmesg")
			for _, want := range []string{
				`(?m)^ *CPU +PID +RUNNABLE`,
				`(?m)^ *1 +0 +0 +\d+  swapper/1, .* at .*\.(go|s):\d+$`,
				`(?m)^ *0 +0 +R\* +1  swapper/1$`,
				`(?m)^ *1 +0 +[SD]  +\d  \S+$`,
				`(?m)^ *2 +0 +[SD]  +\d  kthreadd$`,
				`task 1, \S+, state [SD]\n(#.*\n| .*\n)+#.*onsen/kernel\.kernelInit at .*kernel/init\.go:\d+\n`,
				`task 2, kthreadd, state [SD]\n#0 .*runtime\.TaskSwitch at .*\n(#.*\n| .*\n)*.*onsen/kernel\.kthreaddMain\b.*\n`,
				`there is no task 4711`,
				`(?m)^\[ +\d+\.\d{6}\] Onsen .* on ` + string(arch) + `$`,
			} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("nothing matches %q", want)
				}
			}
			if t.Failed() {
				t.Logf("gdb prints:\n%s", out)
			}
		})
	}
}

// gdb runs commands on the machine that listens on socket.
func gdb(t *testing.T, elf, socket string, commands ...string) string {
	t.Helper()
	args := []string{"-batch", "-nx", "-iex", "set auto-load python-scripts off", elf,
		"-x", "onsen.py", "-ex", "target remote " + socket}
	for _, c := range commands {
		args = append(args, "-ex", c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "gdb-multiarch", args...).CombinedOutput()
	if err != nil {
		// An unknown PID is an error on purpose; -batch reports the last one.
		t.Logf("gdb: %v", err)
	}
	return string(out)
}
