package sigframe

import (
	"bytes"
	"testing"
)

// tracerFormats are processors without XSAVE and with AVX.
var tracerFormats = []XFormat{
	{Size: FXSize, MXCSRMask: 0xffff},
	{Features: X87 | SSE | AVX, Size: avxEnd, MXCSRMask: 0xffff},
}

// What a tracer reads and writes back changes nothing.
func TestTracerRoundTrip(t *testing.T) {
	for _, x := range tracerFormats {
		area, xmm := make([]byte, x.Size), [32]uint64{1, 2, 31: 3}
		Reset(area)
		area[100] = 9
		b := make([]byte, x.FrameSize())
		x.Put(b, area, &xmm, 0x1f80)
		state := x.ToTracer(b)
		if len(state) != x.Size {
			t.Errorf("%d bytes, want %d", len(state), x.Size)
		}
		if x.Features != 0 && le.Uint64(state[464:]) != x.Features {
			t.Errorf("features are %#x", le.Uint64(state[464:]))
		}
		again, xmm2 := make([]byte, x.Size), [32]uint64{}
		mxcsr, err := x.Get(x.FromTracer(state), again, &xmm2)
		if err != nil || mxcsr != 0x1f80 || xmm2 != xmm || again[100] != 9 {
			t.Errorf("%v, %#x, %v, %d", err, mxcsr, xmm2 == xmm, again[100])
		}
	}
}

func TestMergeLegacy(t *testing.T) {
	state, fx := make([]byte, avxEnd), bytes.Repeat([]byte{7}, FXSize)
	state[headerEnd] = 5 // of AVX
	MergeLegacy(state, fx)
	if state[offXMM] != 7 || state[offMagic1] != 0 || state[headerEnd] != 5 || le.Uint64(state[offBV:]) != X87|SSE {
		t.Errorf("xmm %d, behind %d, AVX %d, components %#x",
			state[offXMM], state[offMagic1], state[headerEnd], le.Uint64(state[offBV:]))
	}
}

// Whatever a tracer writes: it is refused, or the processor can load it.
func FuzzFromTracer(f *testing.F) {
	f.Add(make([]byte, avxEnd))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := tracerFormats[1]
		if len(b) != x.Size {
			return
		}
		area, xmm := make([]byte, x.Size), [32]uint64{}
		mxcsr, err := x.Get(x.FromTracer(b), area, &xmm)
		if err != nil {
			return
		}
		if mxcsr&^x.MXCSRMask != 0 || le.Uint64(area[offBV:])&^x.Features != 0 ||
			!bytes.Equal(area[offXCompBV:headerEnd], make([]byte, headerEnd-offXCompBV)) {
			t.Errorf("MXCSR %#x, header % x", mxcsr, area[offBV:headerEnd])
		}
	})
}
