//go:build metal && amd64

package amd64

import "unsafe"

// The signal frame that the Go runtime's handler expects is Linux's
// rt_sigframe: return address, ucontext, siginfo (arch/x86/kernel/signal.c).

// sigcontext is Linux's struct sigcontext_64.
type sigcontext struct {
	r8, r9, r10, r11, r12, r13, r14, r15 uint64
	di, si, bp, bx, dx, ax, cx, sp, ip   uint64
	flags                                uint64
	cs, gs, fs, ss                       uint16
	err, trapno, oldmask, cr2            uint64
	fpstate                              uint64
	_                                    [8]uint64
}

// ucontext is Linux's struct ucontext.
type ucontext struct {
	flags, link uint64
	stackSP     uint64
	stackFlags  uint64
	stackSize   uint64
	mcontext    sigcontext
	sigmask     uint64
	_           [15]uint64 // the runtime's sigset is 128 bytes long
}

// siginfo is the part of siginfo_t that matters here.
type siginfo struct {
	signo, errno, code, _ int32
	addr                  uint64
	_                     [13]uint64
}

type rtFrame struct {
	ret  uint64
	uc   ucontext
	info siginfo
	x    [32]uint64 // vector registers, for PopSignal alone
	_    uint64     // keeps the size a multiple of 16
}

// redZone is kept free below the stack pointer of an interrupted handler. Go
// code has no red zone; the distance is Linux's all the same.
const redZone = 128

// PushSignal makes f enter handler(sig, info, context) on the alternate stack,
// as if called from restorer.
//
//go:nosplit
func (f *Frame) PushSignal(handler, restorer, altsp, altsize uintptr, mask uint64, sig, code int, addr uintptr) {
	top := altsp + altsize
	if sp := f.SP(); sp > altsp && sp <= top {
		top = sp - redZone
	}
	// On entry the stack is 8 bytes off 16, as after a CALL.
	at := (top-unsafe.Sizeof(rtFrame{}))&^15 - 8
	s := (*rtFrame)(pointer(at))
	s.ret = uint64(restorer)
	s.uc.flags, s.uc.link = 0, 0
	s.uc.stackSP, s.uc.stackFlags, s.uc.stackSize = uint64(altsp), 0, uint64(altsize)
	s.uc.sigmask = mask
	f.save(&s.uc.mcontext)
	s.uc.mcontext.cr2 = uint64(addr)
	s.x = f.X
	s.uc.mcontext.oldmask = f.XValid
	s.info.signo, s.info.errno, s.info.code = int32(sig), 0, int32(code)
	s.info.addr = uint64(addr)
	f.IP, f.RSP = uint64(handler), uint64(at)
	f.DI = uint64(sig)
	f.SI = uint64(uintptr(unsafe.Pointer(&s.info)))
	f.DX = uint64(uintptr(unsafe.Pointer(&s.uc)))
	f.AX = 0
	f.Flags &^= flagDF | flagTF
}

// PopSignal undoes PushSignal: f has executed rt_sigreturn at the end of the
// handler, which has popped the return address. It returns the signal mask.
//
//go:nosplit
func (f *Frame) PopSignal() (mask uint64) {
	s := (*rtFrame)(pointer(f.SP() - 8))
	c := &s.uc.mcontext
	f.R8, f.R9, f.R10, f.R11 = c.r8, c.r9, c.r10, c.r11
	f.R12, f.R13, f.R14, f.R15 = c.r12, c.r13, c.r14, c.r15
	f.DI, f.SI, f.BP, f.BX = c.di, c.si, c.bp, c.bx
	f.DX, f.AX, f.CX = c.dx, c.ax, c.cx
	f.RSP, f.IP = c.sp, c.ip
	f.Flags = f.Flags&flagIF | c.flags | flagIF
	f.X = s.x
	f.XValid = c.oldmask
	return s.uc.sigmask
}

//go:nosplit
func (f *Frame) save(c *sigcontext) {
	c.r8, c.r9, c.r10, c.r11 = f.R8, f.R9, f.R10, f.R11
	c.r12, c.r13, c.r14, c.r15 = f.R12, f.R13, f.R14, f.R15
	c.di, c.si, c.bp, c.bx = f.DI, f.SI, f.BP, f.BX
	c.dx, c.ax, c.cx = f.DX, f.AX, f.CX
	c.sp, c.ip, c.flags = f.RSP, f.IP, f.Flags
	c.cs, c.ss, c.gs, c.fs = uint16(f.CS), uint16(f.SS), 0, 0
	c.err, c.trapno = f.Err, f.Vec
	c.fpstate = 0
}
