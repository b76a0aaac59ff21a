// Package sigframe writes and reads the frames that signal handlers of programs
// find on their stacks: Linux's struct rt_sigframe for x86-64, and the state of
// the x87 and vector registers beside it. Programs have these formats compiled
// in, and may change what is there before sigreturn(2) brings it back, so
// reading trusts nothing.
//
// The structures are in arch/x86/include/asm/sigframe.h and in
// arch/x86/include/uapi/asm/{ucontext,sigcontext}.h.
package sigframe

import (
	"encoding/binary"
	"errors"

	"onsen/arch/spec"
)

// Size is the size of struct rt_sigframe: a return address, a ucontext of 304
// bytes and a siginfo of 128.
const Size = 440

// Offsets in the frame.
const (
	// ToRead is as much of a frame as Get looks at.
	ToRead = Info

	Context = 8 // struct ucontext
	Info    = 312

	offRestorer = 0
	offFlags    = Context + 0
	offLink     = Context + 8
	offAltSP    = Context + 16
	offAltFlags = Context + 24
	offAltSize  = Context + 32
	offRegs     = Context + 40 // struct sigcontext
	offCS       = offRegs + 144
	offGS       = offRegs + 146
	offFS       = offRegs + 148
	offSS       = offRegs + 150
	offErr      = offRegs + 152
	offTrapno   = offRegs + 160
	offOldmask  = offRegs + 168
	offCR2      = offRegs + 176
	offFPState  = offRegs + 184
	offMask     = Context + 296
)

// Values of uc_flags.
const (
	flagXState    = 1 // there is extended state behind the FXSAVE area
	flagHasSS     = 2 // the stack segment was saved
	flagRestoreSS = 4 // and is to be restored, come what may
)

// The registers in the order of struct sigcontext.
const (
	R8 = iota
	R9
	R10
	R11
	R12
	R13
	R14
	R15
	DI
	SI
	BP
	BX
	DX
	AX
	CX
	SP
	IP
	Flags
	numRegs
)

// The segments of 64-bit user mode, as on Linux.
const (
	userCode = 0x33
	userData = 0x2b
)

// FixFlags are the flags that sigreturn restores; Linux's FIX_EFLAGS.
const FixFlags = 0x5_0dd5

// A Frame is what a frame says.
type Frame struct {
	Restorer uint64
	Regs     [numRegs]uint64

	// Trap number, error code and address of the last fault.
	Trapno, Err, CR2 uint64

	Mask     uint64
	AltStack spec.AltStack
	FPState  uint64 // address of the x87 and vector state, or 0
	XState   bool   // it is of XSAVE
}

var le = binary.LittleEndian

// Put writes the frame to b, which is all zero, but for the siginfo at Info.
func (f *Frame) Put(b *[Size]byte) {
	le.PutUint64(b[offRestorer:], f.Restorer)
	flags := uint64(flagHasSS | flagRestoreSS)
	if f.XState {
		flags |= flagXState
	}
	le.PutUint64(b[offFlags:], flags)
	le.PutUint64(b[offAltSP:], uint64(f.AltStack.SP))
	le.PutUint32(b[offAltFlags:], uint32(f.AltStack.Flags))
	le.PutUint64(b[offAltSize:], uint64(f.AltStack.Size))
	copy(b[offRegs:], wordBytes(f.Regs[:]))
	le.PutUint16(b[offCS:], userCode)
	le.PutUint16(b[offSS:], userData)
	le.PutUint64(b[offErr:], f.Err)
	le.PutUint64(b[offTrapno:], f.Trapno)
	le.PutUint64(b[offOldmask:], f.Mask)
	le.PutUint64(b[offCR2:], f.CR2)
	le.PutUint64(b[offFPState:], f.FPState)
	le.PutUint64(b[offMask:], f.Mask)
}

var errSegment = errors.New("sigframe: not a segment of 64-bit user mode")

// Get reads what sigreturn needs of a frame. It fails for segments that no
// 64-bit program has. The flags are cut down to FixFlags; any other register
// may hold anything, the program counter included.
func (f *Frame) Get(b *[ToRead]byte) error {
	flags := le.Uint64(b[offFlags:])
	// The privilege level in a selector is put right, as on Linux.
	if le.Uint16(b[offCS:])|3 != userCode {
		return errSegment
	}
	if flags&flagRestoreSS != 0 && le.Uint16(b[offSS:])|3 != userData {
		return errSegment
	}
	copy(wordBytes(f.Regs[:]), b[offRegs:])
	f.Regs[Flags] &= FixFlags
	f.FPState = le.Uint64(b[offFPState:])
	f.Mask = le.Uint64(b[offMask:])
	f.AltStack = spec.AltStack{
		SP:    uintptr(le.Uint64(b[offAltSP:])),
		Flags: int32(le.Uint32(b[offAltFlags:])),
		Size:  uintptr(le.Uint64(b[offAltSize:])),
	}
	return nil
}
