package arm64

import "testing"

func TestSanitize(t *testing.T) {
	for _, test := range []struct {
		name         string
		pstate, want uint64
		ok           bool
	}{
		{"nothing", 0, 0, true},
		{"flags", pstateNZCV, pstateNZCV, true},
		{"DIT, SSBS, BTYPE and TCO", 1<<24 | 1<<12 | 3<<10 | 1<<25, 1<<24 | 1<<12 | 3<<10 | 1<<25, true},
		{"reserved bits", 1<<40 | 3<<26 | 3<<22 | 1<<20 | 1<<5 | 1<<31, 1 << 31, true},
		{"EL1t", 0x4 | 1<<30, 1 << 30, false},
		{"EL1h", 0x5, 0, false},
		{"EL2h", 0x9, 0, false},
		{"32 bits", 0x10, 0, false},
		{"SP_EL1", 0x1, 0, false},
		{"interrupts masked", 1 << 7, 0, false},
		{"debug masked", 1<<9 | 1<<29, 1 << 29, false},
		{"system errors masked", 1 << 8, 0, false},
	} {
		r := PtRegs{PState: test.pstate}
		if ok := r.sanitize(); ok != test.ok || r.PState != test.want {
			t.Errorf("%s: %#x %v, want %#x %v", test.name, r.PState, ok, test.want, test.ok)
		}
	}
}

func TestRewindSyscall(t *testing.T) {
	var r PtRegs
	r.StartThread(0x1000, 0x2000)
	r.R[0], r.R[1], r.R[5], r.R[8] = 7, 8, 9, 0xffff_ffff_0000_003f
	var a [6]uintptr
	r.SyscallArgs(&a)
	if r.SyscallWord() != -1<<32|63 || a != [6]uintptr{7, 8, 0, 0, 0, 9} {
		t.Errorf("call %#x%v", r.SyscallWord(), a)
	}
	r.SetPC(r.PC() + svcSize)
	r.SetReturnValue(^uintptr(3))
	if r.ReturnValue() != ^uintptr(3) {
		t.Errorf("result %#x", r.ReturnValue())
	}
	r.RewindSyscall(128, 7)
	if r.PC() != 0x1000 || r.SP() != 0x2000 || r.R[0] != 7 || r.SyscallWord() != 128 {
		t.Errorf("after rewinding: %+v", r)
	}
}

func TestSyscallNames(t *testing.T) {
	names := SyscallNames()
	for nr, want := range map[int]string{
		0: "io_setup", 38: "renameat", 56: "openat", 63: "read", 79: "newfstatat", 93: "exit", 139: "rt_sigreturn",
		163: "getrlimit", 172: "getpid", 220: "clone", 221: "execve", 222: "mmap", 244: "", 260: "wait4", 291: "statx",
		295: "", 424: "pidfd_send_signal", 435: "clone3", 447: "memfd_secret", 450: "set_mempolicy_home_node",
	} {
		if names[nr] != want {
			t.Errorf("%d is %q, want %q", nr, names[nr], want)
		}
	}
	seen := make(map[string]int)
	for nr, name := range names {
		if other, ok := seen[name]; ok && name != "" {
			t.Errorf("%s is %d and %d", name, other, nr)
		}
		seen[name] = nr
	}
	if len(names) != 451 {
		t.Errorf("%d names", len(names))
	}
}

func TestCloneArgs(t *testing.T) {
	flags, stack, ptid, ctid, tls := CloneArgs(&[6]uintptr{1, 2, 3, 4, 5, 6})
	if flags != 1 || stack != 2 || ptid != 3 || tls != 4 || ctid != 5 {
		t.Errorf("flags %d stack %d ptid %d ctid %d tls %d", flags, stack, ptid, ctid, tls)
	}
}
