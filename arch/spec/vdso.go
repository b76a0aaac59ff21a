package spec

// VDSO is the code that a program finds in its memory without having brought it.
// kernel/vdso makes an ELF image of it. The code is mapped VDSOTextOffset behind
// the start of the image, and the page before the image is VDSOData.
type VDSO struct {
	Machine uint16 // EM_*
	Version string // of the symbols
	Code    []byte
	Funcs   []VDSOFunc
	// SigReturn is where in Code handlers without a restorer return to. It is
	// meaningful if HasSigReturn.
	SigReturn    uintptr
	HasSigReturn bool

	// What unwinders need for Code[:UnwindLen]: the return address's column, the
	// code's alignment, and the rules that hold everywhere (DWARF 5, 6.4).
	UnwindLen     int
	ReturnColumn  byte
	CodeAlignment byte
	CFA           []byte
}

// VDSOFunc is a function, at Code[Offset:Offset+Size]. It is global by its Name
// and weak by its Alias, if it has one.
type VDSOFunc struct {
	Name, Alias  string
	Offset, Size int
}

// VDSOTextOffset is where the code is in the image, which is one page.
const VDSOTextOffset = 0x800

// ClockScale tells how a counter that programs can read shows the time of
// arch.Ktime: it was NS when the counter was at Ticks, and since then the 128-bit
// product of ticks and Mult, shifted right by Shift (1 to 63), has passed. User
// is false if programs cannot read a counter that can be relied on.
type ClockScale struct {
	Ticks       uint64
	NS          int64
	Mult, Shift uint64
	User        bool
}
