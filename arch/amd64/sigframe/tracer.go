package sigframe

import "errors"

// A tracer sees the state in Size bytes, as a signal frame has it, but in place of
// Software there is a word with the components in use (the user_xstate_header of
// Linux's Documentation: XSTATE_FX_SW_OFFSET).

// Put writes to b what a tracer sees of what the processor has saved in area, with
// XMM registers and MXCSR from elsewhere.
func (x XFormat) Put(b, area []byte, xmm *[32]uint64, mxcsr uint32) {
	copy(b, area)
	le.PutUint32(b[offMXCSR:], mxcsr)
	le.PutUint32(b[offMXCSRMask:], x.MXCSRMask)
	copy(b[offXMM:], wordBytes(xmm[:]))
	clear(b[offMagic1:FXSize])
	if x.Features != 0 {
		le.PutUint64(b[offMagic1:], x.Features)
		le.PutUint64(b[offBV:], le.Uint64(b[offBV:])|X87|SSE)
	}
}

var errXState = errors.New("sigframe: no processor can load this state")

// Get takes apart what a tracer has written to b. It fills area with what the
// processor can load without a fault, and returns the registers that are kept
// elsewhere. Components that b does not have are those of a new program. It fails
// for a state that Linux refuses; then area and xmm are as before.
func (x XFormat) Get(b, area []byte, xmm *[32]uint64) (mxcsr uint32, err error) {
	have := uint64(X87 | SSE)
	if x.Features != 0 {
		have = le.Uint64(b[offBV:])
		reserved := [endReserved - offXCompBV]byte(b[offXCompBV:])
		if reserved != [len(reserved)]byte{} || have&^x.Features != 0 {
			return 0, errXState
		}
	}
	if mxcsr = le.Uint32(b[offMXCSR:]); mxcsr&^x.MXCSRMask != 0 {
		return 0, errXState
	}
	copy(area, b)
	clear(area[offMagic1:min(headerEnd, len(area))])
	if x.Features != 0 {
		le.PutUint64(area[offBV:], have&^SSE)
	}
	*xmm = [32]uint64{}
	if have&SSE != 0 {
		copy(wordBytes(xmm[:]), b[offXMM:])
	}
	return mxcsr, nil
}

// MergeLegacy makes the x87 and SSE registers of state, which a tracer sees, those
// of fx, and returns it.
func MergeLegacy(state, fx []byte) []byte {
	copy(state[:offMagic1], fx)
	if len(state) > FXSize {
		le.PutUint64(state[offBV:], le.Uint64(state[offBV:])|X87|SSE)
	}
	return state
}
