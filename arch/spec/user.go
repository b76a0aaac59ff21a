package spec

// Entry says why user mode was left.
type Entry uint8

const (
	// EntryWork says that user mode was not entered at all: the task has work
	// to do first.
	EntryWork Entry = iota
	// EntryInterrupt: an interrupt, which the stub has recorded as events.
	EntryInterrupt
	// EntrySyscall: a system call; its number and arguments are in the PtRegs.
	EntrySyscall
	// EntryPageFault: an access that no page allows; Trap has the details.
	EntryPageFault
	// EntryException: any other exception; Trap has the signal it stands for.
	EntryException
)

// Access is what an access to memory wants to do.
type Access uint8

const (
	// AccessRead loads.
	AccessRead Access = 1 << iota
	// AccessWrite stores.
	AccessWrite
	// AccessExec fetches an instruction.
	AccessExec
)

// Trap describes the last EntryPageFault or EntryException of a user context.
type Trap struct {
	// Addr is the faulting address, or the instruction's.
	Addr uintptr
	// Tag is what the processor has ignored of the faulting address, which is
	// not in Addr: its tag on arm64.
	Tag uintptr
	// Access is what was tried; of a page fault only.
	Access Access
	// Signo and Code are the signal and si_code of an exception.
	Signo, Code int32
	// Number and Error are the processor's own words for it: vector and error
	// code on amd64, exception class and syndrome on arm64. Signal frames and
	// messages show them.
	Number, Error uint64
}

// UserProt is a set of access rights of a page in user mode. 0 keeps the page
// but allows nothing, as PROT_NONE does.
type UserProt uint8

const (
	// UserR allows reading.
	UserR UserProt = 1 << iota
	// UserW allows writing; it includes reading.
	UserW
	// UserX allows executing.
	UserX
)
