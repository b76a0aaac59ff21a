package sigframe

import (
	"errors"
	"unsafe"
)

// Components of the extended state (SDM vol. 1, 13.1).
const (
	X87 = 1 << 0
	SSE = 1 << 1
	AVX = 1 << 2
)

// The FXSAVE area, and what of the XSAVE area is always in the same place
// (SDM vol. 1, 10.5.1 and 13.4).
const (
	FXSize = 512

	offFCW       = 0
	offMXCSR     = 24
	offMXCSRMask = 28
	offXMM       = 160
	xmmSize      = 256
	offBV        = FXSize     // XSTATE_BV
	offXCompBV   = FXSize + 8 // XCOMP_BV and what must be zero, too
	endReserved  = FXSize + 24
	headerEnd    = FXSize + 64
	avxEnd       = headerEnd + 256
)

// The words that Linux leaves in the FXSAVE area's unused part, struct
// _fpx_sw_bytes, and behind the XSAVE area.
const (
	offMagic1       = 464
	offExtendedSize = 468
	offFeatures     = 472
	offXStateSize   = 480

	magic1     = 0x46505853
	magic2     = 0x46505845
	magic2Size = 4
)

// Values of a new program: SDM vol. 1, 8.1.5 and 11.6.4.
const (
	DefaultFCW   = 0x37f
	DefaultMXCSR = 0x1f80
)

// XFormat is what the processor's extended state looks like.
type XFormat struct {
	Features  uint64 // components in use; 0 without XSAVE
	Size      int    // of the XSAVE area, or FXSize
	MXCSRMask uint32 // bits of MXCSR that may be set
}

// FrameSize is how much room the state takes on a stack.
func (x XFormat) FrameSize() int {
	if x.Features == 0 {
		return FXSize
	}
	return x.Size + magic2Size
}

// Put writes the state to b, which is FrameSize long: what the processor has
// saved in area, with XMM registers and MXCSR from elsewhere.
func (x XFormat) Put(b, area []byte, xmm *[32]uint64, mxcsr uint32) {
	copy(b, area)
	le.PutUint32(b[offMXCSR:], mxcsr)
	le.PutUint32(b[offMXCSRMask:], x.MXCSRMask)
	copy(b[offXMM:], wordBytes(xmm[:]))
	clear(b[offMagic1:FXSize])
	if x.Features == 0 {
		return
	}
	le.PutUint32(b[offMagic1:], magic1)
	le.PutUint32(b[offExtendedSize:], uint32(x.FrameSize()))
	le.PutUint64(b[offFeatures:], x.Features)
	le.PutUint32(b[offXStateSize:], uint32(x.Size))
	le.PutUint64(b[offBV:], le.Uint64(b[offBV:])|X87|SSE)
	le.PutUint32(b[x.Size:], magic2)
}

// Extent tells from the first FXSize bytes of a state how long it claims to be.
func (x XFormat) Extent(fx []byte) int {
	n := int(le.Uint32(fx[offXStateSize:]))
	if x.Features == 0 || le.Uint32(fx[offMagic1:]) != magic1 ||
		n < headerEnd || n > x.Size || n > int(le.Uint32(fx[offExtendedSize:])) {
		return FXSize
	}
	return n + magic2Size
}

var errXState = errors.New("sigframe: no processor can load this state")

// Get takes apart the state in b, which is as long as Extent has said. It fills
// area, of Size bytes, with what the processor can load without a fault, and
// returns the registers that are kept elsewhere. Components that b does not
// have are those of a new program. It fails where loading would on Linux.
func (x XFormat) Get(b, area []byte, xmm *[32]uint64) (mxcsr uint32, err error) {
	n := len(b) - magic2Size
	if len(b) == FXSize || le.Uint32(b[n:]) != magic2 {
		return x.getLegacy(b, area, xmm)
	}
	want := le.Uint64(b[offFeatures:]) & x.Features
	if n < avxEnd {
		want &= X87 | SSE
	} else if n < x.Size {
		want &= X87 | SSE | AVX
	}
	have := le.Uint64(b[offBV:])
	if [endReserved - offXCompBV]byte(b[offXCompBV:]) != [endReserved - offXCompBV]byte{} {
		return 0, errXState
	}
	if have&^x.Features != 0 {
		return 0, errXState
	}
	if mxcsr, err = x.mxcsr(b, want&(SSE|AVX) != 0); err != nil {
		return 0, err
	}
	copy(area, b[:offMagic1])
	clear(area[offMagic1:headerEnd])
	copy(area[headerEnd:], b[headerEnd:n])
	clear(area[n:])
	le.PutUint32(area[offMXCSR:], mxcsr)
	le.PutUint64(area[offBV:], have&want&^SSE)
	getXMM(b, xmm, have&want&SSE != 0)
	return mxcsr, nil
}

// getLegacy is Get for a state that is, or counts as, that of FXSAVE only.
func (x XFormat) getLegacy(b, area []byte, xmm *[32]uint64) (mxcsr uint32, err error) {
	if mxcsr, err = x.mxcsr(b, true); err != nil {
		return 0, err
	}
	clear(area)
	copy(area, b[:offMagic1])
	if x.Features != 0 {
		le.PutUint64(area[offBV:], X87)
	}
	getXMM(b, xmm, true)
	return mxcsr, nil
}

// mxcsr returns MXCSR from b if it is in use there.
func (x XFormat) mxcsr(b []byte, used bool) (uint32, error) {
	if !used {
		return DefaultMXCSR, nil
	}
	v := le.Uint32(b[offMXCSR:])
	if v&^x.MXCSRMask != 0 {
		return 0, errXState
	}
	return v, nil
}

// getXMM returns the XMM registers from b if they are in use there.
func getXMM(b []byte, xmm *[32]uint64, used bool) {
	if !used {
		*xmm = [32]uint64{}
		return
	}
	copy(wordBytes(xmm[:]), b[offXMM:])
}

// wordBytes returns words as the processor, which is little-endian, has them in
// memory.
func wordBytes(w []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), len(w)*8)
}

// Reset makes area, whose header has never been anything but what the processor
// or Get has left, that of a new program. XRSTOR does not look at components that
// are not in XSTATE_BV; only the x87's are put into frames all the same.
func Reset(area []byte) {
	clear(area[:offXMM])
	if len(area) > FXSize {
		le.PutUint64(area[offBV:], 0)
	}
	le.PutUint16(area[offFCW:], DefaultFCW)
	le.PutUint32(area[offMXCSR:], DefaultMXCSR)
}
