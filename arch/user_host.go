//go:build !metal

package arch

import (
	"encoding/binary"
	"sync/atomic"
	"syscall"

	"onsen/arch/spec"
)

// The fake machine has no user mode. What a program would be given or would
// have left behind can be looked at and set by tests.

// PtRegs holds the registers of a fake program.
type PtRegs struct {
	Nr, Ret, IP, Stack uintptr
	Args               [6]uintptr
}

// PC returns the program counter.
func (r *PtRegs) PC() uintptr { return r.IP }

// SetPC sets the program counter.
func (r *PtRegs) SetPC(pc uintptr) { r.IP = pc }

// SP returns the stack pointer.
func (r *PtRegs) SP() uintptr { return r.Stack }

// SetSP sets the stack pointer.
func (r *PtRegs) SetSP(sp uintptr) { r.Stack = sp }

// SyscallWord returns the register with the number of the system call.
func (r *PtRegs) SyscallWord() int { return int(r.Nr) }

// SetSyscallWord changes it.
func (r *PtRegs) SetSyscallWord(word int) { r.Nr = uintptr(word) }

// SyscallArgs stores the arguments of the system call.
func (r *PtRegs) SyscallArgs(a *[6]uintptr) { *a = r.Args }

// ReturnValue returns what the system call gives.
func (r *PtRegs) ReturnValue() uintptr { return r.Ret }

// SetReturnValue sets what the system call gives.
func (r *PtRegs) SetReturnValue(v uintptr) { r.Ret = v }

// RewindSyscall makes the program execute the system call again.
func (r *PtRegs) RewindSyscall(word int, arg0 uintptr) {
	r.Nr, r.Args[0], r.IP = uintptr(word), arg0, r.IP-2
}

// StartThread makes the registers those of a new program.
func (r *PtRegs) StartThread(pc, sp uintptr) { *r = PtRegs{IP: pc, Stack: sp} }

// UserContext is what the fake processor keeps for a program.
type UserContext struct {
	regs PtRegs
	tls  uintptr
	trap spec.Trap

	tracedWord int
}

// Regs returns the registers.
func (c *UserContext) Regs() *PtRegs { return &c.regs }

// Trap describes the last fault.
func (c *UserContext) Trap() *spec.Trap { return &c.trap }

// Copy makes c the context of a new task, that of the caller's copied.
func (c *UserContext) Copy(from *UserContext) { *c = *from }

// Reset makes c that of a new program.
func (c *UserContext) Reset() { *c = UserContext{} }

// TLS returns the thread pointer.
func (c *UserContext) TLS() uintptr { return c.tls }

// SetTLS sets the thread pointer; EPERM if a program may not have it.
func (c *UserContext) SetTLS(tls uintptr) error {
	if tls >= TaskSize {
		return syscall.EPERM
	}
	c.tls = tls
	return nil
}

// EnterUser has nowhere to go.
func EnterUser(*UserContext, *atomic.Uint32, uint32) spec.Entry {
	panic("arch: no user mode on the host")
}

// EnterUserStep has nowhere to go.
func EnterUserStep(*UserContext, *atomic.Uint32, uint32) spec.Entry {
	panic("arch: no user mode on the host")
}

// SwitchUser does nothing.
func SwitchUser(_, _ *UserContext) {}

// PTE is an entry of the fake page tables: the page's address and rights.
type PTE uint64

const (
	pteRights  PTE = 7
	ptePresent PTE = 8
	pteTable   PTE = 16
)

// MakePTE returns the entry for a page of user memory.
func MakePTE(pa uintptr, p spec.UserProt) PTE { return PTE(pa) | PTE(p) | ptePresent }

// MakeTable returns the entry for a table of the next level.
func MakeTable(pa uintptr) PTE { return PTE(pa) | ptePresent | pteTable }

// None reports whether the entry is empty.
func (e PTE) None() bool { return e == 0 }

// Table reports whether the entry is that of a table.
func (e PTE) Table() bool { return e&pteTable != 0 }

// PA returns the address of the page or table.
func (e PTE) PA() uintptr { return uintptr(e) &^ (PageSize - 1) }

// Prot returns the rights.
func (e PTE) Prot() spec.UserProt { return spec.UserProt(e & pteRights) }

// WrProtect returns the entry without the right to write.
func (e PTE) WrProtect() PTE { return e &^ PTE(spec.UserW) }

