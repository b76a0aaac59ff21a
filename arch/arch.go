// Package arch is the one interface between the kernel and the machine. It
// selects an architecture and adds nothing: every name here is an alias of, or
// a one-line call to, the same name in arch/amd64 or arch/arm64. On a build
// host (without the build tag metal) it selects a fake, so that everything
// above can be unit-tested with plain go test.
//
// Unless its comment says "ordinary Go", a function here may be called from
// the lowest layer: it is nosplit, allocates nothing, takes no lock that could
// be held by an interrupted context, and works with interrupts masked.
package arch

import "onsen/arch/spec"

//go:generate sh -c "sed s/amd64/arm64/g select_amd64.go >select_arm64.go"

// Words shared by all architectures; see package spec.
const (
	PageSize = spec.PageSize
	MaxCPUs  = spec.MaxCPUs

	EventTimer        = spec.EventTimer
	EventReschedule   = spec.EventReschedule
	EventCallFunction = spec.EventCallFunction
	EventDevice       = spec.EventDevice

	ProtR      = spec.ProtR
	ProtW      = spec.ProtW
	ProtX      = spec.ProtX
	ProtDevice = spec.ProtDevice

	FaultTranslation = spec.FaultTranslation
	FaultAccess      = spec.FaultAccess
	FaultDivide      = spec.FaultDivide
	FaultIllegal     = spec.FaultIllegal
	FaultBreakpoint  = spec.FaultBreakpoint
	FaultOther       = spec.FaultOther
)

type (
	// Event is a set of recorded interrupt events.
	Event = spec.Event
	// Prot is a set of access rights of a kernel mapping.
	Prot = spec.Prot
	// FaultKind says why the processor stopped kernel code.
	FaultKind = spec.FaultKind
)
