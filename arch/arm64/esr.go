package arm64

import "onsen/arch/spec"

// Exception classes, ESR_ELx.EC. Arm ARM D19.2, ESR_EL1.
const (
	ecShift = 26
	ecMask  = 0x3f

	ecUnknown      = 0x00
	ecFPTrap       = 0x07
	ecIllegalState = 0x0e
	ecSVC          = 0x15
	ecSysReg       = 0x18
	ecInstrLower   = 0x20
	ecInstrSame    = 0x21
	ecPCAlignment  = 0x22
	ecDataLower    = 0x24
	ecDataSame     = 0x25
	ecSPAlignment  = 0x26
	ecBreakpoint   = 0x3c // BRK
)

// Fault status codes of aborts, ESR_ELx.ISS bits 5:2; the bits below say at
// which level of the tables.
const (
	fscMask        = 0x3c
	fscAddressSize = 0x00
	fscTranslation = 0x04
	fscAccessFlag  = 0x08
	fscPermission  = 0x0c
)

// faultOf says what kind of fault an exception syndrome stands for.
//
//go:nosplit
func faultOf(esr uint64) spec.FaultKind {
	ec := esr >> ecShift & ecMask
	if ec == ecInstrLower || ec == ecInstrSame || ec == ecDataLower || ec == ecDataSame {
		return abortOf(esr)
	}
	if ec == ecUnknown || ec == ecFPTrap || ec == ecIllegalState || ec == ecSysReg {
		return spec.FaultIllegal
	}
	if ec == ecBreakpoint {
		return spec.FaultBreakpoint
	}
	return spec.FaultOther
}

// abortOf says what kind of fault an instruction or data abort is.
//
//go:nosplit
func abortOf(esr uint64) spec.FaultKind {
	switch esr & fscMask {
	case fscTranslation:
		return spec.FaultTranslation
	case fscAddressSize, fscAccessFlag, fscPermission:
		return spec.FaultAccess
	}
	return spec.FaultOther // external abort, alignment, TLB conflict...
}

// faultAddress returns the address a fault is about: what the code tried to
// reach, or the code itself.
//
//go:nosplit
func faultAddress(esr, far, pc uint64) uintptr {
	ec := esr >> ecShift & ecMask
	if ec >= ecInstrLower && ec <= ecDataSame { // aborts and PC alignment
		return uintptr(far)
	}
	return uintptr(pc)
}
