package arm64

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"onsen/arch/spec"
)

// Signal frames of programs. The layout and its offsets are those of signal.go;
// the rules are those of Linux's arch/arm64/kernel/signal.c. A frame ends with
// a frame record, behind the whole struct rt_sigframe, that links the handler
// to what it interrupted.

// Records in sigcontext.__reserved: each begins with a magic number and its
// size; zeros end the list. include/uapi/asm/sigcontext.h.
const (
	recordHead     = 8
	recordAlign    = 16
	esrMagic       = 0x45535201 // esr_context: u64 esr
	esrSize        = 16
	extraMagic     = 0x45585401 // extra_context: u64 datap; u32 size
	extraSize      = 32
	extraDatap     = 8
	extraDataSize  = 16
	terminatorSize = 16

	// frameMax bounds a frame with all that extra_context has room for.
	frameMax = 256 << 10
)

// frameUsed is as much of the frame as is ever written, the frame record not
// counted: up to the end of the list.
const (
	recordsAt = frameContext + contextMachine + machineReserved
	frameUsed = recordsAt + fpsimdSize + esrSize + terminatorSize
)

// SignalFrameSize returns how much of a stack a signal frame takes up:
// AT_MINSIGSTKSZ. Programs count on all of __reserved, of which little is used,
// and on the frame record.
func SignalFrameSize() uintptr {
	const reserved, record, align = 4096, 16, 16
	return recordsAt + reserved + record + align
}

// regsSize is what sigcontext has of PtRegs.
const regsSize = 34 * 8

// frameBuffer is where a frame is put together and taken apart. A context gets
// one with its first signal.
type frameBuffer [frameUsed]byte

func (c *UserContext) buffer() *frameBuffer {
	if c.frame == nil {
		c.frame = new(frameBuffer)
	}
	return c.frame
}

// regsBytes and vectorBytes are registers as they stand in a frame; both sides
// are little-endian.
func (c *UserContext) regsBytes() []byte { return (*[regsSize]byte)(unsafe.Pointer(&c.regs))[:] }

func (c *UserContext) vectorBytes() []byte { return (*[512]byte)(unsafe.Pointer(&c.v))[:] }

// PushSignalFrame makes the program of c handle a signal: it writes a frame to
// the program's stack and changes the registers. On EFAULT nothing has changed
// but user memory.
func PushSignalFrame(c *UserContext, f *spec.SignalFrame, write func(addr uintptr, b []byte) error) error {
	r := &c.regs
	top, _ := f.StackTop(r.SP())
	link := (top - 16) &^ 15
	base := link - (frameContext + contextSize)
	if link > top || base > link {
		return syscall.EFAULT
	}
	b := c.buffer()
	n := c.fill(b, f)
	if err := write(base, b[:n]); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(b[0:], r.R[29])
	binary.LittleEndian.PutUint64(b[8:], r.R[30])
	if err := write(link, b[:16]); err != nil {
		return err
	}
	r.R[0], r.R[1], r.R[2] = uint64(f.Sig), uint64(base), uint64(base+frameContext)
	r.R[29], r.R[30] = uint64(link), uint64(f.Restorer)
	r.Stack, r.IP = uint64(base), uint64(f.Handler)
	r.PState &^= pstateBTyp | pstateTCO
	return nil
}

// fill puts a frame together. It returns how much of it is used.
func (c *UserContext) fill(b *frameBuffer, f *spec.SignalFrame) int {
	le := binary.LittleEndian
	copy(b[:], f.Info[:])
	uc := b[frameContext:]
	clear(uc[:contextMachine])
	le.PutUint64(uc[contextStack:], uint64(f.AltStack.SP))
	le.PutUint32(uc[contextStack+8:], uint32(f.AltStack.Flags))
	le.PutUint64(uc[contextStack+16:], uint64(f.AltStack.Size))
	le.PutUint64(uc[contextMask:], f.Mask)

	fault := c.isFault(f)
	mc := uc[contextMachine:]
	le.PutUint64(mc[machineAddress:], 0)
	if ec := c.trap.Number; fault && (ec == ecDataLower || ec == ecInstrLower) {
		le.PutUint64(mc[machineAddress:], uint64(c.trap.Addr))
	}
	copy(mc[machineRegs:], c.regsBytes())

	fp := b[recordsAt:]
	le.PutUint32(fp, fpsimdMagic)
	le.PutUint32(fp[4:], fpsimdSize)
	le.PutUint32(fp[fpsimdSR:], uint32(c.fpsr))
	le.PutUint32(fp[fpsimdCR:], uint32(c.fpcr))
	copy(fp[fpsimdRegs:], c.vectorBytes())
	at := recordsAt + fpsimdSize
	if fault {
		le.PutUint32(b[at:], esrMagic)
		le.PutUint32(b[at+4:], esrSize)
		le.PutUint64(b[at+8:], c.trap.Error)
		at += esrSize
	}
	clear(b[at : at+recordHead])
	return at + recordHead
}

// isFault reports whether the signal is for the last exception of c, and of a kind
// whose syndrome frames have. Linux keeps none of breakpoints, steps, arithmetic
// and undefined instructions (arch/arm64/kernel/{traps,debug-monitors,fpsimd}.c).
func (c *UserContext) isFault(f *spec.SignalFrame) bool {
	switch c.trap.Number {
	case ecUnknown, ecSysReg:
		return false
	}
	switch syscall.Signal(f.Sig) {
	case syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGILL:
		code := int32(binary.LittleEndian.Uint32(f.Info[infoCode:]))
		return code > 0 && code != siKernel && c.trap.Error != 0
	}
	return false
}

