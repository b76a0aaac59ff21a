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
	"unsafe"

	"onsen/arch/spec"
)

// Size is the size of struct rt_sigframe: a return address, a ucontext of 304
// bytes and a siginfo of 128.
const Size = 440

// Offsets in the frame.
const (
	// ToRead is as much of a frame as sigreturn looks at.
	ToRead = Info

	Context = 8 // struct ucontext
	Info    = 312
)

// Values of uc_flags.
const (
	flagXState    = 1 // there is extended state behind the FXSAVE area
	flagHasSS     = 2 // the stack segment was saved
	flagRestoreSS = 4 // and is to be restored, come what may: UC_STRICT_RESTORE_SS
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

// A Frame is struct rt_sigframe.
type Frame struct {
	Restorer uint64
	ucontext
	Siginfo [spec.SiginfoUsed]byte
	_       [128 - spec.SiginfoUsed]byte
}

// ucontext is struct ucontext, with a struct sigcontext in it.
type ucontext struct {
	flags, link    uint64
	altSP          uint64
	altFlags       uint64 // 32 bits of it
	altSize        uint64
	Regs           [numRegs]uint64
	cs, gs, fs, ss uint16
	Err, Trapno    uint64 // of the last fault
	oldmask        uint64
	CR2            uint64 // address of the last fault
	FPState        uint64 // address of the x87 and vector state, or 0
	reserved       [8]uint64
	mask           uint64
}

// The sizes, or these do not compile.
const (
	_ = uint(unsafe.Sizeof(Frame{}) - Size)
	_ = uint(Size - unsafe.Sizeof(Frame{}))
	_ = uint(unsafe.Offsetof(Frame{}.Siginfo) - Info)
	_ = uint(Info - unsafe.Offsetof(Frame{}.Siginfo))
)

// Bytes returns the frame as it stands on the stack.
func (f *Frame) Bytes() *[Size]byte { return (*[Size]byte)(unsafe.Pointer(f)) }

// SetSegments sets the segments of the code that is interrupted and of its stack.
// Complete comes afterwards.
func (f *Frame) SetSegments(cs, ss uint16) { f.cs, f.ss = cs, ss }

// Complete sets all else but the exported fields: xstate says that the x87 and vector
// state is of XSAVE, and mask and alt are for sigreturn.
func (f *Frame) Complete(xstate bool, mask uint64, alt spec.AltStack) {
	f.flags, f.link = flagHasSS, 0
	if xstate {
		f.flags |= flagXState
	}
	if f.cs == userCode {
		f.flags |= flagRestoreSS
	}
	f.altSP, f.altFlags, f.altSize = uint64(alt.SP), uint64(uint32(alt.Flags)), uint64(alt.Size)
	f.gs, f.fs = 0, 0
	f.mask, f.oldmask = mask, mask
	f.reserved = [8]uint64{}
}

// Check looks at a frame that a program has left: it cuts the flags down to FixFlags.
// Any other register may hold anything, the program counter included.
func (f *Frame) Check() { f.Regs[Flags] &= FixFlags }

// Segments returns the selectors that sigreturn brings back, which may be of no
// segments, but never of the kernel's privilege level. 64-bit code that knows nothing of
// flagRestoreSS gets a stack that is one: Linux's force_valid_ss.
func (f *Frame) Segments() (cs, ss uint16) {
	const user = 3
	cs, ss = f.cs|user, f.ss|user
	if f.flags&flagRestoreSS == 0 && cs == userCode {
		ss = userData
	}
	return cs, ss
}

// Mask returns the blocked signals that sigreturn brings back.
func (f *Frame) Mask() uint64 { return f.mask }

// AltStack returns the alternate stack that sigreturn brings back.
func (f *Frame) AltStack() spec.AltStack {
	return spec.AltStack{SP: uintptr(f.altSP), Flags: int32(f.altFlags), Size: uintptr(f.altSize)}
}
