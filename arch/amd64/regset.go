//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"syscall"

	"onsen/arch/amd64/sigframe"
	"onsen/arch/spec"
)

// Note types of register sets.
const (
	ntPRStatus = 1     // general registers
	ntPRFPReg  = 2     // x87 and SSE, as FXSAVE has them
	ntXState   = 0x202 // all of the extended state, as XSAVE has it
)

// Places in struct user_regs_struct that are not registers as they are.
const (
	userOrigAX = 15
	userIP     = 16
	userCS     = 17
	userFlagsN = 18
	userSS     = 20
	userFSBase = 21
	userGSBase = 22
	userDS     = 23
	userES     = 24
	userFS     = 25
	userGS     = 26

	// Places in struct user.
	userDebug    = 848 // the debug registers, DR0 to DR7
	userDebugEnd = userDebug + 8*8
	userSize     = userDebugEnd + 2*8
	userRegs     = 27
)

// Regsets returns the register sets, in the order of a core file.
func Regsets() []spec.Regset {
	sets := []spec.Regset{
		{Note: ntPRStatus, Core: "CORE", Size: userRegs * 8, Align: 8},
		{Note: ntPRFPReg, Core: "CORE", Size: fxsaveSize, Align: 8},
	}
	if xfeatures != 0 {
		sets = append(sets, spec.Regset{Note: ntXState, Core: "LINUX", Size: xformat.Size, Align: 8})
	}
	return sets
}

// words returns the registers in the order of struct user_regs_struct; nil for
// what is not a register as it is.
func (r *PtRegs) words() [userRegs]*uint64 {
	return [userRegs]*uint64{
		&r.r15, &r.r14, &r.r13, &r.r12, &r.bp, &r.bx, &r.r11, &r.r10, &r.r9, &r.r8,
		&r.ax, &r.cx, &r.dx, &r.si, &r.di, userIP: &r.ip, 19: &r.sp,
	}
}

// GetRegset returns a register set of a program that does not run. EINVAL for an
// unknown one.
func GetRegset(c *UserContext, note uint32) ([]byte, error) {
	switch note {
	case ntPRStatus:
	case ntPRFPReg:
		return c.fpRegs(), nil
	case ntXState:
		return c.xstate()
	default:
		return nil, syscall.EINVAL
	}
	c.regs.settleRegs()
	b := make([]byte, 0, userRegs*8)
	for i, p := range c.regs.words() {
		b = binary.LittleEndian.AppendUint64(b, c.userWord(i, p))
	}
	return b, nil
}

// userWord returns word i of struct user_regs_struct, whose register is p.
func (c *UserContext) userWord(i int, p *uint64) uint64 {
	switch i {
	case userOrigAX:
		return uint64(c.tracedWord)
	case userCS:
		return uint64(c.regs.cs)
	case userFlagsN:
		if c.stepping {
			return c.regs.getFlags() &^ flagTF // it is the tracer's
		}
		return c.regs.getFlags()
	case userSS:
		return uint64(c.regs.ss)
	case userFSBase:
		return c.fsBase
	case userGSBase:
		return c.gsBase
	}
	if p == nil {
		return 0 // a segment register: nothing is in those
	}
	return *p
}

// SetRegset changes a register set of a program that does not run, from byte off
// on. EINVAL for an unknown one, EIO for a base or a segment that no program can
// have; setFPRegs and setXState say what else.
func SetRegset(c *UserContext, note uint32, off int, b []byte) error {
	switch note {
	case ntPRFPReg:
		return c.setFPRegs(off, b)
	case ntXState:
		return c.setXState(off, b)
	}
	if note != ntPRStatus || off%8 != 0 || off+len(b) > userRegs*8 {
		return syscall.EINVAL
	}
	c.regs.settleRegs()
	words := c.regs.words()
	for i := off / 8; len(b) >= 8; i, b = i+1, b[8:] {
		if err := c.setUserWord(i, words[i], binary.LittleEndian.Uint64(b)); err != nil {
			return err
		}
	}
	return nil
}

