//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"onsen/arch/amd64/sigframe"
	"onsen/arch/spec"
)

const (
	ssAutodisarm = -1 << 31 // stack_t.ss_flags: SS_AUTODISARM

	// stateAlign is the alignment of the extended state on the stack.
	stateAlign = 64
	// frameSlack is the most that the alignments cost.
	frameSlack = stateAlign + 16 + 8
)

// xformat describes the extended state. Written by initXState.
var xformat = sigframe.XFormat{Size: sigframe.FXSize, MXCSRMask: 0xffbf}

// setXFormat notes what initXState has found out.
func setXFormat() {
	xformat.Features, xformat.Size = xfeatures, int(xsaveSize)
	// "If all the bits of this field are 0, the mask is 0000FFBFH" - SDM vol. 1,
	// 11.6.6, of MXCSR_MASK in the FXSAVE area.
	const maskAt, align = 28, 16
	area := make([]byte, fxsaveSize+align)
	base := uintptr(unsafe.Pointer(&area[0]))
	off := -base & (align - 1)
	fxsave(base + off)
	if mask := binary.LittleEndian.Uint32(area[off+maskAt:]); mask != 0 {
		xformat.MXCSRMask = mask
	}
}

// PushSignalFrame makes the program handle a signal; see package arch.
func PushSignalFrame(c *UserContext, f *spec.SignalFrame) error {
	at, state, err := c.placeFrame(f)
	if err != nil {
		return err
	}
	c.tell(f)
	r := &c.regs
	r.settleRegs()
	c.save()
	n := xformat.FrameSize()
	b := c.frameBuffer(state - at + n)
	frame := sigframe.Frame{
		Restorer: uint64(f.Restorer),
		Regs: [...]uint64{
			r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15,
			r.di, r.si, r.bp, r.bx, r.dx, r.ax, r.cx, r.sp, r.ip, r.getFlags(),
		},
		Trapno: c.told.number, Err: c.told.code, CR2: c.told.addr,
		Mask: f.Mask, AltStack: f.AltStack,
		FPState: uint64(state), XState: xfeatures != 0,
	}
	clear(b[:state-at])
	frame.Put((*[sigframe.Size]byte)(b))
	*(*[128]byte)(b[sigframe.Info:]) = f.Info
	xformat.Put(b[state-at:], c.area(), &c.x, c.mxcsr)
	if err := f.Write(uintptr(at), b); err != nil {
		return err
	}
	r.di, r.si, r.dx, r.ax = uint64(f.Sig), uint64(at+sigframe.Info), uint64(at+sigframe.Context), 0
	r.flags &^= flagDF | flagRF | flagTF | exactRegs
	r.SetPC(f.Handler)
	r.sp = uint64(at)
	c.resetState()
	return nil
}

// told is what signal frames say of the last fault that became a signal; those
// of other signals repeat it.
type told struct{ number, code, addr uint64 }

// tell takes note of the fault if it is that which f is about.
func (c *UserContext) tell(f *spec.SignalFrame) {
	if si := binary.LittleEndian.Uint32(f.Info[8:]); int32(si) <= 0 {
		return // si_code: from a program
	}
	switch f.Sig {
	case sigill, sigtrap, sigbus, sigfpe, sigsegv:
		c.told.number, c.told.code = c.trap.Number, c.trap.Error
		if c.trap.Number == vecPageFault {
			c.told.addr = uint64(c.trap.Addr)
		}
	}
}

// placeFrame returns the addresses of a frame and of the extended state above
// it. It returns EFAULT if they do not fit on the alternate stack.
func (c *UserContext) placeFrame(f *spec.SignalFrame) (at, state int, err error) {
	sp := uintptr(c.regs.sp)
	onAlt := f.AltStack.Flags&ssAutodisarm == 0 && f.AltStack.Holds(sp)
	sp -= redZone
	if f.SP != 0 {
		sp, onAlt = f.SP, true
	}
	if sp > TaskSize {
		return 0, 0, syscall.EFAULT
	}
	state = (int(sp) - xformat.FrameSize()) &^ (stateAlign - 1)
	// As after a CALL, the stack is 8 bytes off a multiple of 16.
	at = (state-sigframe.Size)&^15 - 8
	if at < 0 || onAlt && !f.AltStack.Holds(uintptr(at)) {
		return 0, 0, syscall.EFAULT
	}
	return at, state, nil
}

// SignalFrameSize returns how much of a stack a signal frame takes up at most:
// AT_MINSIGSTKSZ.
func SignalFrameSize() uintptr {
	const align = 15
	return uintptr(sigframe.Size+stateAlign+8+xformat.FrameSize()+align) &^ align
}

// frameBuffer returns n bytes to build a frame in.
func (c *UserContext) frameBuffer(n int) []byte {
	if c.frame == nil {
		c.frame = make([]byte, sigframe.Size+frameSlack+xformat.FrameSize())
	}
	return c.frame[:n]
}

// resetState gives the program the x87 and vector state of a new one.
func (c *UserContext) resetState() {
	c.forget()
	c.x, c.mxcsr = [32]uint64{}, defaultMXCSR
	sigframe.Reset(c.area())
}

// PopSignalFrame brings back what PushSignalFrame has saved; see package arch.
func PopSignalFrame(c *UserContext, read func(addr uintptr, b []byte) error) (mask uint64, alt spec.AltStack, err error) {
	var frame sigframe.Frame
	b := c.frameBuffer(sigframe.ToRead)
	if err := read(uintptr(c.regs.sp)-8, b); err != nil {
		return 0, alt, err
	}
	if frame.Get((*[sigframe.ToRead]byte)(b)) != nil {
		return 0, alt, syscall.EFAULT
	}
	if err := c.popState(uintptr(frame.FPState), read); err != nil {
		return 0, alt, err
	}
	r, v := &c.regs, &frame.Regs
	r.r8, r.r9, r.r10, r.r11 = v[sigframe.R8], v[sigframe.R9], v[sigframe.R10], v[sigframe.R11]
	r.r12, r.r13, r.r14, r.r15 = v[sigframe.R12], v[sigframe.R13], v[sigframe.R14], v[sigframe.R15]
	r.di, r.si, r.bp, r.bx = v[sigframe.DI], v[sigframe.SI], v[sigframe.BP], v[sigframe.BX]
	r.dx, r.ax, r.cx = v[sigframe.DX], v[sigframe.AX], v[sigframe.CX]
	r.sp, r.ip = v[sigframe.SP], v[sigframe.IP]
	r.setFlags(r.flags&^sigframe.FixFlags | v[sigframe.Flags])
	return frame.Mask, frame.AltStack, nil
}

// popState brings back the x87 and vector state that is at an address.
func (c *UserContext) popState(at uintptr, read func(addr uintptr, b []byte) error) error {
	if at == 0 {
		c.resetState()
		return nil
	}
	if at%stateAlign != 0 && xfeatures != 0 {
		return syscall.EFAULT
	}
	b := c.frameBuffer(xformat.FrameSize())
	if err := read(at, b[:sigframe.FXSize]); err != nil {
		return err
	}
	n := xformat.Extent(b)
	if err := read(at+sigframe.FXSize, b[sigframe.FXSize:n]); err != nil {
		return err
	}
	c.forget()
	mxcsr, err := xformat.Get(b[:n], c.area(), &c.x)
	if err != nil {
		return syscall.EFAULT
	}
	c.mxcsr = mxcsr
	return nil
}
