package sigframe

import (
	"encoding/binary"
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
	// MinSize is the size of an XSAVE area without components behind the header.
	MinSize = headerEnd

	offFCW       = 0
	offMXCSR     = 24
	offMXCSRMask = 28
	offXMM       = 160
	offBV        = FXSize     // XSTATE_BV
	offXCompBV   = FXSize + 8 // XCOMP_BV and what must be zero, too
	endReserved  = FXSize + 24
	headerEnd    = FXSize + 64
)

// The words that Linux leaves in the FXSAVE area's unused part, struct
// _fpx_sw_bytes, and behind the XSAVE area.
const (
	offMagic1 = 464

	magic1     = 0x46505853
	magic2Size = 4

	// Magic2 is the word behind the XSAVE area.
	Magic2 = 0x46505845
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

// Software are the words that say how long a state is, struct _fpx_sw_bytes.
type Software struct {
	magic1, extendedSize uint32
	features             uint64
	size                 uint32
	_                    [7]uint32
}

// OffSoftware is where Software is in a state.
const OffSoftware = offMagic1

// Software returns the words of a state that is complete.
func (x XFormat) Software() Software {
	return Software{magic1: magic1, extendedSize: uint32(x.Size + magic2Size), features: x.Features, size: uint32(x.Size)}
}

// Claims tells which components a state has by its words, and where it ends: there
// is Magic2, or the state counts as one of FXSAVE. 0, 0 stands for such a state.
// Linux's check_xstate_in_sigframe.
func (x XFormat) Claims(s *Software) (components uint64, end int) {
	n := int(s.size)
	if x.Features == 0 || s.magic1 != magic1 || n < headerEnd || n > x.Size || n > int(s.extendedSize) {
		return 0, 0
	}
	return s.features & x.Features, n
}

var le = binary.LittleEndian

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
