package arm64

import (
	"encoding/binary"
	"syscall"
)

const (
	// fpRegsSize is the size of struct user_fpsimd_state: the registers, FPSR,
	// FPCR, and two words of nothing.
	fpRegsSize = 32*16 + 4*4
	fpsrAt     = 32 * 16
	fpcrAt     = fpsrAt + 4

	// tlsSize is the size of the thread pointers, TPIDR_EL0 and TPIDR2_EL0. The
	// latter comes with SME, which programs do not get: it is 0.
	tlsSize = 16
)

// fpRegs returns struct user_fpsimd_state of a program that does not run.
func (c *UserContext) fpRegs() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, fpRegsSize)
	for _, v := range c.v {
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, uint32(c.fpsr))
	b = le.AppendUint32(b, uint32(c.fpcr))
	return append(b, make([]byte, fpRegsSize-len(b))...)
}

// setFPRegs changes struct user_fpsimd_state from byte off on. EINVAL if it is not
// that long.
func (c *UserContext) setFPRegs(off int, b []byte) error {
	if off+len(b) > fpRegsSize {
		return syscall.EINVAL
	}
	le := binary.LittleEndian
	state := c.fpRegs()
	copy(state[off:], b)
	for i := range c.v {
		c.v[i] = le.Uint64(state[i*8:])
	}
	c.fpsr, c.fpcr = uint64(le.Uint32(state[fpsrAt:])), uint64(le.Uint32(state[fpcrAt:]))
	return nil
}

// tlsRegs returns the thread pointers, of the caller, too.
func (c *UserContext) tlsRegs() []byte {
	b := make([]byte, tlsSize)
	binary.LittleEndian.PutUint64(b, uint64(c.TLS()))
	return b
}

// setTLSRegs changes the thread pointers from byte off on. EINVAL if they are not
// that long.
func (c *UserContext) setTLSRegs(off int, b []byte) error {
	if off+len(b) > tlsSize {
		return syscall.EINVAL
	}
	regs := c.tlsRegs()
	copy(regs[off:], b)
	return c.SetTLS(uintptr(binary.LittleEndian.Uint64(regs)))
}
