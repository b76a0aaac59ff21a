//go:build metal && amd64

package amd64

import (
	"syscall"

	"onsen/arch/amd64/sigframe"
)

// The extended state of a program that does not run, as tracers and core files
// know it: that of signal frames but for a few words.

// fpRegs returns the x87 and SSE registers in the layout of FXSAVE.
func (c *UserContext) fpRegs() []byte { return c.extendedState()[:fxsaveSize] }

// xstate returns the whole extended state in the layout of XSAVE. ENODEV if the
// processor has no XSAVE.
func (c *UserContext) xstate() ([]byte, error) {
	if xfeatures == 0 {
		return nil, syscall.ENODEV
	}
	return c.extendedState(), nil
}

// extendedState returns the whole state.
func (c *UserContext) extendedState() []byte {
	b := make([]byte, xformat.Size)
	c.save()
	xformat.Put(b, c.area(), &c.x, c.mxcsr)
	return b
}

// setFPRegs changes the x87 and SSE registers. EINVAL if not to a whole state
// that the processor takes.
func (c *UserContext) setFPRegs(off int, b []byte) error {
	if off != 0 || len(b) != fxsaveSize {
		return syscall.EINVAL
	}
	return c.setExtendedState(sigframe.MergeLegacy(c.extendedState(), b))
}

// setXState changes the whole extended state. "A whole standard-format XSAVE
// buffer is needed", or it is EFAULT: xstateregs_set in Linux's
// arch/x86/kernel/fpu/regset.c. ENODEV if there is none, EINVAL for a state that
// the processor does not take.
func (c *UserContext) setXState(off int, b []byte) error {
	if xfeatures == 0 {
		return syscall.ENODEV
	}
	if off != 0 || len(b) != xformat.Size {
		return syscall.EFAULT
	}
	return c.setExtendedState(b)
}

// setExtendedState is the way back from extendedState.
func (c *UserContext) setExtendedState(b []byte) error {
	c.save()
	c.forget()
	mxcsr, err := xformat.Get(b, c.area(), &c.x)
	if err != nil {
		return syscall.EINVAL
	}
	c.mxcsr = mxcsr
	return nil
}