// BadFrameHasAddress is true: Linux's arm64_notify_segfault.
const BadFrameHasAddress = true

// PopSignalFrame brings back what PushSignalFrame has saved; see package arch.
func PopSignalFrame(c *UserContext, read func(addr uintptr, b []byte) error) (mask uint64, alt spec.AltStack, err error) {
	base := c.regs.SP()
	if base&15 != 0 {
		return 0, alt, c.refuse(syscall.EFAULT)
	}
	le := binary.LittleEndian
	b := c.buffer()
	// The first record, too: it is the vectors nearly always.
	if err := read(base+frameContext, b[frameContext:recordsAt+fpsimdRegs]); err != nil {
		return 0, alt, c.refuse(syscall.EFAULT)
	}
	uc := b[frameContext:]
	mask = le.Uint64(uc[contextMask:])
	alt.SP = uintptr(le.Uint64(uc[contextStack:]))
	alt.Flags = int32(le.Uint32(uc[contextStack+8:]))
	alt.Size = uintptr(le.Uint64(uc[contextStack+16:]))
	copy(c.regsBytes(), uc[contextMachine+machineRegs:])
	if !c.regs.sanitize() {
		return mask, alt, c.refuse(syscall.EINVAL)
	}
	c.resetStep()
	p := recordParser{read: read, base: base + recordsAt, frame: base, limit: reservedSize, b: b}
	if fp, err := p.parse(); err != nil || c.loadVectors(&p, fp) != nil {
		return mask, alt, c.refuse(syscall.EINVAL)
	}
	return mask, alt, nil
}

// refuse forgets the last exception: the signal for a bad frame is not for that.
func (c *UserContext) refuse(err error) error {
	c.trap = spec.Trap{}
	return err
}

// loadVectors reads the fpsimd_context at addr.
func (c *UserContext) loadVectors(p *recordParser, addr uintptr) error {
	head := p.b[recordsAt:][:fpsimdRegs]
	if addr != p.frame+recordsAt && p.read(addr, head) != nil {
		return syscall.EFAULT
	}
	if p.read(addr+fpsimdRegs, c.vectorBytes()) != nil {
		return syscall.EFAULT
	}
	le := binary.LittleEndian
	if le.Uint32(head) != fpsimdMagic || le.Uint32(head[4:]) != fpsimdSize {
		return syscall.EFAULT
	}
	c.fpsr, c.fpcr = uint64(le.Uint32(head[fpsimdSR:])), uint64(le.Uint32(head[fpsimdCR:]))
	return nil
}

// recordParser walks over the records of a frame.
type recordParser struct {
	read   func(addr uintptr, b []byte) error
	frame  uintptr      // start of the frame
	base   uintptr      // of the list, in user memory
	limit  uint64       // its size
	offset uint64       // of the record
	extra  bool         // it is the second list, that of extra_context
	fp     uintptr      // address of the fpsimd_context, 0 if there was none yet
	b      *frameBuffer // holds the frame up to the head of the first record
}

// parse returns the address of the fpsimd_context. It returns EFAULT if there is
// none, or for a list that Linux does not take.
func (p *recordParser) parse() (fp uintptr, err error) {
	for {
		magic, size, ok := p.head()
		if !ok {
			return 0, syscall.EFAULT
		}
		switch magic {
		case 0:
			if size != 0 || p.fp == 0 {
				return 0, syscall.EFAULT
			}
			return p.fp, nil
		case fpsimdMagic:
			if p.fp != 0 || size < fpsimdSize {
				return 0, syscall.EFAULT
			}
			p.fp = p.base + uintptr(p.offset)
		case esrMagic:
		case extraMagic:
			if !p.enterExtra(size) {
				return 0, syscall.EFAULT
			}
			continue
		default:
			return 0, syscall.EFAULT
		}
		if size < recordHead {
			return 0, syscall.EFAULT
		}
		p.offset += size
	}
}

// head reads the head of the record at p.offset. ok is false if it, or the
// record, does not fit into the list.
func (p *recordParser) head() (magic uint32, size uint64, ok bool) {
	if p.limit < p.offset || p.limit-p.offset < recordHead || p.offset%recordAlign != 0 {
		return 0, 0, false
	}
	at := p.base + uintptr(p.offset)
	b := p.b[:recordHead]
	if at == p.frame+recordsAt {
		b = p.b[recordsAt:]
	} else if p.read(at, b) != nil {
		return 0, 0, false
	}
	magic, size = binary.LittleEndian.Uint32(b), uint64(binary.LittleEndian.Uint32(b[4:]))
	return magic, size, p.limit-p.offset >= size
}

// enterExtra goes on with the list that an extra_context describes: directly
// behind it and a terminator.
func (p *recordParser) enterExtra(size uint64) bool {
	if p.extra || size < extraSize || p.limit-p.offset-size < terminatorSize {
		return false
	}
	at := p.base + uintptr(p.offset)
	end := at + uintptr(size)
	b := p.b[:extraSize+recordHead]
	if p.read(at, b[:extraSize]) != nil || p.read(end, b[extraSize:]) != nil {
		return false
	}
	le := binary.LittleEndian
	data, n := uintptr(le.Uint64(b[extraDatap:])), uint64(le.Uint32(b[extraDataSize:]))
	if le.Uint64(b[extraSize:]) != 0 || data%recordAlign != 0 || n%recordAlign != 0 {
		return false
	}
	if data != end+terminatorSize || n > uint64(p.frame)+frameMax-uint64(data) {
		return false
	}
	p.base, p.offset, p.limit, p.extra = data, 0, n, true
	return true
}