// WithProt returns the entry with other rights.
func (e PTE) WithProt(p spec.UserProt) PTE { return e&^pteRights | PTE(p) }

// MMContext is an address space as the fake processor sees it.
type MMContext struct {
	Pgd     uintptr
	Flushes atomic.Int64 // how often something was flushed, for tests
}

// PgdInit gives the context an empty page table from alloc.
func (c *MMContext) PgdInit(alloc func() uintptr) error {
	if c.Pgd = alloc(); c.Pgd == 0 {
		return syscall.ENOMEM
	}
	return nil
}

// SwitchMM does nothing.
func SwitchMM(*MMContext) {}

// RetireMM does nothing.
func RetireMM(*MMContext) {}

// FlushTLB counts.
func FlushTLB(c *MMContext, _, _ uintptr) { c.Flushes.Add(1) }

// FixSpuriousFault does nothing.
func FixSpuriousFault(*MMContext, uintptr) {}

// CoherentCode says that SyncICache does nothing.
const CoherentCode = true

// SyncICache does nothing.
func SyncICache(_, _ uintptr) {}

// SyscallNames is empty: the fake machine has no numbers.
func SyscallNames() []string { return nil }

// CloneArgs tells the arguments of clone(2) apart, in amd64's order.
func CloneArgs(a *[6]uintptr) (flags, stack, ptid, ctid, tls uintptr) {
	return a[0], a[1], a[2], a[3], a[4]
}

// ArchPrctl knows nothing.
func ArchPrctl(*UserContext, int, uintptr) (uintptr, error) { return 0, syscall.EINVAL }

const (
	// MinSignalStack is amd64's MINSIGSTKSZ.
	MinSignalStack = 2048
	// ELFMachine is amd64's e_machine.
	ELFMachine = 62
	// UserStackTop is the end of a new program's stack.
	UserStackTop = TaskSize
	// StackRandom is amd64's.
	StackRandom = 1 << 34
)

// SignalFrameSize is that of PushSignalFrame.
func SignalFrameSize() uintptr { return 24 }

// HWCAP2 returns nothing.
func HWCAP2() uintptr { return 0 }

// CPUInfo knows nothing.
func CPUInfo(int) string { return "" }

// Platform returns the fake machine's name.
func Platform() string { return "fake" }

// PushSignalFrame writes a frame of three words, program counter, stack pointer
// and mask, and enters the handler.
func PushSignalFrame(c *UserContext, f *spec.SignalFrame, write func(addr uintptr, b []byte) error) error {
	sp, _ := f.StackTop(c.regs.Stack)
	sp -= 24
	var b []byte
	for _, w := range [...]uintptr{c.regs.IP, c.regs.Stack, uintptr(f.Mask)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(w))
	}
	if err := write(sp, b); err != nil {
		return err
	}
	c.regs.IP, c.regs.Stack, c.regs.Args[0] = f.Handler, sp, uintptr(f.Sig)
	return nil
}

// BadFrameHasAddress is as on amd64.
const BadFrameHasAddress = false

// PopSignalFrame undoes PushSignalFrame. There was no alternate stack.
func PopSignalFrame(c *UserContext, read func(addr uintptr, b []byte) error) (mask uint64, alt spec.AltStack, err error) {
	var b [24]byte
	if err := read(c.regs.Stack, b[:]); err != nil {
		return 0, alt, err
	}
	c.regs.IP = uintptr(binary.LittleEndian.Uint64(b[0:]))
	c.regs.Stack = uintptr(binary.LittleEndian.Uint64(b[8:]))
	return binary.LittleEndian.Uint64(b[16:]), spec.AltStack{Flags: 2}, nil
}

// VDSO returns nil: there is none.
func VDSO() *spec.VDSO { return nil }

// UserClockScale says that programs cannot read the counter.
func UserClockScale() spec.ClockScale { return spec.ClockScale{Shift: 1} }

// UserStat is the result of stat(2); the fake machine does not lay it out.
type UserStat struct{ spec.Stat }

// Set copies s.
func (u *UserStat) Set(s *spec.Stat) { u.Stat = *s }

// HWCAP returns nothing.
func HWCAP() uintptr { return 0 }

// TopByteIgnored is true as on arm64, so that what is done about tags is tested.
const TopByteIgnored = true

// UntagAddress returns the address: nobody has put a tag there.
func UntagAddress(addr uintptr) uintptr { return addr }
