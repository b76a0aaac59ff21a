// Package signal has what is pure about signals: sets, actions, siginfo, queues
// and the table of default actions (signal(7)).
package signal

// Max is the number of signals; they are 1 to Max.
const Max = 64

// Set is a set of signals; bit n-1 stands for signal n.
type Set uint64

// Of returns the set of one signal.
func Of(sig int) Set { return 1 << (sig - 1) }

// Has reports whether a signal is in the set.
func (s Set) Has(sig int) bool { return s&Of(sig) != 0 }

// Action is what sigaction(2) sets for a signal.
type Action struct {
	Handler  uintptr // SIG_DFL, SIG_IGN or an address
	Flags    uint64  // SA_*
	Restorer uintptr
	Mask     Set
}
