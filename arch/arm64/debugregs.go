package arm64

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"syscall"
)

// Hardware breakpoints and watchpoints (Arm ARM D2.8 to D2.10), of which each
// program has its own once a tracer has set one. They stay in the CPU until another
// program's are needed, so that who has none pays for a comparison.

// maxDebug is the most that a processor can have of either kind.
const maxDebug = 16

// Kinds of debugRegs.
const (
	kindBreak = iota
	kindWatch
	debugKinds
)

// Fields of the control registers, as the processor and as tracers have them.
// Arm ARM D19.3.2 and D19.3.8.
const (
	ctrlEnabled   = 1 << 0
	ctrlEL0       = 2 << 1 // in user mode only
	ctrlTypeShift = 3      // a watchpoint's 1 is loads, 2 stores; 0 is a breakpoint's
	ctrlTypeMask  = 3
	ctrlLenShift  = 5 // a bit for each byte
	ctrlLenMask   = 0xff

	lenWord = 0xf // four bytes: an instruction
)

// mdscrMDE lets breakpoints and watchpoints trap, mdscrSS single steps. Arm ARM
// D19.3.20.
const (
	mdscrSS  = 1 << 0
	mdscrMDE = 1 << 15
)

// debugRegs are a program's breakpoints and watchpoints. Immutable.
type debugRegs struct {
	// id is a number that no other state has had.
	id uint64
	// want is the first byte that is covered; addr, in front of it, what the
	// processor takes.
	want [debugKinds][maxDebug]uint64
	addr [debugKinds][maxDebug]uint64
	ctrl [debugKinds][maxDebug]uint64 // 0 has never been set
}

// lastDebugID is the last debugRegs.id.
var lastDebugID atomic.Uint64

// A register set has a word about the processor, one of nothing, and for each
// register its address, its control word, and one of nothing.
const (
	debugHead   = 8
	debugEntry  = 16
	debugSize   = debugHead + maxDebug*debugEntry
	debugCtrlAt = 8
)

// debugCounts tells from ID_AA64DFR0_EL1 how many registers of each kind there
// are, and the version of the debug architecture (Arm ARM D19.2.59).
func debugCounts(dfr0 uint64) (n [debugKinds]int, version uint64) {
	return [debugKinds]int{int(dfr0>>12&0xf) + 1, int(dfr0>>20&0xf) + 1}, dfr0 & 0xf
}

// get returns the register set of one kind. d may be nil.
func (d *debugRegs) get(kind int, dfr0 uint64) []byte {
	le := binary.LittleEndian
	n, version := debugCounts(dfr0)
	b := make([]byte, debugSize)
	le.PutUint32(b, uint32(version<<8)|uint32(n[kind]))
	if d == nil {
		return b
	}
	for i := range maxDebug {
		at := b[debugHead+i*debugEntry:]
		le.PutUint64(at, d.addr[kind][i])
		le.PutUint32(at[debugCtrlAt:], uint32(d.ctrl[kind][i]))
	}
	return b
}

// set returns d, which may be nil, changed to the register set b of one kind. It may
// end after an address or a control word, and a change that is refused leaves
// those before it: EINVAL for a breakpoint that there cannot be, ENOSPC for one
// more than the processor has. Linux's hw_break_set.
func (d *debugRegs) set(kind int, dfr0 uint64, b []byte) (*debugRegs, error) {
	le := binary.LittleEndian
	fresh := &debugRegs{id: lastDebugID.Add(1)}
	if d != nil {
		fresh.want, fresh.addr, fresh.ctrl = d.want, d.addr, d.ctrl
	}
	counts, _ := debugCounts(dfr0)
	for i := 0; len(b) > debugHead+i*debugEntry; i++ {
		at := b[debugHead+i*debugEntry:]
		if len(at) < debugCtrlAt {
			return fresh, syscall.EINVAL
		}
		if i >= counts[kind] {
			return fresh, syscall.ENOSPC
		}
		if err := fresh.setAddr(kind, i, le.Uint64(at)); err != nil {
			return fresh, err
		}
		if len(at) == debugCtrlAt {
			break
		}
		if len(at) < debugCtrlAt+4 {
			return fresh, syscall.EINVAL
		}
		if err := fresh.setCtrl(kind, i, le.Uint32(at[debugCtrlAt:])); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// setAddr moves a breakpoint. A new one is off and covers four bytes.
func (d *debugRegs) setAddr(kind, i int, addr uint64) error {
	ctrl := d.ctrl[kind][i]
	if ctrl == 0 {
		ctrl = lenWord<<ctrlLenShift | ctrlEL0
		if kind == kindWatch {
			ctrl |= ctrlTypeMask << ctrlTypeShift
		}
	}
	// What is there may cover bytes behind its address.
	size := ctrl >> ctrlLenShift & ctrlLenMask
	size >>= bits.TrailingZeros64(size)
	return d.place(kind, i, addr, size, ctrl)
}

// setCtrl turns a breakpoint on, as ctrl says, or off.
func (d *debugRegs) setCtrl(kind, i int, v uint32) error {
	ctrl := uint64(v)
	if ctrl&ctrlEnabled == 0 {
		d.ctrl[kind][i] &^= ctrlEnabled
		return nil
	}
	size := ctrl >> ctrlLenShift & ctrlLenMask
	typ := ctrl >> ctrlTypeShift & ctrlTypeMask
	if size == 0 || (typ == 0) != (kind == kindBreak) {
		return syscall.EINVAL
	}
	off := uint64(bits.TrailingZeros64(size))
	size >>= off
	if size&(size+1) != 0 { // not contiguous
		return syscall.EINVAL
	}
	return d.place(kind, i, d.want[kind][i]+off, size, ctrlEnabled|ctrlEL0|typ<<ctrlTypeShift)
}

// place stores a breakpoint at addr that covers the bytes of size, a mask that
// begins with bit 0. The processor wants a multiple of 4 or 8 as address, and the
// mask tells the rest.
func (d *debugRegs) place(kind, i int, addr, size, ctrl uint64) error {
	align := uint64(7)
	if kind == kindBreak {
		align, size = 3, lenWord
	}
	if addr >= uint64(TaskSize) {
		return syscall.EINVAL
	}
	size = size << (addr & align) & ctrlLenMask
	d.want[kind][i], d.addr[kind][i] = addr, addr&^align
	d.ctrl[kind][i] = ctrl&^(ctrlLenMask<<ctrlLenShift) | size<<ctrlLenShift
	return nil
}

// mdscr is what MDSCR_EL1 has to be for the breakpoints. d may be nil.
func (d *debugRegs) mdscr() uint64 {
	if d == nil {
		return 0
	}
	return mdscrMDE
}
