package arm64

// Interrupt numbers (INTIDs), GICv3 2.2: software generated from 0, private
// peripheral from 16, shared peripheral from 32; 1020 and up are special.
const (
	sgiWake   = 0 // look at the recorded events
	sgiStop   = 1 // stop for a panic
	sgiRetire = 2 // forget an address space, see RetireMM

	firstPPI   = 16
	firstSPI   = 32
	maxIRQ     = 1020 // also what an acknowledge returns from when there is nothing
	perWord    = 32   // one bit for each interrupt
	perConfig  = 16   // two bits
	perQuarter = 4    // a byte
)

// Registers of the distributor, GICv2 4.1.2 and GICv3 12.8. A redistributor's
// second frame has those from gicdGroup to gicdConfig for its own interrupts.
const (
	gicdControl   = 0x0000 // GICD_CTLR
	gicdType      = 0x0004 // GICD_TYPER
	gicdGroup     = 0x0080 // GICD_IGROUPRn
	gicdSetEnable = 0x0100 // GICD_ISENABLERn
	gicdClrEnable = 0x0180 // GICD_ICENABLERn
	gicdClrActive = 0x0380 // GICD_ICACTIVERn
	gicdPriority  = 0x0400 // GICD_IPRIORITYRn
	gicdTargets   = 0x0800 // GICD_ITARGETSRn, GICv2 only
	gicdConfig    = 0x0c00 // GICD_ICFGRn
	gicdSGI       = 0x0f00 // GICD_SGIR, GICv2 only
	gicdRoute     = 0x6000 // GICD_IROUTERn, GICv3 only, 64 bits each

	// GICD_CTLR: in GICv2 bit 0 enables forwarding. In GICv3 bits 0 and 1
	// enable group 1 as a non-secure access sees it, or groups 0 and 1, and
	// bit 4 is affinity routing.
	gicdControlV2    = 1 << 0
	gicdControlV3    = 1<<0 | 1<<1 | 1<<4
	gicdWritePending = 1 << 31 // RWP

	gicdTypeLines = 0x1f // ITLinesNumber
)

// Registers of the GICv2 CPU interface, GICv2 4.1.3.
const (
	giccControl  = 0x00 // GICC_CTLR: bit 0 enables
	giccPriority = 0x04 // GICC_PMR
	giccBinary   = 0x08 // GICC_BPR
	giccAck      = 0x0c // GICC_IAR
	giccEnd      = 0x10 // GICC_EOIR

	giccID = 0x3ff // GICC_IAR: the interrupt; the rest names the sender of an SGI
)

// Registers of a redistributor, GICv3 12.10 and 12.11.
const (
	gicrControl = 0x0000 // GICR_CTLR
	gicrType    = 0x0008 // GICR_TYPER, 64 bits
	gicrWaker   = 0x0014 // GICR_WAKER
	gicrSGIBase = 0x10000

	gicrWritePending = 1 << 3 // GICR_CTLR.RWP
	gicrVirtual      = 1 << 1 // GICR_TYPER.VLPIS: four frames instead of two
	gicrLast         = 1 << 4 // GICR_TYPER.Last
	gicrSleep        = 1 << 1 // GICR_WAKER.ProcessorSleep
	gicrAsleep       = 1 << 2 // GICR_WAKER.ChildrenAsleep

	gicrStride        = 0x20000
	gicrStrideVirtual = 0x40000
)

const (
	priorityDefault = 0xa0 // of every interrupt; smaller is more urgent
	priorityMask    = 0xf0 // what the CPU takes: everything of ours
)

// bitWord returns the offset of the register with irq's bit in an array of
// one-bit fields, and the bit.
//
//go:nosplit
func bitWord(array, irq uintptr) (offset uintptr, bit uint32) {
	return array + irq/perWord*4, 1 << (irq % perWord)
}

// configBits returns the offset of the GICD_ICFGR register for irq and the bit
// in it that makes it edge triggered.
//
//go:nosplit
func configBits(irq uintptr) (offset uintptr, edge uint32) {
	return gicdConfig + irq/perConfig*4, 2 << (irq % perConfig * 2)
}

// Affinity fields of MPIDR_EL1, Arm ARM D19.2: Aff3 in bits 39:32, Aff2 to Aff0
// in bits 23:0. GICD_IROUTERn uses the same places.
const mpidrMask = 0xff_00ff_ffff

// redistributorAffinity returns the affinity in GICR_TYPER in MPIDR's form.
func redistributorAffinity(typer uint64) uint64 {
	return typer>>32&0x00ff_ffff | typer>>56<<32
}

// redistributorSize returns the length of a redistributor with this GICR_TYPER.
func redistributorSize(typer, stride uint64) uint64 {
	if stride != 0 {
		return stride
	}
	if typer&gicrVirtual != 0 {
		return gicrStrideVirtual
	}
	return gicrStride
}

// sgiRegister returns what to write to ICC_SGI1R_EL1 to send SGI 0 to a CPU:
// Aff3, range selector, Aff2, Aff1, and one bit of a list of 16 CPUs. The SGI's
// number goes to bit sgiNumberShift. GICv3 12.2, ICC_SGI1R_EL1.
//
//go:nosplit
func sgiRegister(mpidr uint64) uint64 {
	aff0 := mpidr & 0xff
	return mpidr>>32&0xff<<48 | aff0>>4<<44 | mpidr>>16&0xff<<32 | mpidr>>8&0xff<<16 | 1<<(aff0&15)
}

const sgiNumberShift = 24
