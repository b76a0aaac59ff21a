// Package signal has what is pure about signals: their numbers, sets, actions and
// default actions (signal(7)), the siginfo that goes with one, the queue of those
// that are pending, and what becomes of a system call that one interrupts.
//
// Nothing here takes a lock. Whoever owns a Pending serialises its use.
package signal

import (
	"math/bits"
	"sync/atomic"
)

// The signals, with the numbers that they have on both architectures.
const (
	SIGHUP    = 1
	SIGINT    = 2
	SIGQUIT   = 3
	SIGILL    = 4
	SIGTRAP   = 5
	SIGABRT   = 6
	SIGBUS    = 7
	SIGFPE    = 8
	SIGKILL   = 9
	SIGUSR1   = 10
	SIGSEGV   = 11
	SIGUSR2   = 12
	SIGPIPE   = 13
	SIGALRM   = 14
	SIGTERM   = 15
	SIGSTKFLT = 16
	SIGCHLD   = 17
	SIGCONT   = 18
	SIGSTOP   = 19
	SIGTSTP   = 20
	SIGTTIN   = 21
	SIGTTOU   = 22
	SIGURG    = 23
	SIGXCPU   = 24
	SIGXFSZ   = 25
	SIGVTALRM = 26
	SIGPROF   = 27
	SIGWINCH  = 28
	SIGIO     = 29
	SIGPWR    = 30
	SIGSYS    = 31
	SIGRTMIN  = 32
	SIGRTMAX  = Max

	// Max is the number of signals; they are 1 to Max.
	Max = 64
)

// Valid reports whether sig is a signal. 0 is not one.
func Valid(sig int) bool { return sig >= 1 && sig <= Max }

// Set is a set of signals; bit n-1 stands for signal n. Its layout is that of the
// kernel's sigset_t.
type Set uint64

// Of returns the set of one signal, which has to be valid.
func Of(sig int) Set { return 1 << (uint(sig-1) % Max) }

// SetOf returns the set of some signals.
func SetOf(sigs ...int) (s Set) {
	for _, sig := range sigs {
		s |= Of(sig)
	}
	return s
}

// Has reports whether a signal, which has to be valid, is in the set.
func (s Set) Has(sig int) bool { return s&Of(sig) != 0 }

// First returns the lowest signal of the set, or 0.
func (s Set) First() int {
	if s == 0 {
		return 0
	}
	return bits.TrailingZeros64(uint64(s)) + 1
}

// AtomicSet is a set that others may look at while its owner changes it.
type AtomicSet struct{ v atomic.Uint64 }

// Load returns the set.
func (a *AtomicSet) Load() Set { return Set(a.v.Load()) }

// Store replaces the set.
func (a *AtomicSet) Store(s Set) { a.v.Store(uint64(s)) }

// Sets of signals with something in common; Linux's SIG_KERNEL_*_MASK.
const (
	// Unblockable signals cannot be blocked, caught or ignored.
	Unblockable = Set(1<<(SIGKILL-1) | 1<<(SIGSTOP-1))
	// Stopping signals stop the process by default.
	Stopping = Set(1<<(SIGSTOP-1) | 1<<(SIGTSTP-1) | 1<<(SIGTTIN-1) | 1<<(SIGTTOU-1))
	// Dumping signals end the process with a core dump by default.
	Dumping = Set(1<<(SIGQUIT-1) | 1<<(SIGILL-1) | 1<<(SIGTRAP-1) | 1<<(SIGABRT-1) |
		1<<(SIGFPE-1) | 1<<(SIGSEGV-1) | 1<<(SIGBUS-1) | 1<<(SIGSYS-1) |
		1<<(SIGXCPU-1) | 1<<(SIGXFSZ-1))
	// IgnoredByDefault are the signals that do nothing by default. SIGCONT has
	// done its work when it was sent.
	IgnoredByDefault = Set(1<<(SIGCONT-1) | 1<<(SIGCHLD-1) | 1<<(SIGWINCH-1) | 1<<(SIGURG-1))
	// Synchronous signals tell of what the program itself just did. They are
	// taken first.
	Synchronous = Set(1<<(SIGSEGV-1) | 1<<(SIGBUS-1) | 1<<(SIGILL-1) |
		1<<(SIGTRAP-1) | 1<<(SIGFPE-1) | 1<<(SIGSYS-1))
)

// Default is what a signal does to a process that has not said anything about it.
type Default uint8

const (
	// Terminate ends the process.
	Terminate Default = iota
	// Ignore does nothing.
	Ignore
	// Core ends the process and dumps its memory.
	Core
	// Stop stops the process.
	Stop
	// Continue continues the process if it is stopped.
	Continue
)

// DefaultOf returns the default action of a signal; the table of signal(7).
func DefaultOf(sig int) Default {
	switch s := Of(sig); {
	case sig == SIGCONT:
		return Continue
	case s&IgnoredByDefault != 0:
		return Ignore
	case s&Dumping != 0:
		return Core
	case s&Stopping != 0:
		return Stop
	}
	return Terminate
}

// Handlers that are not addresses.
const (
	SIG_DFL uintptr = 0
	SIG_IGN uintptr = 1
)

// Flags of Action.
const (
	SA_NOCLDSTOP uint64 = 0x00000001
	SA_NOCLDWAIT uint64 = 0x00000002
	SA_SIGINFO   uint64 = 0x00000004
	SA_RESTORER  uint64 = 0x04000000
	SA_ONSTACK   uint64 = 0x08000000
	SA_RESTART   uint64 = 0x10000000
	SA_NODEFER   uint64 = 0x40000000
	SA_RESETHAND uint64 = 0x80000000
	// SA_EXPOSE_TAGBITS keeps the tag in si_addr on processors that have tags.
	SA_EXPOSE_TAGBITS uint64 = 0x00000800
	// SA_IMMUTABLE is set by the kernel only: the action does not change any more,
	// and no tracer comes between the signal and it.
	SA_IMMUTABLE uint64 = 0x00800000
	// SA_UNSUPPORTED is never kept: programs find out by it that flags which
	// the kernel does not know are cleared.
	SA_UNSUPPORTED uint64 = 0x00000400

	saKnown = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK |
		SA_RESTART | SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS
)

// Action is what sigaction(2) sets for a signal. Its layout is that of the
// kernel's struct sigaction on both architectures.
type Action struct {
	Handler  uintptr // SIG_DFL, SIG_IGN or an address
	Flags    uint64  // SA_*
	Restorer uintptr
	Mask     Set
}

// Clean clears what an action cannot have: flags that do not exist, and signals
// that cannot be blocked.
func (a *Action) Clean() {
	a.Flags &= saKnown
	a.Mask &^= Unblockable
}

// Handled reports whether the program has a handler.
func (a *Action) Handled() bool { return a.Handler > SIG_IGN }

// Take returns the action for a signal that is about to be handled: SA_RESETHAND
// allows that once.
func (a *Action) Take() Action {
	taken := *a
	if a.Flags&SA_RESETHAND != 0 {
		a.Handler = SIG_DFL
	}
	return taken
}

// Ignores reports whether a process with this action does not notice the signal.
func (a *Action) Ignores(sig int) bool {
	return a.Handler == SIG_IGN || a.Handler == SIG_DFL && IgnoredByDefault.Has(sig)
}

// Fatal reports whether a process with this action dies of the signal.
func (a *Action) Fatal(sig int) bool {
	return a.Handler == SIG_DFL && (IgnoredByDefault|Stopping)&Of(sig) == 0
}
