package arm64

import (
	"testing"
	"unsafe"
)

// The frame as C sees it: Linux's arch/arm64/kernel/signal.c and
// include/uapi/asm/{ucontext,sigcontext}.h. The runtime's own definitions in
// runtime/defs_linux_arm64.go say the same.
type (
	cSiginfo struct {
		signo, errno, code int32
		_                  int32
		addr               uint64
		_                  [128 - 24]byte
	}
	cStack struct {
		sp    uint64
		flags int32
		_     int32
		size  uint64
	}
	cFPSIMD struct {
		magic, size uint32
		fpsr, fpcr  uint32
		vregs       [64]uint64
	}
	cMachine struct {
		faultAddress   uint64
		regs           [31]uint64
		sp, pc, pstate uint64
		_              uint64
		fpsimd         cFPSIMD
		end            [2]uint32
		_              [4096 - 528 - 8]byte
	}
	cContext struct {
		flags, link uint64
		stack       cStack
		mask        uint64
		_           [128 - 8]byte
		_           uint64
		machine     cMachine
	}
	cFrame struct {
		info   cSiginfo
		uc     cContext
		fp, lr uint64
	}
)

func TestSignalFrameLayout(t *testing.T) {
	var f cFrame
	var m cMachine
	for _, test := range []struct {
		name      string
		got, want uintptr
	}{
		{"si_addr", infoAddr, unsafe.Offsetof(f.info.addr)},
		{"uc", frameContext, unsafe.Offsetof(f.uc)},
		{"uc_stack", contextStack, unsafe.Offsetof(f.uc.stack)},
		{"uc_sigmask", contextMask, unsafe.Offsetof(f.uc.mask)},
		{"uc_mcontext", contextMachine, unsafe.Offsetof(f.uc.machine)},
		{"regs", machineRegs, unsafe.Offsetof(m.regs)},
		{"reserved", machineReserved, unsafe.Offsetof(m.fpsimd)},
		{"fpsr", fpsimdSR, unsafe.Offsetof(m.fpsimd.fpsr)},
		{"fpcr", fpsimdCR, unsafe.Offsetof(m.fpsimd.fpcr)},
		{"vregs", fpsimdRegs, unsafe.Offsetof(m.fpsimd.vregs)},
		{"fpsimd size", fpsimdSize, unsafe.Sizeof(m.fpsimd)},
		{"context", contextSize, unsafe.Sizeof(f.uc)},
		{"frame record", frameRecord, unsafe.Offsetof(f.fp)},
		{"frame", signalFrameLen, unsafe.Sizeof(f)},
	} {
		if test.got != test.want {
			t.Errorf("%s: %d, want %d", test.name, test.got, test.want)
		}
	}
}

// filled returns a frame in which every register is different.
func filled(vectors uint64) *Frame {
	f := new(Frame)
	n := uint64(0x1000)
	next := func() uint64 { n += 3; return n }
	for i := range f.R {
		f.R[i] = next()
	}
	f.Stack, f.IP, f.PState = next(), next(), next()
	for i := range f.V {
		f.V[i] = next()
	}
	f.FPSR, f.FPCR, f.VValid = next(), next(), vectors
	f.ESR, f.FAR = next(), next()
	return f
}

func TestPushAndPopSignal(t *testing.T) {
	stack := make([]uint64, 4096)
	low := uintptr(unsafe.Pointer(&stack[0]))
	size := uintptr(len(stack)) * 8
	f := filled(1)
	before := *f
	f.PushSignal(0x4000, 0, low, size, 0xabcd, 11, 1, 0x1234_5678_9abc)

	base := f.SP()
	if base%16 != 0 || base < low || base+signalFrameLen > low+size {
		t.Fatalf("frame at %#x, stack %#x to %#x", base, low, low+size)
	}
	c := (*cFrame)(at(base))
	if f.PC() != 0x4000 || f.R[30] != uint64(signalReturn()) || f.R[29] != uint64(uintptr(unsafe.Pointer(&c.fp))) {
		t.Errorf("pc %#x, lr %#x, fp %#x", f.PC(), f.R[30], f.R[29])
	}
	if f.R[0] != 11 || f.R[1] != uint64(base) || f.R[2] != uint64(uintptr(unsafe.Pointer(&c.uc))) {
		t.Errorf("arguments %#x", f.R[:3])
	}
	if c.fp != before.R[29] || c.lr != before.IP {
		t.Errorf("frame record %#x, %#x", c.fp, c.lr)
	}
	if i := c.info; i.signo != 11 || i.errno != 0 || i.code != 1 || i.addr != 0x1234_5678_9abc {
		t.Errorf("siginfo %+v", i)
	}
	if u := &c.uc; u.flags != 0 || u.link != 0 || u.mask != 0xabcd || u.stack != (cStack{sp: uint64(low), size: uint64(size)}) {
		t.Errorf("ucontext: flags %d, link %#x, mask %#x, stack %+v", u.flags, u.link, u.mask, u.stack)
	}
	m := &c.uc.machine
	if m.faultAddress != 0x1234_5678_9abc || m.regs != before.R || m.sp != before.Stack || m.pc != before.IP || m.pstate != before.PState {
		t.Errorf("machine context %+v", m)
	}
	want := cFPSIMD{fpsimdMagic, fpsimdSize, uint32(before.FPSR), uint32(before.FPCR), before.V}
	if m.fpsimd != want || m.end != [2]uint32{} {
		t.Errorf("vector record %+v, end %v", m.fpsimd, m.end)
	}

	// The handler changes what the code goes on with, as preemption does.
	m.pc = 0x5000
	r := &Frame{Stack: uint64(base)}
	if mask := r.PopSignal(); mask != 0xabcd {
		t.Errorf("mask %#x", mask)
	}
	before.IP, before.ESR, before.FAR = 0x5000, 0, 0
	if *r != before {
		t.Errorf("popped\n%+v, want\n%+v", *r, before)
	}
}

