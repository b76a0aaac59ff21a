//go:build metal && amd64

package amd64

import "runtime"

// Model specific registers (SDM vol. 4, table 2-2).
const (
	msrSysenterCS = 0x174
	msrEFER       = 0xc000_0080
	msrSTAR       = 0xc000_0081
	msrLSTAR      = 0xc000_0082
	msrCSTAR      = 0xc000_0083
	msrSFMASK     = 0xc000_0084
	msrFSBase     = 0xc000_0100
	msrGSBase     = 0xc000_0101
	msrKernelGS   = 0xc000_0102
)

// Bits of CR4 (SDM vol. 3, 2.5).
const (
	cr4PGE      = 1 << 7
	cr4UMIP     = 1 << 11
	cr4FSGSBASE = 1 << 16
	cr4SMEP     = 1 << 20
	cr4SMAP     = 1 << 21
)

// Bits of RFLAGS (SDM vol. 1, 3.4.3).
const (
	flagTF   = 1 << 8
	flagIF   = 1 << 9
	flagDF   = 1 << 10
	flagIOPL = 3 << 12
	flagNT   = 1 << 14
	flagRF   = 1 << 16
	flagAC   = 1 << 18
)

// Bits of CPUID leaf 7 (SDM vol. 2, CPUID).
const (
	cpuid7EBXFSGSBASE = 1 << 0
	cpuid7EBXSMEP     = 1 << 7
	cpuid7EBXSMAP     = 1 << 20
	cpuid7ECXUMIP     = 1 << 2
)

var hasFSGSBASE, hasGigaPages bool

// In8 reads an I/O port.
func In8(port uint16) uint8

// Out8 writes an I/O port.
func Out8(port uint16, v uint8)

// In16 reads an I/O port.
func In16(port uint16) uint16

// Out16 writes an I/O port.
func Out16(port uint16, v uint16)

// In32 reads an I/O port.
func In32(port uint16) uint32

// Out32 writes an I/O port.
func Out32(port uint16, v uint32)

// ReadMSR reads a model specific register. One that does not exist faults.
func ReadMSR(msr uint32) uint64

// WriteMSR writes a model specific register. One that does not exist faults.
func WriteMSR(msr uint32, v uint64)

// CPUID executes the instruction with the given leaf and subleaf.
func CPUID(leaf, sub uint32) (a, b, c, d uint32)

// ReadTSC reads the time stamp counter, after all earlier loads.
func ReadTSC() uint64

// IRQSave masks interrupts and returns what IRQRestore needs.
//
//go:nosplit
func IRQSave() uintptr { return runtime.IRQSave() }

// IRQRestore undoes the matching IRQSave.
//
//go:nosplit
func IRQRestore(flags uintptr) { runtime.IRQRestore(flags) }

// IRQEnable unmasks interrupts.
func IRQEnable()

// IRQDisable masks interrupts.
func IRQDisable()

// IdleWait waits for one interrupt; see package arch.
func IdleWait()

// SwitchStack saves the stack pointer and continues on another kernel stack.
func SwitchStack(save *uintptr, to uintptr)

func readFlags() uintptr
func readCR2() uintptr
func readCR3() uintptr
func writeCR3(v uintptr)
func readCR4() uintptr
func writeCR4(v uintptr)
func writeFSBase(v uintptr)
func invlpg(va uintptr)
func halt()
func zeroPage(va uintptr)
func loadTables(gdtr, idtr *descriptor)
func stubBase() uintptr
func syscallEntryPC() uintptr
func syscall32EntryPC() uintptr
func threadStartPC() uintptr
func idleStartPC() uintptr
func takeDR6() uint64

// IRQDisabled reports whether interrupts are masked.
//
//go:nosplit
func IRQDisabled() bool { return readFlags()&flagIF == 0 }

// ZeroPage clears the page at va.
//
//go:nosplit
func ZeroPage(va uintptr) { zeroPage(va) }

// Halt stops this CPU for good.
//
//go:nosplit
func Halt() {
	IRQDisable()
	for {
		halt()
	}
}

// HWCAP returns what Linux puts into AT_HWCAP: the features in EDX of CPUID
// leaf 1.
//
//go:nosplit
func HWCAP() uintptr {
	_, _, _, d := CPUID(1, 0)
	return uintptr(d)
}

// HWCAP2 returns AT_HWCAP2: whether programs may execute WRFSBASE and the like.
func HWCAP2() uintptr {
	const fsgsbase = 1 << 1 // arch/x86/include/uapi/asm/hwcap2.h
	if hasFSGSBASE {
		return fsgsbase
	}
	return 0
}

// Platform returns AT_PLATFORM.
func Platform() string { return "x86_64" }

// MinSignalStack is MINSIGSTKSZ of arch/x86/include/uapi/asm/signal.h.
const MinSignalStack = 2048

// ELFMachine is EM_X86_64.
const ELFMachine = 62
