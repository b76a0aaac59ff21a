//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"onsen/arch/amd64/sigframe"
	"onsen/arch/spec"
)

// BadFrameHasAddress is false: Linux's signal_fault sends SI_KERNEL.
const BadFrameHasAddress = false

// stateAlign is the alignment of the extended state on the stack.
const stateAlign = 64

// TopByteIgnored is false: there is no room for tags in an address.
const TopByteIgnored = false

// UntagAddress returns the address: all of it counts.
func UntagAddress(addr uintptr) uintptr { return addr }

// PushSignalFrame makes the program handle a signal; see package arch.
func PushSignalFrame(c *UserContext, f *spec.SignalFrame, write func(addr uintptr, b []byte) error) error {
	at, state, err := c.placeFrame(f)
	if err != nil {
		return err
	}
	c.tell(f)
	r := &c.regs
	r.settleRegs()
	frame := c.signalFrame()
	frame.Restorer = uint64(f.Restorer)
	v := &frame.Regs
	v[sigframe.R8], v[sigframe.R9], v[sigframe.R10], v[sigframe.R11] = r.r8, r.r9, r.r10, r.r11
	v[sigframe.R12], v[sigframe.R13], v[sigframe.R14], v[sigframe.R15] = r.r12, r.r13, r.r14, r.r15
	v[sigframe.DI], v[sigframe.SI], v[sigframe.BP], v[sigframe.BX] = r.di, r.si, r.bp, r.bx
	v[sigframe.DX], v[sigframe.AX], v[sigframe.CX] = r.dx, r.ax, r.cx
	v[sigframe.SP], v[sigframe.IP], v[sigframe.Flags] = r.sp, r.ip, r.getFlags()
	frame.Trapno, frame.Err, frame.CR2 = c.told.number, c.told.code, c.told.addr
	frame.FPState = uint64(state)
	frame.SetSegments(uint16(r.cs), uint16(r.ss))
	frame.Complete(xfeatures != 0, f.Mask, f.AltStack)
	frame.Siginfo = *f.Info
	if err := c.pushFrame(at, state, write); err != nil {
		return err
	}
	r.di, r.si, r.dx, r.ax = uint64(f.Sig), uint64(at+sigframe.Info), uint64(at+sigframe.Context), 0
	r.flags &^= flagDF | flagRF | flagTF | exactRegs
	r.SetPC(f.Handler)
	r.sp = uint64(at)
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
//
// Where the program is counts twice, and not in the same way: what is to fit on the
// alternate stack is asked of its stack pointer, and whether it changes to that stack
// of the end of its red zone (Linux's get_sigframe).
func (c *UserContext) placeFrame(f *spec.SignalFrame) (at, state int, err error) {
	onAlt := f.AltStack.InUse(uintptr(c.regs.sp))
	sp, enters := f.StackTop(uintptr(c.regs.sp) - redZone)
	if sp > TaskSize {
		return 0, 0, syscall.EFAULT
	}
	state = (int(sp) - frameStateSize) &^ (stateAlign - 1)
	// As after a CALL, the stack is 8 bytes off a multiple of 16.
	at = (state-sigframe.Size)&^15 - 8
	if at < 0 || (onAlt || enters) && !f.AltStack.Holds(uintptr(at)) {
		return 0, 0, syscall.EFAULT
	}
	return at, state, nil
}

// SignalFrameSize returns how much of a stack a signal frame takes up at most:
// AT_MINSIGSTKSZ.
func SignalFrameSize() uintptr {
	const align = 15
	return uintptr(sigframe.Size+stateAlign+8+frameStateSize+align) &^ align
}

// signalFrame returns the frame in which all of c's are put together and taken
// apart.
func (c *UserContext) signalFrame() *sigframe.Frame {
	if c.frame == nil {
		c.frame = new(sigframe.Frame)
	}
	return c.frame
}

// PopSignalFrame brings back what PushSignalFrame has saved; see package arch.
func PopSignalFrame(c *UserContext, read func(addr uintptr, b []byte) error) (mask uint64, alt spec.AltStack, err error) {
	frame := c.signalFrame()
	if err := getUser(unsafe.Pointer(frame), uintptr(c.regs.sp)-8, sigframe.ToRead, read); err != nil {
		return 0, alt, err
	}
	frame.Check()
	r, v := &c.regs, &frame.Regs
	r.r8, r.r9, r.r10, r.r11 = v[sigframe.R8], v[sigframe.R9], v[sigframe.R10], v[sigframe.R11]
	r.r12, r.r13, r.r14, r.r15 = v[sigframe.R12], v[sigframe.R13], v[sigframe.R14], v[sigframe.R15]
	r.di, r.si, r.bp, r.bx = v[sigframe.DI], v[sigframe.SI], v[sigframe.BP], v[sigframe.BX]
	r.dx, r.ax, r.cx = v[sigframe.DX], v[sigframe.AX], v[sigframe.CX]
	r.sp, r.ip = v[sigframe.SP], v[sigframe.IP]
	cs, ss := frame.Segments()
	r.cs, r.ss = uint32(cs), uint32(ss)
	r.setFlags(r.flags&^sigframe.FixFlags | v[sigframe.Flags])
	if c.popState(uintptr(frame.FPState), read) != nil {
		err = syscall.EINVAL
	}
	return frame.Mask(), frame.AltStack(), err
}
