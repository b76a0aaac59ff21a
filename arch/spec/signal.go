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
	// SP is where the frame is to be put below, the end of the alternate stack
	// when the program changes to that. 0 stands for the current stack.
	SP uintptr

	// Write writes b to the program's memory, or returns EFAULT.
	Write func(addr uintptr, b []byte) error
}

// AltStack is an alternate signal stack: stack_t.
type AltStack struct {
	SP    uintptr
	Flags int32 // SS_DISABLE, SS_AUTODISARM
	Size  uintptr
}

// Holds reports whether the stack pointer sp is on the alternate stack. The
// first address behind it counts as on it, the first on it does not, as an
// empty stack has that for its pointer.
func (s AltStack) Holds(sp uintptr) bool {
	return s.Size != 0 && sp > s.SP && sp-s.SP <= s.Size
}