// After a system call the vector registers are dead, but the control register
// must come back as it was: 0.
func TestPushSignalAfterCall(t *testing.T) {
	stack := make([]uint64, 2048)
	for i := range stack {
		stack[i] = ^uint64(0)
	}
	f := filled(0)
	f.PushSignal(0x4000, 0x6000, uintptr(unsafe.Pointer(&stack[0])), uintptr(len(stack))*8, 0, 23, -6, 0)
	if f.R[30] != 0x6000 {
		t.Errorf("lr %#x, want the restorer", f.R[30])
	}
	c := (*cFrame)(at(f.SP()))
	if c.info.code != -6 || c.uc.machine.fpsimd.magic != fpsimdMagic {
		t.Errorf("code %d, magic %#x", c.info.code, c.uc.machine.fpsimd.magic)
	}
	r := &Frame{Stack: f.Stack}
	r.PopSignal()
	if r.FPCR != 0 || r.FPSR != 0 || r.VValid != 1 {
		t.Errorf("fpcr %#x, fpsr %#x, valid %d", r.FPCR, r.FPSR, r.VValid)
	}
}

func TestPushSignalOnAlternateStack(t *testing.T) {
	stack := make([]uint64, 4096)
	low := uintptr(unsafe.Pointer(&stack[0]))
	size := uintptr(len(stack)) * 8
	for _, test := range []struct {
		name   string
		sp     uintptr
		nested bool
	}{
		{"elsewhere", 0x1000, false},
		{"just below", low - 8, false},
		{"at the top: empty", low + size, false},
		{"in use", low + size - 4096, true},
	} {
		f := filled(1)
		f.Stack = uint64(test.sp)
		f.PushSignal(0x4000, 0, low, size, 0, 23, 0, 0)
		top := low + size
		if test.nested {
			top = test.sp - belowStack
		}
		if end := f.SP() + signalFrameLen; end > top || top-end >= 16 {
			t.Errorf("%s: frame ends at %#x, want just below %#x", test.name, end, top)
		}
	}
}

func TestFrameForAssembly(t *testing.T) {
	var f Frame
	if n := unsafe.Sizeof(f); n != frameSize || n%16 != 0 {
		t.Errorf("frame of %d bytes", n)
	}
	if unsafe.Offsetof(f.V)%16 != 0 || unsafe.Offsetof(f.PState) != unsafe.Offsetof(f.IP)+8 ||
		unsafe.Offsetof(f.FPCR) != unsafe.Offsetof(f.FPSR)+8 || unsafe.Offsetof(f.FAR) != unsafe.Offsetof(f.ESR)+8 {
		t.Error("registers that are stored in pairs are not side by side")
	}
	f = Frame{}
	f.R[8], f.R[0], f.R[1], f.R[3], f.R[5] = 220, 1, 2, 4, 6
	nr, a0, a1, _, a3, _, a5 := f.SyscallArgs()
	if nr != 220 || a0 != 1 || a1 != 2 || a3 != 4 || a5 != 6 {
		t.Errorf("system call %d(%d, %d, .., %d, .., %d)", nr, a0, a1, a3, a5)
	}
	if stack, tls := f.CloneArgs(); stack != 2 || tls != 4 {
		t.Errorf("clone: stack %d, tls %d", stack, tls)
	}
	if f.OnKernelStack() {
		t.Error("a frame of EL1t is on a kernel stack")
	}
	if f.PState = 0x3c5; !f.OnKernelStack() {
		t.Error("a frame of EL1h is not on a kernel stack")
	}
}
