package kernel

import (
	"syscall"
	"testing"
	"unsafe"

	"onsen/kernel/cred"
)

// call does a system call of the calling task.
func call(f SyscallFunc, args ...uintptr) (uintptr, error) {
	var a SyscallArgs
	copy(a[:], args)
	return f(Current(), &a)
}

func TestUname(t *testing.T) {
	inTask(t, func() {
		u := new(newUtsname)
		if _, err := call(sysUname, userPointer(u)); err != nil {
			t.Error(err)
		}
		if unsafe.Sizeof(*u) != 390 || cString(u.Sysname[:]) != "Linux" || cString(u.Release[:]) != utsRelease {
			t.Errorf("%d bytes, %q %q", unsafe.Sizeof(*u), u.Sysname, u.Release)
		}
		name := []byte("spa\x00xx")
		if _, err := call(sysSethostname, userPointer(&name[0]), 6); err != nil || Hostname() != "spa" {
			t.Errorf("%v, %q", err, Hostname())
		}
		if _, err := call(sysSethostname, userPointer(&name[0]), utsLen+1); err != syscall.EINVAL {
			t.Error(err)
		}
	})
}

func TestStructSizes(t *testing.T) {
	if n := unsafe.Sizeof(sysinfo{}); n != 112 {
		t.Errorf("struct sysinfo has %d bytes", n)
	}
	if n := unsafe.Sizeof(Rusage{}); n != 144 {
		t.Errorf("struct rusage has %d bytes", n)
	}
}

func TestGetrandom(t *testing.T) {
	inTask(t, func() {
		buf := make([]byte, 1000)
		n, err := call(sysGetrandom, userPointer(&buf[0]), 1000, 0)
		if n != 1000 || err != nil || [8]byte(buf[992:]) == [8]byte{} {
			t.Errorf("%d, %v", n, err)
		}
		for _, flags := range []uintptr{8, grndRandom | grndInsecure} {
			if _, err := call(sysGetrandom, userPointer(&buf[0]), 1, flags); err != syscall.EINVAL {
				t.Errorf("flags %d: %v", flags, err)
			}
		}
	})
}

func TestReboot(t *testing.T) {
	inTask(t, func() {
		done := ""
		Machine.PowerOff = func() { done = "off" }
		Machine.Restart = func(c string) { done = "restart " + c }
		defer func() { Machine.PowerOff, Machine.Restart = nil, nil }()
		if _, err := call(sysReboot, rebootMagic1, rebootMagic2B, rebootPowerOff); err != nil || done != "off" {
			t.Errorf("%v, %q", err, done)
		}
		command := []byte("fast\x00")
		if _, err := call(sysReboot, rebootMagic1, rebootMagic2, rebootRestart2, userPointer(&command[0])); err != nil || done != "restart fast" {
			t.Errorf("%v, %q", err, done)
		}
		for _, a := range [][]uintptr{{0, rebootMagic2, rebootPowerOff}, {rebootMagic1, 0, rebootPowerOff}, {rebootMagic1, rebootMagic2, 1}} {
			if _, err := call(sysReboot, a...); err != syscall.EINVAL {
				t.Errorf("%x: %v", a, err)
			}
		}
		me := Current()
		me.cred.Store(&cred.Cred{UID: 1})
		if _, err := call(sysReboot); err != syscall.EPERM {
			t.Error(err)
		}
	})
}

func TestPrctl(t *testing.T) {
	inTask(t, func() {
		var word int32
		name := []byte("a name that is too long\x00")
		got := new([taskCommLen]byte)
		tests := []struct {
			args []uintptr
			want uintptr
			err  error
		}{
			{[]uintptr{PR_SET_PDEATHSIG, 65}, 0, syscall.EINVAL},
			{[]uintptr{PR_SET_PDEATHSIG, 9}, 0, nil},
			{[]uintptr{PR_GET_PDEATHSIG, userPointer(&word)}, 0, nil},
			{[]uintptr{PR_SET_NAME, userPointer(&name[0])}, 0, nil},
			{[]uintptr{PR_GET_NAME, userPointer(got)}, 0, nil},
			{[]uintptr{PR_SET_NO_NEW_PRIVS, 1, 1}, 0, syscall.EINVAL},
			{[]uintptr{PR_SET_NO_NEW_PRIVS, 1}, 0, nil},
			{[]uintptr{PR_GET_NO_NEW_PRIVS}, 1, nil},
			{[]uintptr{PR_GET_TIMERSLACK}, initTimerSlack, nil},
			{[]uintptr{PR_SET_TIMERSLACK, 7}, 0, nil},
			{[]uintptr{PR_GET_TIMERSLACK}, 7, nil},
			{[]uintptr{PR_SET_TIMERSLACK, 0}, 0, nil},
			{[]uintptr{PR_GET_TIMERSLACK}, initTimerSlack, nil},
			{[]uintptr{PR_SET_KEEPCAPS, 2}, 0, syscall.EINVAL},
			{[]uintptr{PR_SET_KEEPCAPS, 1}, 0, nil},
			{[]uintptr{PR_GET_KEEPCAPS}, 1, nil},
			{[]uintptr{PR_CAPBSET_READ, cred.CAP_LAST_CAP + 1}, 0, syscall.EINVAL},
			{[]uintptr{PR_CAPBSET_DROP, cred.CAP_MKNOD}, 0, nil},
			{[]uintptr{PR_CAPBSET_READ, cred.CAP_MKNOD}, 0, nil},
			{[]uintptr{PR_CAPBSET_READ, cred.CAP_CHOWN}, 1, nil},
			{[]uintptr{PR_CAP_AMBIENT, prCapAmbientRaise, cred.CAP_CHOWN}, 0, syscall.EPERM},
			{[]uintptr{PR_CAP_AMBIENT, prCapAmbientIsSet, cred.CAP_CHOWN}, 0, nil},
			{[]uintptr{PR_CAP_AMBIENT, prCapAmbientClearAll, 1}, 0, syscall.EINVAL},
			{[]uintptr{PR_CAP_AMBIENT, 9, 1}, 0, syscall.EINVAL},
			{[]uintptr{0x53564d41}, 0, syscall.EINVAL}, // PR_SET_VMA
			{[]uintptr{^uintptr(0)}, 0, syscall.EINVAL},
		}
		for _, tt := range tests {
			if v, err := call(sysPrctl, tt.args...); v != tt.want || err != tt.err {
				t.Errorf("%d: %d, %v; want %d, %v", tt.args, v, err, tt.want, tt.err)
			}
		}
		if word != 9 || cString(got[:]) != "a name that is " {
			t.Errorf("%d, %q", word, got)
		}
	})
}
