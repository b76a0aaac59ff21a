package boottest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// An idle guest uses next to no time of the host, with as many CPUs as it has.
func TestIdle(t *testing.T) {
	const (
		settle = time.Second
		watch  = 3 * time.Second
		limit  = 0.20 // of one host CPU
	)
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := qemutest.Kernel(t, arch)
			m.CPUs = 4
			m.Append = append(m.Append, "onsen.idle=10")
			g := qemutest.Boot(t, m)
			g.Expect(`^idle: .*\b10\b`)
			time.Sleep(settle)
			before, start := hostTime(t, g), time.Now()
			time.Sleep(watch)
			used := (hostTime(t, g) - before).Seconds() / time.Since(start).Seconds()
			t.Logf("idle with %d CPUs: %.1f %% of a host CPU", m.CPUs, used*100)
			if used > limit {
				t.Errorf("the idle guest uses %.0f %% of a host CPU, limit %.0f %%", used*100, limit*100)
			}
			g.Exit(qemu.PoweredOff)
		})
	}
}

// hostTime returns the processor time QEMU has used, in user and kernel mode.
func hostTime(t *testing.T, g *qemutest.Guest) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.PID()))
	if err != nil {
		t.Fatal(err)
	}
	// proc(5): the program name in parentheses may hold spaces; utime and
	// stime, fields 14 and 15, count ticks of 10 ms (USER_HZ).
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks uint64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseUint(string(f), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
