package sigframe

import (
	"bytes"
	"testing"

	"onsen/arch/spec"
)

// sample returns a frame in which every field differs from every other.
func sample() Frame {
	f := Frame{
		Restorer: 0x11, Trapno: 14, Err: 6, CR2: 0xdead000, Mask: 0x8000_0000_0000_0001,
		AltStack: spec.AltStack{SP: 0x1000, Flags: -1 << 31, Size: 0x2000},
		FPState:  0x7fff_0000, XState: true,
	}
	for i := range f.Regs {
		f.Regs[i] = 0x1000 + uint64(i)
	}
	f.Regs[Flags] = 0x246
	return f
}

// TestLayout compares with offsets that Go's runtime and the C libraries have
// compiled in (runtime/defs_linux_amd64.go, sys/ucontext.h).
func TestLayout(t *testing.T) {
	f := sample()
	var b [Size]byte
	f.Put(&b)
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
	} {
		if got := le.Uint64(b[test.at:]); got != test.want {
			t.Errorf("%s is %#x, not %#x", test.name, got, test.want)
		}
	}
}

func TestPutGet(t *testing.T) {
	f := sample()
	var b [Size]byte
	f.Put(&b)
	var got Frame
	if err := got.Get((*[ToRead]byte)(b[:])); err != nil {
		t.Fatal(err)
	}
	want := f
	want.Regs[Flags] &= FixFlags
	if got.Regs != want.Regs || got.Mask != want.Mask || got.AltStack != want.AltStack || got.FPState != want.FPState {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestGetSegments(t *testing.T) {
	for _, test := range []struct {
		name   string
		cs, ss uint16
		flags  uint64
		ok     bool
	}{
		{"user", 0x33, 0x2b, 6, true},
		{"privilege level is put right", 0x30, 0x28, 6, true},
		{"kernel code", 0x08, 0x2b, 6, false},
		{"32-bit code", 0x23, 0x2b, 6, false},
		{"null code", 0, 0x2b, 6, false},
		{"null stack", 0x33, 0, 6, false},
		{"kernel stack", 0x33, 0x10, 6, false},
		{"stack does not count", 0x33, 0, 2, true},
	} {
		f := sample()
		var b [Size]byte
		f.Put(&b)
		le.PutUint64(b[offFlags:], test.flags)
		le.PutUint16(b[offCS:], test.cs)
		le.PutUint16(b[offSS:], test.ss)
		if err := f.Get((*[ToRead]byte)(b[:])); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func FuzzFrame(f *testing.F) {
	s := sample()
	var b [Size]byte
	s.Put(&b)
	f.Add(b[:])
	f.Fuzz(func(t *testing.T, data []byte) {
		var b [Size]byte
		copy(b[:], data)
		var frame Frame
		if frame.Get((*[ToRead]byte)(b[:])) == nil && frame.Regs[Flags]&^FixFlags != 0 {
			t.Errorf("flags %#x", frame.Regs[Flags])
		}
	})
}

// Machines to try: without XSAVE, with AVX, with AVX-512.
var formats = []XFormat{
	{0, FXSize, 0xffbf},
	{X87 | SSE | AVX, 832, 0xffff},
	{X87 | SSE | AVX | 7<<5, 2688, 0xffff},
}

// state returns an area as XSAVE would leave it, and what goes beside it.
func (x XFormat) state() (area []byte, xmm [32]uint64, mxcsr uint32) {
	area = make([]byte, x.Size)
	Reset(area)
	for i := range area {
		switch {
		case i >= offBV && i < headerEnd, i >= offMXCSR && i < offMXCSR+8, i >= offXMM && i < FXSize:
		default:
			area[i] = byte(i * 7)
		}
	}
	for i := range xmm {
		xmm[i] = uint64(i) * 0x0101_0101_0101
	}
	if x.Features != 0 {
		le.PutUint64(area[offBV:], x.Features&^SSE)
	}
	return area, xmm, 0x3f80
}

func TestStatePutGet(t *testing.T) {
	for _, x := range formats {
		area, xmm, mxcsr := x.state()
		b := make([]byte, x.FrameSize())
		x.Put(b, area, &xmm, mxcsr)
		if n := x.Extent(b); n != len(b) {
			t.Fatalf("%+v: %d bytes of %d", x, n, len(b))
		}
		got := bytes.Repeat([]byte{0xff}, x.Size)
		var gotXMM [32]uint64
		gotMXCSR, err := x.Get(b, got, &gotXMM)
		if err != nil {
			t.Fatalf("%+v: %v", x, err)
		}
		// What is kept elsewhere does not matter in the area.
		for _, a := range [][]byte{area, got} {
			clear(a[offMXCSR : offMXCSR+8])
			clear(a[offXMM:FXSize])
		}
		if !bytes.Equal(got, area) || gotXMM != xmm || gotMXCSR != mxcsr {
			t.Errorf("%+v: not what was put", x)
		}
	}
}

func TestStateLayout(t *testing.T) {
	x := formats[1]
	area, xmm, mxcsr := x.state()
	b := make([]byte, x.FrameSize())
	x.Put(b, area, &xmm, mxcsr)
	for _, test := range []struct {
		name string
		at   int
		want uint32
	}{
		{"mxcsr", 24, 0x3f80},
		{"mxcsr_mask", 28, 0xffff},
		{"magic1", 464, 0x46505853},
		{"extended_size", 468, 836},
		{"xfeatures", 472, 7},
		{"xstate_size", 480, 832},
		{"XSTATE_BV", 512, 7},
		{"magic2", 832, 0x46505845},
	} {
		if got := le.Uint32(b[test.at:]); got != test.want {
			t.Errorf("%s is %#x, not %#x", test.name, got, test.want)
		}
	}
}

func TestStateGet(t *testing.T) {
	x := formats[2]
	for _, test := range []struct {
		name   string
		change func(b []byte) []byte
		ok     bool
		bv     uint64 // components loaded, SSE if the XMM registers are
	}{
		{"all", func(b []byte) []byte { return b }, true, x.Features},
		{"AVX only", func(b []byte) []byte {
			le.PutUint64(b[offFeatures:], X87|SSE|AVX)
			return b
		}, true, 7},
		{"shorter", func(b []byte) []byte {
			le.PutUint32(b[offXStateSize:], avxEnd)
			le.PutUint32(b[avxEnd:], magic2)
			return b[:avxEnd+magic2Size]
		}, true, 7},
		{"no second magic", func(b []byte) []byte {
			le.PutUint32(b[x.Size:], 0)
			return b
		}, true, X87 | SSE},
		{"nothing", func(b []byte) []byte {
			le.PutUint64(b[offBV:], 0)
			return b
		}, true, 0},
		{"reserved bit of MXCSR", func(b []byte) []byte {
			le.PutUint32(b[offMXCSR:], 1<<16)
			return b
		}, false, 0},
		{"unknown component", func(b []byte) []byte {
			le.PutUint64(b[offBV:], 1<<9)
			return b
		}, false, 0},
		{"compacted", func(b []byte) []byte {
			le.PutUint64(b[offXCompBV:], 1<<63)
			return b
		}, false, 0},
		{"reserved byte of the header", func(b []byte) []byte {
			b[offXCompBV+15] = 1
			return b
		}, false, 0},
	} {
		area, xmm, mxcsr := x.state()
		b := make([]byte, x.FrameSize())
		x.Put(b, area, &xmm, mxcsr)
		b = test.change(b)
		var got [32]uint64
		_, err := x.Get(b, area, &got)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err != nil {
			continue
		}
		bv := le.Uint64(area[offBV:])
		if got == xmm {
			bv |= SSE
		}
		if bv != test.bv {
			t.Errorf("%s: components %#x, not %#x", test.name, bv, test.bv)
		}
	}
}

// FuzzState checks that whatever a program leaves on its stack becomes something
// that XRSTOR and LDMXCSR take.
func FuzzState(f *testing.F) {
	for i, x := range formats {
		area, xmm, mxcsr := x.state()
		b := make([]byte, x.FrameSize())
		x.Put(b, area, &xmm, mxcsr)
		f.Add(i, b)
	}
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		x := formats[uint(which)%uint(len(formats))]
		b := make([]byte, x.FrameSize())
		copy(b, data)
		n := x.Extent(b)
		if n > len(b) {
			t.Fatalf("%d bytes of %d", n, len(b))
		}
		area := make([]byte, x.Size)
		var xmm [32]uint64
		mxcsr, err := x.Get(b[:n], area, &xmm)
		if err != nil {
			return
		}
		if mxcsr&^x.MXCSRMask != 0 || le.Uint32(area[offMXCSR:])&^x.MXCSRMask != 0 {
			t.Errorf("MXCSR %#x", mxcsr)
		}
		if x.Features == 0 {
			return
		}
		if bv := le.Uint64(area[offBV:]); bv&^x.Features != 0 {
			t.Errorf("components %#x", bv)
		}
		for _, v := range area[offXCompBV:headerEnd] {
			if v != 0 {
				t.Error("the header's reserved bytes are not zero")
			}
		}
	})
}
