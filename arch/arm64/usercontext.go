package arm64

import "onsen/arch/spec"

// UserContext is all that the processor keeps for a program while the kernel,
// or another program, runs. The entry code reads all of it on the way to user
// mode, so that none of it is memory that is missing on the way back.
type UserContext struct {
	regs PtRegs
	fpsr uint64
	fpcr uint64
	v    [64]uint64 // q0 to q31
	tls  uint64     // TPIDR_EL0, unless the context is loaded

	trap  spec.Trap    // what the last exception was
	frame *frameBuffer // nil before the first signal

	tracedWord int    // NT_ARM_SYSTEM_CALL is its low half, while a tracer may look
	stepping   bool   // EnableSingleStep
	restartPC  uint64 // where ShowRestart has left the program

	debug   *debugRegs // breakpoints that a tracer has set, or nil
	debugID uint64     // debug.id, or 0
}

// Regs returns the registers.
//
//go:nosplit
func (c *UserContext) Regs() *PtRegs { return &c.regs }

// Trap describes the last EntryPageFault or EntryException.
func (c *UserContext) Trap() *spec.Trap { return &c.trap }

// Copy makes c the context of a new task, a copy of that of the caller, from.
func (c *UserContext) Copy(from *UserContext) {
	*c = *from
	c.tls = uint64(from.TLS())
	c.trap, c.frame = spec.Trap{}, nil
	DisableSingleStep(c)
	c.debug, c.debugID = nil, 0
}

// Reset makes c the context of a new program, whose registers StartThread sets.
// The caller runs it or will.
func (c *UserContext) Reset() {
	_ = c.SetTLS(0)
	if c.debug != nil {
		c.dropDebug()
	}
	*c = UserContext{}
}
