package sigframe

import (
	"bytes"
	"testing"
)

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

func (x XFormat) put() []byte {
	area, xmm, mxcsr := x.state()
	b := make([]byte, x.Size)
	x.Put(b, area, &xmm, mxcsr)
	return b
}

// What a tracer reads and writes back changes nothing.
func TestTracerRoundTrip(t *testing.T) {
	for _, x := range formats {
		area, xmm, mxcsr := x.state()
		got := bytes.Repeat([]byte{0xff}, x.Size)
		var gotXMM [32]uint64
		gotMXCSR, err := x.Get(x.put(), got, &gotXMM)
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

func TestPutLayout(t *testing.T) {
	b := formats[1].put()
	for _, test := range []struct {
		name string
		at   int
		want uint32
	}{
		{"mxcsr", 24, 0x3f80},
		{"xcr0", 464, 7},
		{"behind it", 472, 0},
		{"XSTATE_BV", 512, 7},
	} {
		if got := le.Uint32(b[test.at:]); got != test.want {
			t.Errorf("%s is %#x, not %#x", test.name, got, test.want)
		}
	}
}

func TestGet(t *testing.T) {
	x := formats[2]
	for _, test := range []struct {
		name   string
		change func(b []byte)
		ok     bool
		bv     uint64 // components loaded, SSE if the XMM registers are
	}{
		{"all", func(b []byte) {}, true, x.Features},
		{"AVX only", func(b []byte) { le.PutUint64(b[offBV:], 7) }, true, 7},
		{"nothing", func(b []byte) { le.PutUint64(b[offBV:], 0) }, true, 0},
		{"reserved bit of MXCSR", func(b []byte) { le.PutUint32(b[offMXCSR:], 1<<16) }, false, 0},
		{"unknown component", func(b []byte) { le.PutUint64(b[offBV:], 1<<9) }, false, 0},
		{"compacted", func(b []byte) { le.PutUint64(b[offXCompBV:], 1<<63) }, false, 0},
		{"reserved byte of the header", func(b []byte) { b[offXCompBV+15] = 1 }, false, 0},
	} {
		area, xmm, _ := x.state()
		b := x.put()
		test.change(b)
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

func TestMergeLegacy(t *testing.T) {
	state, fx := make([]byte, headerEnd+256), bytes.Repeat([]byte{7}, FXSize)
	state[headerEnd] = 5 // of AVX
	MergeLegacy(state, fx)
	if state[offXMM] != 7 || state[offMagic1] != 0 || state[headerEnd] != 5 || le.Uint64(state[offBV:]) != X87|SSE {
		t.Errorf("xmm %d, behind %d, AVX %d, components %#x",
			state[offXMM], state[offMagic1], state[headerEnd], le.Uint64(state[offBV:]))
	}
}

// Whatever a tracer writes: it is refused, or the processor can load it.
func FuzzGet(f *testing.F) {
	for i, x := range formats {
		f.Add(i, x.put())
	}
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		x := formats[uint(which)%uint(len(formats))]
		b := make([]byte, x.Size)
		copy(b, data)
		area := make([]byte, x.Size)
		var xmm [32]uint64
		mxcsr, err := x.Get(b, area, &xmm)
		if err != nil {
			return
		}
		if mxcsr&^x.MXCSRMask != 0 || le.Uint32(area[offMXCSR:])&^x.MXCSRMask != 0 {
			t.Errorf("MXCSR %#x", mxcsr)
		}
		if x.Features == 0 {
			return
		}
		if le.Uint64(area[offBV:])&^x.Features != 0 ||
			!bytes.Equal(area[offXCompBV:headerEnd], make([]byte, headerEnd-offXCompBV)) {
			t.Errorf("header % x", area[offBV:headerEnd])
		}
	})
}
