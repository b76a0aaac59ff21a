// Package spec holds the words that every architecture and the rest of the
// kernel agree on: the few types of the interface in package arch. It imports
// nothing and has no behaviour.
package spec

// PageSize is the size of the smallest page, in bytes, on every architecture.
const PageSize = 4096

// MaxCPUs bounds the number of processors the kernel can use.
const MaxCPUs = 64

// Event is a set of things an interrupt stub has recorded for one CPU. The
// stub only sets bits; ordinary Go on the task side of that CPU takes them at
// its next safe point.
type Event uint32

const (
	// EventTimer says that the CPU's one-shot timer has fired.
	EventTimer Event = 1 << iota
	// EventReschedule asks the CPU to look at its run queue again.
	EventReschedule
	// EventCallFunction asks the CPU to run the functions queued for it.
	EventCallFunction
	// EventDevice says that at least one device line is recorded; see TakeIRQ.
	EventDevice
)

// Prot is a set of access rights of a kernel mapping.
type Prot uint8

const (
	// ProtR allows reading. Every present mapping has it.
	ProtR Prot = 1 << iota
	// ProtW allows writing.
	ProtW
	// ProtX allows executing in kernel mode.
	ProtX
	// ProtDevice makes the mapping uncached and ordered, for registers.
	ProtDevice
)

// FaultKind says why the processor stopped kernel code.
type FaultKind uint8

const (
	// FaultTranslation: no page is mapped at the address.
	FaultTranslation FaultKind = iota
	// FaultAccess: a page is mapped but does not allow the access, or the
	// address is not one the processor can translate at all.
	FaultAccess
	// FaultDivide: an integer division failed.
	FaultDivide
	// FaultIllegal: the instruction is undefined or not allowed.
	FaultIllegal
	// FaultBreakpoint: a breakpoint instruction.
	FaultBreakpoint
	// FaultOther: anything else; never recoverable.
	FaultOther
)

// PCIFunction is a function on a PCI bus.
type PCIFunction interface {
	// Read and Write access the configuration space. Offsets are multiples of 4.
	Read(offset uint32) uint32
	Write(offset uint32, v uint32)
	String() string // as "0000:00:03.0"
}