// setUserWord changes word i of struct user_regs_struct.
func (c *UserContext) setUserWord(i int, p *uint64, v uint64) error {
	switch i {
	case userOrigAX:
		c.tracedWord = int64(v)
	case userIP:
		c.regs.SetPC(uintptr(v))
	case userCS:
		return setSelector(&c.regs.cs, v)
	case userSS:
		return setSelector(&c.regs.ss, v)
	case userDS, userES, userFS, userGS:
		if uint16(v) != 0 { // nothing is in those
			return syscall.EIO
		}
	case userFlagsN:
		c.setTracedFlags(v)
	case userFSBase, userGSBase:
		if v >= uint64(TaskSize) {
			return syscall.EIO
		}
		if i == userFSBase {
			c.fsBase = v
			return nil
		}
		c.forget()
		c.gsBase = v
	default:
		if p != nil {
			*p = v
		}
	}
	return nil
}

// setSelector changes the selector of code or stack. It may be of no segment, but EIO
// if it is null, or not of a program's privilege level.
func setSelector(p *uint32, v uint64) error {
	if v&3 != 3 {
		return syscall.EIO
	}
	*p = uint32(uint16(v))
	return nil
}

// setTracedFlags changes the flags that a tracer may. TF becomes the program's own
// if the tracer sets it; otherwise it stays that of EnableSingleStep.
func (c *UserContext) setTracedFlags(v uint64) {
	if v&flagTF != 0 {
		c.stepping = false
	} else if c.stepping {
		v |= flagTF
	}
	const mask = sigframe.FixFlags | flagNT
	c.regs.setFlags(c.regs.getFlags()&^mask | v&mask)
}

// PeekUser returns a word of struct user. EIO if there is none.
func PeekUser(c *UserContext, off uintptr) (uintptr, error) {
	switch {
	case off%8 != 0 || off >= userSize:
		return 0, syscall.EIO
	case off >= userDebug:
		return uintptr(c.peekDebug(int(off-userDebug) / 8)), nil
	case off >= userRegs*8:
		return 0, nil
	}
	c.regs.settleRegs()
	return uintptr(c.userWord(int(off/8), c.regs.words()[off/8])), nil
}

// PokeUser changes a word of struct user. EIO if there is none.
func PokeUser(c *UserContext, off, v uintptr) error {
	if off%8 == 0 && off >= userDebug && off < userDebugEnd {
		return c.pokeDebug(int(off-userDebug)/8, uint64(v))
	}
	if off%8 != 0 || off >= userRegs*8 {
		return syscall.EIO
	}
	c.regs.settleRegs()
	return c.setUserWord(int(off/8), c.regs.words()[off/8], uint64(v))
}

// EnableSingleStep has the program execute one instruction and trap.
func EnableSingleStep(c *UserContext) {
	c.regs.settleRegs()
	if c.regs.flags&flagTF == 0 {
		c.regs.flags |= flagTF
		c.stepping = true
	}
}

// DisableSingleStep undoes EnableSingleStep. A TF that the program has set itself
// stays.
func DisableSingleStep(c *UserContext) {
	if c.stepping {
		c.regs.flags &^= flagTF
		c.stepping = false
	}
}

// StepIntoHandler is called when a program that executes one instruction at a time
// is to enter a signal handler. It reports whether the next instruction is to
// trap: only if the tracer asks for it again.
func StepIntoHandler(c *UserContext) bool {
	DisableSingleStep(c)
	return false
}

// Requests that only this architecture has.
const (
	ptraceGetRegs   = 12
	ptraceSetRegs   = 13
	ptraceGetFPRegs = 14
	ptraceSetFPRegs = 15
	ptraceArchPrctl = 30
)

// PtraceRegset tells which register set a request is about that has none among
// its arguments, and whether it changes it.
func PtraceRegset(request int) (note uint32, set, ok bool) {
	switch request {
	case ptraceGetRegs, ptraceSetRegs:
		return ntPRStatus, request == ptraceSetRegs, true
	case ptraceGetFPRegs, ptraceSetFPRegs:
		return ntPRFPReg, request == ptraceSetFPRegs, true
	}
	return 0, false, false
}

// ArchPtrace does the other requests that only this architecture has, to a program
// that does not run. With store set, v is to be stored at addr.
func ArchPtrace(c *UserContext, request int, addr, data uintptr) (v uintptr, store, handled bool, err error) {
	if request != ptraceArchPrctl {
		return 0, false, false, nil
	}
	code := int(data)
	v, err = ArchPrctl(c, code, addr)
	return v, code == archGetFS || code == archGetGS, true, err
}
