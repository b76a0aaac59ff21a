//go:build metal && amd64

package amd64

import "unsafe"

const (
	// earlyStackSize is the size of the stack on which earlyStart runs.
	earlyStackSize = 8 << 10
	// earlyPoolSize is the memory the kernel has until it has read the map.
	earlyPoolSize = 4 << 20
	// firstStackPages is the size of the first thread's stack; the runtime
	// assumes 64 KiB below the stack pointer it starts with.
	firstStackPages = 18
	// irqStackPages is the size of the stacks for exceptions and for idling.
	irqStackPages = 2
)

// What the assembly found and left for Go.
var (
	startInfo  uintptr // physical address of the hvm_start_info
	entryTSC   uint64
	earlyStack [earlyStackSize]byte
	earlyPool  [earlyPoolSize]byte
)

// earlyStart brings the boot CPU from the loader's state to one in which the Go
// runtime can start: final page tables, descriptor tables, a clock. It returns
// the stack pointer for the runtime's entry point. There is no g, no heap and
// nobody to return an error to.
//
//go:nosplit
func earlyStart() uintptr {
	identify()
	pool := (uintptr(unsafe.Pointer(&earlyPool)) + pageMask) &^ pageMask
	mmInitEarly(pool, VirtToPhys(pool), earlyPoolSize-pageSize)
	kernelRoot = allocTable()
	zeroPage(DirectMapBase + kernelRoot)
	if !mapImage() {
		earlyDie("no memory for the first page tables")
	}
	writeCR3(kernelRoot)
	initIDT()
	c := &percpus[0]
	if !c.prepare(0) {
		earlyDie("no memory for the first stacks")
	}
	c.load()
	onlineCPUs.Store(1)
	initEarlyClock()
	initLocalAPIC()
	top := newStack(firstStackPages)
	if top == 0 {
		earlyDie("no memory for the first stack")
	}
	return rtStart(top)
}

// identify looks for the features that the lowest layer needs to know of.
//
//go:nosplit
func identify() {
	_, _, _, d := CPUID(0x8000_0001, 0)
	hasGigaPages = d&(1<<26) != 0 // APM vol. 3, E.4.2: Page1GB
}

// prepare gives the record of a CPU its tables and stacks.
//
//go:nosplit
func (c *percpu) prepare(id int) bool {
	c.self = uintptr(unsafe.Pointer(c))
	c.id = uint64(id)
	c.initGDT()
	fault, fatal := newStack(irqStackPages), newStack(irqStackPages)
	c.idleSP, c.irqIdle = newStack(irqStackPages), newStack(irqStackPages)
	if fault == 0 || fatal == 0 || c.idleSP == 0 || c.irqIdle == 0 {
		return false
	}
	c.setIST(istFault, fault)
	// fatalEntry finds the record above its stack.
	fatal -= 16
	*(*uintptr)(pointer(fatal)) = c.self
	c.setIST(istFatal, fatal)
	return true
}

// load makes this processor use its record: segments, GS, system call entry,
// protection features.
//
//go:nosplit
func (c *percpu) load() {
	loadTables(&c.gdtr, &idtr)
	WriteMSR(msrGSBase, uint64(c.self))
	WriteMSR(msrKernelGS, 0)
	WriteMSR(msrSysenterCS, 0) // SYSENTER faults
	WriteMSR(msrSTAR, selUser32Code<<48|selKernelCode<<32)
	WriteMSR(msrSFMASK, flagTF|flagIF|flagDF|flagIOPL|flagNT|flagAC)
	c.protect()
	WriteMSR(msrLSTAR, uint64(syscallEntryPC()))
	WriteMSR(msrCSTAR, uint64(syscall32EntryPC()))
	enableXState()
	LoadThread(0, 0)
}

// protect switches on what keeps the kernel from using user memory by mistake.
//
//go:nosplit
func (c *percpu) protect() {
	if last, _, _, _ := CPUID(0, 0); last < 7 {
		return
	}
	_, b, cx, _ := CPUID(7, 0)
	cr4 := readCR4()
	if b&cpuid7EBXSMEP != 0 {
		cr4 |= cr4SMEP
	}
	if b&cpuid7EBXSMAP != 0 {
		cr4 |= cr4SMAP
		hasSMAP = true
	}
	if cx&cpuid7ECXUMIP != 0 {
		cr4 |= cr4UMIP
	}
	if b&cpuid7EBXFSGSBASE != 0 {
		cr4 |= cr4FSGSBASE
	}
	writeCR4(cr4)
	hasFSGSBASE = b&cpuid7EBXFSGSBASE != 0
}

// earlySecondary brings another CPU into the idle loop. Its record was prepared
// by the CPU that started it.
//
//go:nosplit
func earlySecondary(c *percpu) {
	c.load()
	initLocalAPIC()
	if n := int32(c.id) + 1; n > onlineCPUs.Load() {
		onlineCPUs.Store(n)
	}
	rtSecondaryStart(int(c.id))
}

// earlyDie says why the kernel cannot start and stops.
//
//go:nosplit
func earlyDie(why string) {
	earlyPuts("onsen: ")
	earlyPuts(why)
	earlyPuts("\r\n")
	Halt()
}
