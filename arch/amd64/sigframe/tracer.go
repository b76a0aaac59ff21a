package sigframe

// A tracer sees the state as a signal frame has it, but in place of struct
// _fpx_sw_bytes there is a word with the components in use (the user_xstate_header
// of Linux's Documentation: XSTATE_FX_SW_OFFSET), and behind it nothing.

// ToTracer makes what Put has written to b what a tracer sees.
func (x XFormat) ToTracer(b []byte) []byte {
	clear(b[offMagic1:FXSize])
	if x.Features == 0 {
		return b
	}
	le.PutUint64(b[offMagic1:], x.Features)
	return b[:x.Size]
}

// FromTracer makes of what a tracer has written, Size bytes, what Get takes. Get
// refuses what Linux refuses.
func (x XFormat) FromTracer(b []byte) []byte {
	if x.Features == 0 {
		return b
	}
	b = append(b[:x.Size:x.Size], make([]byte, magic2Size)...)
	clear(b[offMagic1:FXSize])
	le.PutUint32(b[offMagic1:], magic1)
	le.PutUint32(b[offExtendedSize:], uint32(x.FrameSize()))
	le.PutUint64(b[offFeatures:], x.Features)
	le.PutUint32(b[offXStateSize:], uint32(x.Size))
	le.PutUint32(b[x.Size:], magic2)
	return b
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
