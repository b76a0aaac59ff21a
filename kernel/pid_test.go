//go:build !metal

package kernel

import (
	"syscall"
	"testing"
)

func newPidMap() *pidMap { return &pidMap{used: [PidMax / 64]uint64{1}} }

func mustPid(t *testing.T, m *pidMap, want int) {
	t.Helper()
	if pid, err := m.alloc(); pid != want || err != nil {
		t.Fatalf("PID %d, %v; want %d", pid, err, want)
	}
}

func TestPidsAreSequential(t *testing.T) {
	m := newPidMap()
	for want := 1; want <= 200; want++ {
		mustPid(t, m, want)
	}
	m.release(7)
	m.release(200)
	mustPid(t, m, 201) // not reused at once
}

func TestPidsWrap(t *testing.T) {
	m := newPidMap()
	m.last = PidMax - 3
	mustPid(t, m, PidMax-2)
	mustPid(t, m, PidMax-1)
	mustPid(t, m, reservedPids) // not those below
	mustPid(t, m, reservedPids+1)
}

func TestPidsRunOut(t *testing.T) {
	m := newPidMap()
	for want := 1; want < PidMax; want++ {
		mustPid(t, m, want)
	}
	if pid, err := m.alloc(); err != syscall.EAGAIN {
		t.Fatalf("PID %d, %v; want EAGAIN", pid, err)
	}
	m.release(20000)
	mustPid(t, m, 20000)
	m.release(5) // reserved, and we have wrapped
	if pid, err := m.alloc(); err != syscall.EAGAIN {
		t.Fatalf("PID %d, %v; want EAGAIN", pid, err)
	}
	m.release(300)
	m.release(32767)
	mustPid(t, m, 32767)
	mustPid(t, m, 300)
}

func TestFindTaskByPid(t *testing.T) {
	inTask(t, func() {
		cur := Current()
		if FindTaskByPid(cur.Pid) != cur {
			t.Error("does not find the caller")
		}
		for _, pid := range []int{0, -1, cur.Pid + pidSlots, PidMax, 1 << 40} {
			if p := FindTaskByPid(pid); p != nil {
				t.Errorf("PID %d is %s", pid, p.Name())
			}
		}
	})
}
