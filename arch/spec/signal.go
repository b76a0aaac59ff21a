package spec

// SiginfoUsed is how many bytes of a siginfo_t can differ from zero.
const SiginfoUsed = 48

// SignalFrame is what an architecture needs to know to let a program handle a
// signal: PushSignalFrame writes Linux's struct rt_sigframe to the program's
// stack and makes its registers those at the beginning of the handler.
type SignalFrame struct {
	// Handler is where the program goes on, and Restorer where its handler
	// returns to: sa_restorer, or VDSO.SigReturn.
	Handler, Restorer uintptr
	// Sig is the signal's number as the handler gets it.
	Sig int
	// Info is the program's siginfo_t but for the zeros at its end.
	Info *[SiginfoUsed]byte
	// Mask is the set of blocked signals that sigreturn brings back.
	Mask uint64
	// AltStack is the alternate stack as sigaltstack(2) has set it. The frame
	// tells of it, and must not be written beyond its end.
	AltStack AltStack
	// OnStack says that the handler is to run on the alternate stack, if there
	// is one: SA_ONSTACK.
	OnStack bool
}

// StackTop returns what the frame goes below if the program's stack pointer is sp:
// that, or the end of the alternate stack if the program changes to it, which enters
// says. Linux's sigsp.
func (f *SignalFrame) StackTop(sp uintptr) (top uintptr, enters bool) {
	alt := &f.AltStack
	if !f.OnStack || alt.Size == 0 || alt.InUse(sp) {
		return sp, false
	}
	return alt.SP + alt.Size, true
}

// SSAutodisarm is SS_AUTODISARM, a flag of an alternate stack.
const SSAutodisarm int32 = -1 << 31

// AltStack is an alternate signal stack: stack_t.
type AltStack struct {
	SP    uintptr
	Flags int32 // SS_DISABLE, SSAutodisarm
	Size  uintptr
}

// InUse reports whether a program whose stack pointer is sp runs on the alternate
// stack. One that is disarmed while it is used is never in use.
func (s *AltStack) InUse(sp uintptr) bool { return s.Flags&SSAutodisarm == 0 && s.Holds(sp) }

// Holds reports whether the stack pointer sp is on the alternate stack. The
// first address behind it counts as on it, the first on it does not, as an
// empty stack has that for its pointer.
func (s *AltStack) Holds(sp uintptr) bool {
	return s.Size != 0 && sp > s.SP && sp-s.SP <= s.Size
}
