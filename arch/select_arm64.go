//go:build metal && arm64

package arch

import (
	"sync/atomic"

	"unsafe"

	impl "onsen/arch/arm64"
	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// Regions of the kernel's half of the address space.
const (
	DirectMapBase = impl.DirectMapBase
	HeapBase      = impl.HeapBase
	HeapEnd       = impl.HeapEnd
	VMBase        = impl.VMBase
	VMEnd         = impl.VMEnd
	VmallocBase   = impl.VmallocBase
	VmallocEnd    = impl.VmallocEnd
	VmemmapBase   = impl.VmemmapBase
	VmemmapEnd    = impl.VmemmapEnd
	ImageBase     = impl.ImageBase

	// ThreadStackBase is where package rt may map the kernel stacks of threads,
	// up to 64 MiB.
	ThreadStackBase = impl.ThreadStackBase
)

// Frame holds the registers of interrupted kernel code.
type Frame = impl.Frame

// CPU returns the index of this CPU. It means something only as long as the
// caller cannot move to another one.
//
//go:nosplit
func CPU() int { return impl.CPU() }

// CPURelax is called in every loop that waits for another CPU. It answers
// that CPU's pending requests to flush translations.
//
//go:nosplit
func CPURelax() { impl.CPURelax() }

// Current returns the word that SetCurrent stored on this CPU.
//
//go:nosplit
func Current() uintptr { return impl.Current() }

// SetCurrent stores the address of the running task in this CPU's own area.
// The caller keeps the object alive.
//
//go:nosplit
func SetCurrent(t uintptr) { impl.SetCurrent(t) }

// IRQSave masks interrupts on this CPU and returns what IRQRestore needs.
//
//go:nosplit
func IRQSave() uintptr { return impl.IRQSave() }

// IRQRestore undoes the matching IRQSave.
//
//go:nosplit
func IRQRestore(flags uintptr) { impl.IRQRestore(flags) }

// IRQEnable unmasks interrupts on this CPU.
//
//go:nosplit
func IRQEnable() { impl.IRQEnable() }

// IRQDisable masks interrupts on this CPU.
//
//go:nosplit
func IRQDisable() { impl.IRQDisable() }

// IRQDisabled reports whether interrupts are masked on this CPU.
//
//go:nosplit
func IRQDisabled() bool { return impl.IRQDisabled() }

// PendingEvents returns the events recorded for this CPU without taking them.
//
//go:nosplit
func PendingEvents() Event { return impl.PendingEvents() }

// EventWord returns the word in which events are recorded for this CPU. Somebody
// who looks at it often can keep it, and see in one load that it is 0; only
// TakeEvents and ClearEvents change it.
//
//go:nosplit
func EventWord() *atomic.Uint32 { return impl.EventWord() }

// TakeEvents returns and clears the events recorded for this CPU.
//
//go:nosplit
func TakeEvents() Event { return impl.TakeEvents() }

// ClearEvents forgets events recorded for this CPU.
//
//go:nosplit
func ClearEvents(e Event) { impl.ClearEvents(e) }

// SendIPI records e, which may be empty, for a CPU, this one included, and
// interrupts it.
//
//go:nosplit
func SendIPI(cpu int, e Event) { impl.SendIPI(cpu, e) }

// TakeIRQ returns one device line recorded by this CPU, if there is one. The
// line stays masked until UnmaskIRQ.
//
//go:nosplit
func TakeIRQ() (irq int, ok bool) { return impl.TakeIRQ() }

// MaskIRQ keeps a device line from interrupting.
//
//go:nosplit
func MaskIRQ(irq int) { impl.MaskIRQ(irq) }

// UnmaskIRQ lets a device line interrupt again.
//
//go:nosplit
func UnmaskIRQ(irq int) { impl.UnmaskIRQ(irq) }

// SetupIRQ routes a device line to the boot CPU, masked. level and activeLow
// describe the signal where the firmware does not. Ordinary Go. It returns
// EINVAL for a line the controller does not have.
func SetupIRQ(irq int, level, activeLow bool) error { return impl.SetupIRQ(irq, level, activeLow) }

// Ktime returns nanoseconds since boot. It never goes backwards and is the
// same on all CPUs.
//
//go:nosplit
func Ktime() int64 { return impl.Ktime() }

// Counter returns the raw counter that Ktime is made from.
//
//go:nosplit
func Counter() uint64 { return impl.Counter() }

// CounterHz returns the frequency of Counter.
//
//go:nosplit
func CounterHz() uint64 { return impl.CounterHz() }

// ArmTimer makes this CPU's timer fire once, when Ktime reaches deadline. A
// deadline in the past fires at once; math.MaxInt64 disarms.
//
//go:nosplit
func ArmTimer(deadline int64) { impl.ArmTimer(deadline) }

// PhysToVirt returns where the direct map shows a physical address.
//
//go:nosplit
func PhysToVirt(pa uintptr) uintptr { return impl.PhysToVirt(pa) }

// VirtToPhys undoes PhysToVirt; it also knows the addresses of the image.
//
//go:nosplit
func VirtToPhys(va uintptr) uintptr { return impl.VirtToPhys(va) }

// MapKernelPage maps one page. It reports false when there is no memory for
// the tables. A page already mapped there is replaced, without a flush.
//
//go:nosplit
func MapKernelPage(va, pa uintptr, p Prot) bool { return impl.MapKernelPage(va, pa, p) }

// UnmapKernelPage removes the mapping of one page and returns what it was. It
// flushes nothing; see FlushKernelTLB.
//
//go:nosplit
func UnmapKernelPage(va uintptr) (pa uintptr, ok bool) { return impl.UnmapKernelPage(va) }

// KernelPageMapped reports whether a page, of any size, is mapped at va.
//
//go:nosplit
func KernelPageMapped(va uintptr) bool { return impl.KernelPageMapped(va) }

// WalkKernel calls visit for every mapping of the kernel's page tables, from the
// lowest address on. Ordinary Go; mappings that change meanwhile may be missed.
func WalkKernel(visit func(va, size uintptr, p Prot)) { impl.WalkKernel(visit) }

// FlushKernelTLB makes every CPU forget the translations of [start, end).
// It returns when all have; while it waits it answers the others.
//
//go:nosplit
func FlushKernelTLB(start, end uintptr) { impl.FlushKernelTLB(start, end) }

// MapDirect adds the RAM in [start, end) to the direct map. Ordinary Go.
func MapDirect(start, end uintptr) { impl.MapDirect(start, end) }

// MapDevice maps device registers and returns their virtual address. Ordinary Go.
func MapDevice(pa, size uintptr) uintptr { return impl.MapDevice(pa, size) }

// PCIFunctions returns the functions 0 on the first PCI bus. Ordinary Go.
func PCIFunctions() []spec.PCIFunction { return impl.PCIFunctions() }

// ZeroPage clears the page at va.
//
//go:nosplit
func ZeroPage(va uintptr) { impl.ZeroPage(va) }

// InitIdleStack prepares the boot CPU's idle stack. The first switch to the
// returned stack calls rt.IdleStart.
//
//go:nosplit
func InitIdleStack() uintptr { return impl.InitIdleStack() }

// RandomWord returns a word from the processor's random number generator, if
// there is one that works.
func RandomWord() (v uint64, ok bool) { return impl.RandomWord() }

// SysSetTLS is the number of the system call that sets the thread pointer, if
// the architecture has one.
const SysSetTLS = impl.SysSetTLS

// SysGetrandom is the number of getrandom(2), which package syscall lacks on
// some architectures.
const SysGetrandom = impl.SysGetrandom

// SetTLS sets the thread pointer of the running thread.
//
//go:nosplit
func SetTLS(tls uintptr) { impl.SetTLS(tls) }

// SwitchStack saves this kernel stack in *save and continues on the one that
// was saved as to. Interrupts are masked.
//
//go:nosplit
func SwitchStack(save *uintptr, to uintptr) { impl.SwitchStack(save, to) }

// InitThreadStack prepares a new kernel stack below top. The first switch to
// the returned stack leaves the kernel with the registers of parent, but with
// stack pointer sp and result 0: the child's side of clone(2).
//
//go:nosplit
func InitThreadStack(top uintptr, parent *Frame, sp, tls uintptr) uintptr {
	return impl.InitThreadStack(top, parent, sp, tls)
}

// LoadThread makes top the kernel stack and tls the thread pointer of the
// thread that runs next on this CPU. Zeros stand for the idle loop.
//
//go:nosplit
func LoadThread(top, tls uintptr) { impl.LoadThread(top, tls) }

// IdleWait waits for one interrupt. Interrupts are masked before and after.
// As long as there is no interrupt controller it returns at once.
//
//go:nosplit
func IdleWait() { impl.IdleWait() }

// HWCAP returns what the auxiliary vector says about the processor.
//
//go:nosplit
func HWCAP() uintptr { return impl.HWCAP() }

// Probe reads what the firmware left in memory. Ordinary Go, once.
func Probe() (*bootinfo.Info, error) { return impl.Probe() }

// ReadRTC returns the battery-backed clock's time, in seconds since 1970.
// Ordinary Go, once.
func ReadRTC(info *bootinfo.Info) (seconds int64, err error) { return impl.ReadRTC(info) }

// RefineClock makes Ktime's rate more precise, once enough time has passed to
// measure it. Ordinary Go, at a safe point.
func RefineClock() { impl.RefineClock() }

// InitIRQ brings up the interrupt controller on the boot CPU. Ordinary Go.
func InitIRQ(info *bootinfo.Info) error { return impl.InitIRQ(info) }

// StartCPU starts another CPU and returns when it runs its idle loop.
// Ordinary Go. Errors: EINVAL for a CPU the firmware does not know, EIO when
// it refuses to start it, ETIMEDOUT when it does not arrive.
func StartCPU(cpu int, info *bootinfo.Info) error { return impl.StartCPU(cpu, info) }

// EarlyPutc writes a byte to the earliest console there is.
//
//go:nosplit
func EarlyPutc(c byte) { impl.EarlyPutc(c) }

// PowerOff switches the machine off. It does not return.
func PowerOff() { impl.PowerOff() }

// Restart resets the machine. It does not return.
func Restart() { impl.Restart() }

// Halt stops this CPU for good.
//
//go:nosplit
func Halt() { impl.Halt() }

// StopOtherCPUs stops all other CPUs for good, for a panic. It waits for them
// for a bounded time only.
//
//go:nosplit
func StopOtherCPUs() { impl.StopOtherCPUs() }

// StoppedFrame returns the registers with which StopOtherCPUs has stopped a CPU,
// or nil. Those of a CPU that was waiting for another one may be incomplete.
func StoppedFrame(cpu int) *Frame { return impl.StoppedFrame(cpu) }

// TaskSize is the end of user space: no address of a program is as high.
const TaskSize = impl.TaskSize

// UserStackTop is the end of a new program's stack, before randomisation.
const UserStackTop = impl.UserStackTop

// StackRandom is by how many bytes at most it ends lower, at random. A power of two.
const StackRandom = impl.StackRandom

// PtRegs are the registers of a program in user mode, as it left it. Owned by
// the task; changes count when it goes back.
type PtRegs = impl.PtRegs

// UserContext is all that the processor keeps for a program. The zero value
// must be made ready by Reset or Copy before the first EnterUser.
type UserContext = impl.UserContext

// EnterUser lets the program of c run until it needs the kernel, and tells why.
// It does not begin if any bit of work is set in *flags, or if there are events
// for this CPU. Interrupts are masked from the last look at those until the
// program runs, and unmasked on return. The program's registers are in c again. Those it
// could not run with, such as a program counter outside of user space, count as
// the fault that they cause.
//
//go:nosplit
func EnterUser(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry {
	return impl.EnterUser(c, flags, work)
}

// EnterUserStep is EnterUser for a program with EnableSingleStep. Ordinary Go.
func EnterUserStep(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry {
	return impl.EnterUserStep(c, flags, work)
}

// SwitchUser is called, with interrupts masked, when the CPU is given from one
// task to another. It saves what prev's program has in registers that the
// kernel does not use, and sees to it that next's is loaded in time. Either is
// nil for a task without a program.
//
//go:nosplit
func SwitchUser(prev, next *UserContext) { impl.SwitchUser(prev, next) }

// CopyFromUser copies n bytes from user memory at src and returns how many of
// them, the last ones, it could not read. The caller has checked that the
// addresses are below TaskSize, and resolves the fault.
//
//go:nosplit
func CopyFromUser(dst unsafe.Pointer, src, n uintptr) (left uintptr) {
	return impl.CopyFromUser(dst, src, n)
}

// CopyToUser copies n bytes to user memory at dst; see CopyFromUser.
//
//go:nosplit
func CopyToUser(dst uintptr, src unsafe.Pointer, n uintptr) (left uintptr) {
	return impl.CopyToUser(dst, src, n)
}

// ClearUser zeroes n bytes of user memory at dst; see CopyFromUser.
//
//go:nosplit
func ClearUser(dst, n uintptr) (left uintptr) { return impl.ClearUser(dst, n) }

// LoadUser32 loads an aligned word of user memory in one access. ok is false if
// that faults.
//
//go:nosplit
func LoadUser32(addr uintptr) (v uint32, ok bool) { return impl.LoadUser32(addr) }

// CmpxchgUser32 stores new in an aligned word of user memory if it holds old,
// atomically, and returns what it held. ok is false if that faults.
//
//go:nosplit
func CmpxchgUser32(addr uintptr, old, new uint32) (prev uint32, ok bool) {
	return impl.CmpxchgUser32(addr, old, new)
}

// PTE is an entry of a program's page tables. All tables have 512 entries of 8
// bytes; there are 4 levels, and pages only at the lowest.
type PTE = impl.PTE

// MakePTE returns the entry for a page of user memory. Rights of 0 keep the
// page but let nobody use it through this entry, the kernel's copies included.
//
//go:nosplit
func MakePTE(pa uintptr, p spec.UserProt) PTE { return impl.MakePTE(pa, p) }

// MakeTable returns the entry for a table of the next level.
//
//go:nosplit
func MakeTable(pa uintptr) PTE { return impl.MakeTable(pa) }

// MMContext is an address space as the processor sees it. It must not be
// copied.
type MMContext = impl.MMContext

// SwitchMM makes this CPU use the page tables of c, or the kernel's own if c is
// nil. Preemption is disabled.
//
//go:nosplit
func SwitchMM(c *MMContext) { impl.SwitchMM(c) }

// RetireMM makes every CPU forget c. No task uses it any longer; its tables may
// be freed afterwards.
//
//go:nosplit
func RetireMM(c *MMContext) { impl.RetireMM(c) }

// FlushTLB makes every CPU that uses c forget the translations of [start, end).
// It returns when all have; while it waits it answers the others.
//
//go:nosplit
func FlushTLB(c *MMContext, start, end uintptr) { impl.FlushTLB(c, start, end) }

// FixSpuriousFault makes sure that the program of c does not fault again at addr
// because of a translation from before its page was given more rights. Not
// every processor forgets it with the fault.
//
//go:nosplit
func FixSpuriousFault(c *MMContext, addr uintptr) { impl.FixSpuriousFault(c, addr) }

// CoherentCode says that SyncICache does nothing.
const CoherentCode = impl.CoherentCode

// SyncICache makes n bytes of code that were written at a kernel address, which
// shows a page of a program, visible to instruction fetches.
//
//go:nosplit
func SyncICache(va, n uintptr) { impl.SyncICache(va, n) }

// SyscallNames returns Linux's name for each system call number, empty where
// there is none. The caller must not change it.
func SyscallNames() []string { return impl.SyscallNames() }

// CloneArgs tells the arguments of clone(2), whose order differs between
// architectures, apart.
func CloneArgs(a *[6]uintptr) (flags, stack, ptid, ctid, tls uintptr) { return impl.CloneArgs(a) }

// ArchPrctl is arch_prctl(2) of the calling task, whose context is c. An
// architecture without it returns EINVAL.
func ArchPrctl(c *UserContext, code int, addr uintptr) (uintptr, error) {
	return impl.ArchPrctl(c, code, addr)
}

// ELFMachine is the e_machine of programs for this architecture.
const ELFMachine = impl.ELFMachine

// TopByteIgnored says that the processor ignores the first byte of a program's
// addresses, so that there can be a tag.
const TopByteIgnored = impl.TopByteIgnored

// UntagAddress returns an address of a program without what the processor ignores
// of it.
func UntagAddress(addr uintptr) uintptr { return impl.UntagAddress(addr) }

// MinSignalStack is the size of the smallest alternate signal stack: MINSIGSTKSZ.
const MinSignalStack = impl.MinSignalStack

// SignalFrameSize returns how much of a stack a signal frame takes up at most:
// AT_MINSIGSTKSZ.
func SignalFrameSize() uintptr { return impl.SignalFrameSize() }

// HWCAP2 returns the second word of what the auxiliary vector says about the
// processor.
func HWCAP2() uintptr { return impl.HWCAP2() }

// CPUInfo returns what /proc/cpuinfo shows of a CPU behind its number.
func CPUInfo(cpu int) string { return impl.CPUInfo(cpu) }

// Platform returns the string of AT_PLATFORM.
func Platform() string { return impl.Platform() }

// BadFrameHasAddress says that the SIGSEGV of a bad signal frame is one of the
// address in the stack pointer, instead of one without an address.
const BadFrameHasAddress = impl.BadFrameHasAddress

// PushSignalFrame makes the program of c handle a signal: it writes a frame to
// the program's stack, with write, from which PopSignalFrame restores everything,
// and changes the registers. On EFAULT nothing has changed but user memory.
func PushSignalFrame(c *UserContext, f *spec.SignalFrame, write func(addr uintptr, b []byte) error) error {
	return impl.PushSignalFrame(c, f, write)
}

// PopSignalFrame does the work of sigreturn(2): it loads the registers of c
// from the frame at the program's stack pointer, with read, and returns the
// signal mask and the alternate stack that are to be set. It returns EFAULT for
// a frame that cannot be read: nothing has changed. It returns EINVAL for one that
// no program may continue with, of which the registers and the mask count all the
// same: that is where a handler of SIGSEGV returns to.
func PopSignalFrame(c *UserContext, read func(addr uintptr, b []byte) error) (mask uint64, alt spec.AltStack, err error) {
	return impl.PopSignalFrame(c, read)
}

// VDSO returns the code to map into every program; nil for none.
func VDSO() *spec.VDSO { return impl.VDSO() }

// UserClockScale returns how programs can find out what Ktime is. It may change when
// RefineClock is called.
func UserClockScale() spec.ClockScale { return impl.UserClockScale() }

// UserStat is struct stat as programs know it. Set lays the result of stat(2)
// out.
type UserStat = impl.UserStat

// Regsets returns the register sets that tracers and core files know, in the order
// of a core file.
func Regsets() []spec.Regset { return impl.Regsets() }

// GetRegset returns a register set of a program that does not run: EINVAL for an
// unknown one, ENODEV if the processor does not have it.
func GetRegset(c *UserContext, note uint32) ([]byte, error) { return impl.GetRegset(c, note) }

// SetRegset changes the bytes of a register set from off on. EINVAL, EIO and ENODEV
// as Linux has them; what a program must not have is refused or left out.
func SetRegset(c *UserContext, note uint32, off int, b []byte) error {
	return impl.SetRegset(c, note, off, b)
}

// PeekUser returns a word of struct user, at a byte offset: EIO.
func PeekUser(c *UserContext, off uintptr) (uintptr, error) { return impl.PeekUser(c, off) }

// PokeUser changes a word of struct user: EIO.
func PokeUser(c *UserContext, off, v uintptr) error { return impl.PokeUser(c, off, v) }

// EnableSingleStep has a program that does not run execute one instruction when it
// does, and then trap.
func EnableSingleStep(c *UserContext) { impl.EnableSingleStep(c) }

// DisableSingleStep undoes EnableSingleStep.
func DisableSingleStep(c *UserContext) { impl.DisableSingleStep(c) }

// StepIntoHandler is called when a program with EnableSingleStep is about to get
// the frame of a signal handler, which is not to show that. It reports whether
// single step is still on.
func StepIntoHandler(c *UserContext) bool { return impl.StepIntoHandler(c) }

// PtraceRegset tells which register set a request of ptrace(2) is about that has
// none among its arguments, and whether it changes it.
func PtraceRegset(request int) (note uint32, set, ok bool) { return impl.PtraceRegset(request) }

// ArchPtrace does the other requests of ptrace(2) that only one architecture has.
// handled is false if the request is none; with store set, v is to be stored at addr.
func ArchPtrace(c *UserContext, request int, addr, data uintptr) (v uintptr, store, handled bool, err error) {
	return impl.ArchPtrace(c, request, addr, data)
}
