//go:build metal && amd64

package amd64

import "unsafe"

// PtRegs are the general registers of a program. Their values are always such that the
// processor accepts them in user mode, but for the program counter and the segments, at
// which EnterUser looks.
type PtRegs struct {
	// The arguments of a system call, in order.
	di, si, dx, r10, r8, r9 uint64

	ax, bx, cx, bp, r11, r12, r13, r14, r15 uint64

	ip uint64
	// flags are RFLAGS, and exactRegs.
	flags uint64
	sp    uint64

	// cs and ss are selectors of privilege level 3, of segments or of none. They
	// count with exactRegs: a system call comes from and goes back to userSegments.
	cs, ss uint32
}

// exactRegs in PtRegs.flags says that cx, r11, cs and ss count. After a system call they
// do not: the instruction has put the program counter and the flags there, so
// that the fast way back, which needs them for the same, is open.
const exactRegs = 1 << 63

// Selectors of user mode, as programs and debuggers know them from Linux.
const (
	selUser32Code = 4<<3 | 3
	selUserData   = 5<<3 | 3
	selUserCode   = selUser32Code | 1<<selBit64

	// selLDT is the bit of a selector of the LDT.
	selLDT = 1 << 2
	// selBit64 is the bit in which the segments of 32-bit and of 64-bit code differ.
	selBit64 = 4
	// userSegments are ss and cs of 64-bit code, as one word.
	userSegments = selUserData<<32 | selUserCode
)

// userFlags are the flags that a program may set (SDM vol. 1, 3.4.3): the
// status flags, TF, DF, NT, RF, AC and ID. It always runs with flagIF and bit 1.
const (
	userFlags   = 0x0025_4dd5
	userFlagsOn = flagIF | 1<<1
)

// setFlags sets the flags to v, or what of it a program may have.
func (r *PtRegs) setFlags(v uint64) { r.flags = v&userFlags | userFlagsOn | exactRegs }

// getFlags returns the flags as the program sees them.
func (r *PtRegs) getFlags() uint64 { return r.flags &^ exactRegs }

// PC returns the program counter.
func (r *PtRegs) PC() uintptr { return uintptr(r.ip) }

// SetPC sets the program counter. Only the exact way back looks whether there
// can be a program.
func (r *PtRegs) SetPC(pc uintptr) {
	if pc >= TaskSize {
		r.settleRegs()
	}
	r.ip = uint64(pc)
}

// SP returns the stack pointer.
func (r *PtRegs) SP() uintptr { return uintptr(r.sp) }

// SetSP sets the stack pointer.
func (r *PtRegs) SetSP(sp uintptr) { r.sp = uint64(sp) }

// SyscallWord returns the register with the number of the system call, until a
// result is set. Tracers see all of it, but only its low 32 bits are the number.
func (r *PtRegs) SyscallWord() int { return int(r.ax) }

// SetSyscallWord changes it.
func (r *PtRegs) SetSyscallWord(word int) { r.ax = uint64(word) }

// SyscallArgs stores the arguments of the system call.
func (r *PtRegs) SyscallArgs(a *[6]uintptr) {
	*a = *(*[6]uintptr)(unsafe.Pointer(&r.di))
}

// ReturnValue returns what the system call gives.
func (r *PtRegs) ReturnValue() uintptr { return uintptr(r.ax) }

// SetReturnValue sets what the system call gives.
func (r *PtRegs) SetReturnValue(v uintptr) { r.ax = uint64(v) }

// RewindSyscall makes the program execute the system call instruction, which is
// two bytes long, again.
func (r *PtRegs) RewindSyscall(word int, _ uintptr) {
	r.ax = uint64(word)
	r.SetPC(uintptr(r.ip) - 2)
}

// StartThread makes the registers those with which a new program begins.
func (r *PtRegs) StartThread(pc, sp uintptr) {
	*r = PtRegs{ip: uint64(pc), sp: uint64(sp), cs: selUserCode, ss: selUserData}
	r.setFlags(0)
}

// settleRegs gives cx, r11, cs and ss the values that the program finds in them.
func (r *PtRegs) settleRegs() {
	if r.flags&exactRegs == 0 {
		r.cx, r.r11 = r.ip, r.flags
		r.cs, r.ss = selUserCode, selUserData
		r.flags |= exactRegs
	}
}

// badSegment returns the first selector with which IRET would fault. With a null one,
// or one of nothing that a program could run in, that is #GP: SDM vol. 2, IRET.
//
//go:nosplit
func (r *PtRegs) badSegment() (selector uint32, bad bool) {
	switch {
	case r.cs|1<<selBit64 != selUserCode:
		return r.cs, true
	case r.ss != selUserData:
		return r.ss, true
	}
	return 0, false
}
