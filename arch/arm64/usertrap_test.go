package arm64

import (
	"syscall"
	"testing"

	"onsen/arch/spec"
)

func TestDecode(t *testing.T) {
	const (
		pc   = 0x40_0000
		sp   = 0x7fff_0008
		far  = 0x1234_5000
		high = 0xffff_8000_0000_1000
		il   = 1 << 25
	)
	fault := func(a spec.Access) spec.Trap { return spec.Trap{Addr: far, Access: a} }
	sig := func(s syscall.Signal, code int32, addr uintptr) spec.Trap {
		return spec.Trap{Signo: int32(s), Code: code, Addr: addr}
	}
	for _, test := range []struct {
		name string
		ec   uint64
		iss  uint64
		far  uint64
		want spec.Trap
	}{
		{"load, no page", ecDataLower, 0x07, far, fault(spec.AccessRead)},
		{"store, no table", ecDataLower, 0x44, far, fault(spec.AccessWrite)},
		{"store, read-only", ecDataLower, 0x4f, far, fault(spec.AccessWrite)},
		{"load, tagged pointer", ecDataLower, 0x07, 0xab<<56 | far, spec.Trap{Addr: far, Tag: 0xab << 56, Access: spec.AccessRead}},
		{"unaligned atomic, tagged pointer", ecDataLower, 0x21, 0xab<<56 | far,
			spec.Trap{Signo: int32(syscall.SIGBUS), Code: 1, Addr: far, Tag: 0xab << 56}},
		{"external abort, tagged pointer", ecDataLower, 0x10, 0xab<<56 | far, sig(syscall.SIGBUS, 3, far)},
		{"load, access flag", ecDataLower, 0x0b, far, fault(spec.AccessRead)},
		{"cache maintenance", ecDataLower, 0x147, far, fault(spec.AccessRead)},
		{"fetch", ecInstrLower, 0x0f, far, fault(spec.AccessExec)},
		{"load from the kernel", ecDataLower, 0x0f, high, spec.Trap{Addr: high, Access: spec.AccessRead}},
		{"unaligned atomic", ecDataLower, 0x21, far, sig(syscall.SIGBUS, 1, far)},
		{"external abort", ecDataLower, 0x10, far, sig(syscall.SIGBUS, 3, far)},
		{"exclusive access to a device", ecDataLower, 0x35, far, sig(syscall.SIGBUS, 3, far)},
		{"address size", ecDataLower, 0x00, far, sig(syscall.SIGKILL, 128, far)},
		{"TLB conflict", ecDataLower, 0x30, far, sig(syscall.SIGKILL, 128, far)},
		{"PC alignment", ecPCAlignment, 0, pc + 2, sig(syscall.SIGBUS, 1, pc+2)},
		{"SP alignment", ecSPAlignment, 0, far, sig(syscall.SIGBUS, 1, sp)},
		{"undefined", ecUnknown, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"system register", ecSysReg, 0x30_0001, 0, sig(syscall.SIGILL, 1, pc)},
		{"SVE", 0x19, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"SME", 0x1d, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"branch target", ecBranchTarget, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"pointer authentication", ecPointerAuth, 0, 0, sig(syscall.SIGILL, 2, pc)},
		{"illegal state", ecIllegalState, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"32-bit system call", 0x11, 0, 0, sig(syscall.SIGILL, 1, pc)},
		{"BRK", ecBreakpoint, 0x3e8, 0, sig(syscall.SIGTRAP, 1, pc)},
		{"step", ecStep, 0, 0, sig(syscall.SIGTRAP, 2, pc)},
		{"hardware breakpoint", ecHardBreak, 0, 0, sig(syscall.SIGTRAP, 4, pc)},
		{"watchpoint", ecWatch, 0, far, sig(syscall.SIGTRAP, 4, far)},
		{"division by zero", ecFPException, issFPValid | 2, 0, sig(syscall.SIGFPE, 3, pc)},
		{"invalid operation", ecFPException, issFPValid | 1, 0, sig(syscall.SIGFPE, 7, pc)},
		{"inexact", ecFPException, issFPValid | 16, 0, sig(syscall.SIGFPE, 6, pc)},
		{"unknown exception", ecFPException, 2, 0, sig(syscall.SIGFPE, 14, pc)},
	} {
		c := UserContext{regs: PtRegs{IP: pc, Stack: sp, ESR: test.ec<<ecShift | il | test.iss, FAR: test.far}}
		entry := c.decode()
		want := test.want
		want.Number, want.Error = test.ec, c.regs.ESR
		if test.far == high {
			want.Error = test.ec<<ecShift | il | fscTranslation // tells nothing of the kernel
		}
		if *c.Trap() != want {
			t.Errorf("%s: %+v, want %+v", test.name, *c.Trap(), want)
		}
		if isFault := want.Signo == 0; isFault != (entry == spec.EntryPageFault) || !isFault && entry != spec.EntryException {
			t.Errorf("%s: entry %v", test.name, entry)
		}
	}
}
