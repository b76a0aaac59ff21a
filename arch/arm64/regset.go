package arm64

import (
	"encoding/binary"
	"syscall"

	"onsen/arch/spec"
)

// Note types of register sets.
const (
	ntPRStatus   = 1     // general registers
	ntPRFPReg    = 2     // vector registers
	ntTLS        = 0x401 // thread pointers; NT_ARM_TLS
	ntHWBreak    = 0x402 // breakpoints; NT_ARM_HW_BREAK
	ntHWWatch    = 0x403 // watchpoints; NT_ARM_HW_WATCH
	ntSystemCall = 0x404 // the number of the system call; NT_ARM_SYSTEM_CALL
)

// userRegs is the number of words in struct user_pt_regs.
const userRegs = 34

// Regsets returns the register sets, in the order of a core file.
func Regsets() []spec.Regset {
	return []spec.Regset{
		{Note: ntPRStatus, Core: "CORE", Size: userRegs * 8, Align: 8},
		{Note: ntPRFPReg, Core: "CORE", Size: fpRegsSize, Align: 4},
		{Note: ntTLS, Core: "LINUX", Size: tlsSize, Align: 8},
		{Note: ntHWBreak, Core: "LINUX", Size: debugSize, Align: 4},
		{Note: ntHWWatch, Core: "LINUX", Size: debugSize, Align: 4},
		{Note: ntSystemCall, Core: "LINUX", Size: 4, Align: 4},
	}
}

// words returns the registers in the order of struct user_pt_regs.
func (r *PtRegs) words() [userRegs]*uint64 {
	var w [userRegs]*uint64
	for i := range r.R {
		w[i] = &r.R[i]
	}
	w[31], w[32], w[33] = &r.Stack, &r.IP, &r.PState
	return w
}

// GetRegset returns a register set of a program that does not run. EINVAL for an
// unknown one.
func GetRegset(c *UserContext, note uint32) ([]byte, error) {
	switch note {
	case ntPRStatus:
		b := make([]byte, 0, userRegs*8)
		for _, p := range c.regs.words() {
			b = binary.LittleEndian.AppendUint64(b, *p)
		}
		return b, nil
	case ntPRFPReg:
		return c.fpRegs(), nil
	case ntTLS:
		return c.tlsRegs(), nil
	case ntHWBreak, ntHWWatch:
		return c.debug.get(int(note-ntHWBreak), readDFR0()), nil
	case ntSystemCall:
		return binary.LittleEndian.AppendUint32(nil, uint32(c.tracedWord)), nil
	}
	return nil, syscall.EINVAL
}

// SetRegset changes a register set of a program that does not run, from byte off
// on. EINVAL for an unknown one, or a state that user mode cannot have.
func SetRegset(c *UserContext, note uint32, off int, b []byte) error {
	switch {
	case note == ntPRFPReg:
		return c.setFPRegs(off, b)
	case note == ntTLS:
		return c.setTLSRegs(off, b)
	case note == ntHWBreak || note == ntHWWatch:
		return c.setDebug(int(note-ntHWBreak), off, b)
	case note == ntSystemCall && off == 0 && len(b) == 4:
		c.tracedWord = int(int32(binary.LittleEndian.Uint32(b)))
		return nil
	case note == ntSystemCall && len(b) == 0:
		return nil
	case note != ntPRStatus || off%8 != 0 || off+len(b) > userRegs*8:
		return syscall.EINVAL
	}
	fresh := c.regs
	words := fresh.words()
	for i := off / 8; len(b) >= 8; i, b = i+1, b[8:] {
		*words[i] = binary.LittleEndian.Uint64(b)
	}
	if !fresh.sanitize() {
		return syscall.EINVAL
	}
	c.regs = fresh
	c.resetStep()
	return nil
}

// setDebug changes the breakpoints or watchpoints of a program that does not run.
func (c *UserContext) setDebug(kind, off int, b []byte) error {
	if off != 0 {
		return syscall.EINVAL
	}
	d, err := c.debug.set(kind, readDFR0(), b)
	c.debug, c.debugID = d, d.id
	return err
}

// PeekUser has nothing to return: EIO. There is no struct user here.
func PeekUser(*UserContext, uintptr) (uintptr, error) { return 0, syscall.EIO }

// PokeUser has nothing to change: EIO.
func PokeUser(*UserContext, uintptr, uintptr) error { return syscall.EIO }

// EnableSingleStep has the program execute one instruction and trap: PSTATE.SS says
// that it has not been executed yet, Arm ARM D2.12. If the last one was a system
// call, whose end has been told as a trap of its own, the processor's still comes:
// so it is on Linux.
func EnableSingleStep(c *UserContext) {
	if !c.stepping {
		c.stepping = true
		c.regs.PState |= pstateSS
	}
}

// DisableSingleStep undoes EnableSingleStep.
func DisableSingleStep(c *UserContext) {
	c.stepping = false
	c.regs.PState &^= pstateSS
}

// StepIntoHandler is called when a program that executes one instruction at a time
// is to enter a signal handler: that counts as one. It reports whether the next
// one is to trap, too.
func StepIntoHandler(c *UserContext) bool {
	c.resetStep()
	return true
}

// resetStep sets PSTATE.SS after registers have been replaced: Linux's
// user_regs_reset_single_step.
func (c *UserContext) resetStep() {
	c.regs.PState &^= pstateSS
	c.rewindStep()
}

// rewindStep makes the next instruction one that has not been executed yet.
func (c *UserContext) rewindStep() {
	if c.stepping {
		c.regs.PState |= pstateSS
	}
}

// PtraceRegset knows no requests that are about one register set.
func PtraceRegset(int) (note uint32, set, ok bool) { return 0, false, false }

// ArchPtrace does the requests that only this architecture has: none.
func ArchPtrace(*UserContext, int, uintptr, uintptr) (v uintptr, store, handled bool, err error) {
	return 0, false, false, nil
}
