//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"syscall"

	"onsen/arch/spec"
)

// ntPRStatus is the register set of the general registers, NT_PRSTATUS.
const ntPRStatus = 1

// Places in struct user_regs_struct that are not registers as they are.
const (
	userOrigAX = 15
	userIP     = 16
	userCS     = 17
	userFlagsN = 18
	userSS     = 20
	userFSBase = 21
	userGSBase = 22
	userRegs   = 27
)

// Regsets returns the register sets, in the order of a core file.
func Regsets() []spec.Regset {
	return []spec.Regset{{Note: ntPRStatus, Core: "CORE", Size: userRegs * 8, Align: 8}}
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
	if note != ntPRStatus {
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
		return uint64(c.tracedNr)
	case userCS:
		return selUserCode
	case userFlagsN:
		return c.regs.getFlags()
	case userSS:
		return selUserData
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
// on. EINVAL for an unknown one, EIO for a base outside of user space.
func SetRegset(c *UserContext, note uint32, off int, b []byte) error {
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
		c.tracedNr = int64(v)
	case userIP:
		c.regs.SetPC(uintptr(v))
	case userFlagsN:
		c.regs.setFlags(v)
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

// PeekUser returns a word of struct user. EIO if there is none.
func PeekUser(c *UserContext, off uintptr) (uintptr, error) {
	if off%8 != 0 || off >= userRegs*8 {
		return 0, syscall.EIO
	}
	c.regs.settleRegs()
	return uintptr(c.userWord(int(off/8), c.regs.words()[off/8])), nil
}

// PokeUser changes a word of struct user. EIO if there is none.
func PokeUser(c *UserContext, off, v uintptr) error {
	if off%8 != 0 || off >= userRegs*8 {
		return syscall.EIO
	}
	c.regs.settleRegs()
	return c.setUserWord(int(off/8), c.regs.words()[off/8], uint64(v))
}

// EnableSingleStep has the program execute one instruction and trap.
func EnableSingleStep(c *UserContext) {
	c.regs.settleRegs()
	c.regs.flags |= flagTF
}

// DisableSingleStep undoes EnableSingleStep.
func DisableSingleStep(c *UserContext) { c.regs.flags &^= flagTF }

// StepIntoHandler is called when a program that executes one instruction at a time
// is to enter a signal handler. It reports whether the next instruction is to
// trap: only if the tracer asks for it again.
func StepIntoHandler(c *UserContext) bool {
	DisableSingleStep(c)
	return false
}

// ArchPtrace does the requests that only this architecture has; it has none yet.
func ArchPtrace(*UserContext, int, uintptr, uintptr) (v uintptr, handled bool, err error) {
	return 0, false, nil
}
