package sigframe

import (
	"testing"
	"unsafe"

	"onsen/arch/spec"
)

// sample returns a frame in which every field differs from every other.
func sample() *Frame {
	f := &Frame{Restorer: 0x11}
	f.Trapno, f.Err, f.CR2, f.FPState = 14, 6, 0xdead000, 0x7fff_0000
	for i := range f.Regs {
		f.Regs[i] = 0x1000 + uint64(i)
	}
	f.Regs[Flags] = 0x246
	f.Siginfo[47] = 9
	f.SetSegments(userCode, userData)
	f.Complete(true, 0x8000_0000_0000_0001, spec.AltStack{SP: 0x1000, Flags: -1 << 31, Size: 0x2000})
	return f
}

// TestLayout compares with offsets that Go's runtime and the C libraries have
// compiled in (runtime/defs_linux_amd64.go, sys/ucontext.h).
func TestLayout(t *testing.T) {
	b := sample().Bytes()
	for _, test := range []struct {
		name string
		at   int
		want uint64
	}{
		{"pretcode", 0, 0x11},
		{"uc_flags", 8, 7},
		{"uc_link", 16, 0},
		{"ss_sp", 24, 0x1000},
		{"ss_flags", 32, 0x8000_0000},
		{"ss_size", 40, 0x2000},
		{"REG_R8", 48, 0x1000},
		{"REG_RDI", 48 + 8*8, 0x1000 + DI},
		{"REG_RSP", 48 + 15*8, 0x1000 + SP},
		{"REG_RIP", 48 + 16*8, 0x1000 + IP},
		{"REG_EFL", 48 + 17*8, 0x246},
		{"REG_CSGSFS", 48 + 18*8, 0x002b_0000_0000_0033},
		{"REG_ERR", 48 + 19*8, 6},
		{"REG_TRAPNO", 48 + 20*8, 14},
		{"REG_OLDMASK", 48 + 21*8, 0x8000_0000_0000_0001},
		{"REG_CR2", 48 + 22*8, 0xdead000},
		{"fpregs", 48 + 23*8, 0x7fff_0000},
		{"uc_sigmask", 304, 0x8000_0000_0000_0001},
		{"end of siginfo", 352, 9 << 56},
	} {
		if got := le.Uint64(b[test.at:]); got != test.want {
			t.Errorf("%s is %#x, not %#x", test.name, got, test.want)
		}
	}
}

// What a program has left in a frame does not show in the next one.
func TestComplete(t *testing.T) {
	var f Frame
	for i := range ToRead {
		f.Bytes()[i] = 0xff
	}
	s := sample()
	f.Restorer, f.Regs, f.Siginfo = s.Restorer, s.Regs, s.Siginfo
	f.Trapno, f.Err, f.CR2, f.FPState = s.Trapno, s.Err, s.CR2, s.FPState
	f.SetSegments(userCode, userData)
	f.Complete(true, s.Mask(), s.AltStack())
	if f != *s {
		t.Errorf("%+v, want %+v", f, *s)
	}
}

func TestCheck(t *testing.T) {
	f := sample()
	f.Regs[Flags] = ^uint64(0)
	if f.Check(); f.Regs[Flags] != FixFlags {
		t.Errorf("flags %#x", f.Regs[Flags])
	}
	want := spec.AltStack{SP: 0x1000, Flags: -1 << 31, Size: 0x2000}
	if f.Mask() != 0x8000_0000_0000_0001 || f.AltStack() != want {
		t.Errorf("mask %#x, stack %+v", f.Mask(), f.AltStack())
	}
}

func TestSegments(t *testing.T) {
	for _, test := range []struct {
		name   string
		cs, ss uint16
		flags  uint64

		wantCS, wantSS uint16
	}{
		{"user", 0x33, 0x2b, 6, 0x33, 0x2b},
		{"privilege level is put right", 0x30, 0x28, 6, 0x33, 0x2b},
		{"kernel code", 0x08, 0x2b, 6, 0x0b, 0x2b},
		{"32-bit code", 0x23, 0x2b, 2, 0x23, 0x2b},
		{"32-bit code, null stack", 0x23, 0, 2, 0x23, 3},
		{"null code", 0, 0x2b, 6, 3, 0x2b},
		{"null stack", 0x33, 0, 6, 0x33, 3},
		{"kernel stack", 0x33, 0x10, 6, 0x33, 0x13},
		{"stack does not count", 0x33, 0, 2, 0x33, 0x2b},
	} {
		f := sample()
		f.flags, f.cs, f.ss = test.flags, test.cs, test.ss
		if cs, ss := f.Segments(); cs != test.wantCS || ss != test.wantSS {
			t.Errorf("%s: %#x, %#x", test.name, cs, ss)
		}
	}
}

// Machines to try: without XSAVE, with AVX, with AVX-512.
var formats = []XFormat{
	{0, FXSize, 0xffbf},
	{X87 | SSE | AVX, 832, 0xffff},
	{X87 | SSE | AVX | 7<<5, 2688, 0xffff},
}

func TestSoftware(t *testing.T) {
	for _, x := range formats {
		s := x.Software()
		b := (*[48]byte)(unsafe.Pointer(&s))
		if unsafe.Sizeof(s) != uintptr(len(b)) || OffSoftware != 464 {
			t.Fatalf("%d bytes at %d", unsafe.Sizeof(s), OffSoftware)
		}
		for _, test := range []struct {
			name string
			at   int
			want uint32
		}{
			{"magic1", 0, 0x46505853},
			{"extended_size", 4, uint32(x.Size) + 4},
			{"xfeatures", 8, uint32(x.Features)},
			{"xstate_size", 16, uint32(x.Size)},
		} {
			if got := le.Uint32(b[test.at:]); got != test.want {
				t.Errorf("%s is %#x, not %#x", test.name, got, test.want)
			}
		}
		end := x.Size
		if x.Features == 0 {
			end = 0 // as of FXSAVE
		}
		if components, n := x.Claims(&s); components != x.Features || n != end {
			t.Errorf("components %#x, %d bytes", components, n)
		}
	}
}

func TestClaims(t *testing.T) {
	x := formats[2]
	for _, test := range []struct {
		name       string
		change     func(s *Software)
		components uint64
		end        int
	}{
		{"AVX only", func(s *Software) { s.features = 7 }, 7, x.Size},
		{"nothing", func(s *Software) { s.features = 0 }, 0, x.Size},
		{"unknown components", func(s *Software) { s.features |= 1 << 9 }, x.Features, x.Size},
		{"shorter", func(s *Software) { s.size = 832 }, x.Features, 832},
		{"shorter than its header", func(s *Software) { s.size = 575 }, 0, 0},
		{"longer", func(s *Software) { s.size, s.extendedSize = s.size+64, s.extendedSize+64 }, 0, 0},
		{"no room", func(s *Software) { s.extendedSize = s.size - 1 }, 0, 0},
		{"no magic", func(s *Software) { s.magic1++ }, 0, 0},
	} {
		s := x.Software()
		test.change(&s)
		if components, end := x.Claims(&s); components != test.components || end != test.end {
			t.Errorf("%s: components %#x, %d bytes", test.name, components, end)
		}
	}
}

// The frame of 32-bit code does not insist on its stack segment.
func TestSegmentFlag(t *testing.T) {
	f := sample()
	f.SetSegments(0x23, 0x2b)
	if f.Complete(true, 0, spec.AltStack{}); f.flags != flagXState|flagHasSS {
		t.Errorf("flags %#x", f.flags)
	}
}
