//go:build metal && amd64

package amd64

import (
	"unsafe"

	"onsen/arch/amd64/sigframe"
)

// Of a program's registers, Go code in the kernel uses the general ones and
// XMM0 to XMM15, which every entry saves. All others, from the x87 to the upper
// parts of the vectors, stay where they are as long as the CPU runs no other
// program. SwitchUser saves them when the task leaves the CPU; EnterUser loads
// them, unless the CPU still has them. GS base goes the same way, as the
// processor keeps the program's in a register of its own while the kernel runs.
//
// A processor without XSAVE uses FXSAVE, whose XMM registers are ignored.

// Components of the extended state (SDM vol. 1, 13.1).
const (
	xcrX87    = 1 << 0
	xcrSSE    = 1 << 1
	xcrAVX    = 1 << 2
	xcrAVX512 = 7 << 5 // three components that come together
)

const (
	cr4OSXSAVE     = 1 << 18
	cpuid1ECXXSAVE = 1 << 26

	// fxsaveSize is the size of the FXSAVE area, with which an XSAVE area
	// begins.
	fxsaveSize = sigframe.FXSize
)

var (
	// xfeatures are the components that programs may use, 0 without XSAVE.
	xfeatures uint64
	// xsaveMask are those among them that XSAVE saves: all but XMM.
	xsaveMask uint64
	// xsaveSize is the size of an area with all of them.
	xsaveSize = uintptr(fxsaveSize)
)

// initXState lets programs use AVX and AVX-512, if there are. Not before the Go
// runtime has looked for them, as the kernel itself must not use them.
func initXState() {
	defer setXFormat()
	_, _, cx, _ := CPUID(1, 0)
	if cx&cpuid1ECXXSAVE == 0 {
		return
	}
	lo, _, _, hi := CPUID(0xd, 0)
	have := uint64(hi)<<32 | uint64(lo)
	xfeatures = have & (xcrX87 | xcrSSE | xcrAVX)
	if xfeatures&xcrAVX != 0 && have&xcrAVX512 == xcrAVX512 {
		xfeatures |= xcrAVX512
	}
	xsaveMask = xfeatures &^ xcrSSE
	enableXState()
	_, size, _, _ := CPUID(0xd, 0)
	xsaveSize = uintptr(size)
}

// enableXState does on this CPU what initXState has found out.
//
//go:nosplit
func enableXState() {
	if xfeatures != 0 {
		writeCR4(readCR4() | cr4OSXSAVE)
		writeXCR0(xfeatures)
	}
}

func writeXCR0(v uint64)
func fxsave(area uintptr)
func fxrstor(area uintptr)
func xsave(area uintptr, mask uint64)
func xrstor(area uintptr, mask uint64)
func readUserGS() uint64

// initExtended gives c the state of a new program.
func (c *UserContext) initExtended() {
	const align = 64 // SDM vol. 1, 13.4
	if c.extended == nil {
		c.extended = make([]byte, xsaveSize+align)
		base := uintptr(unsafe.Pointer(&c.extended[0]))
		c.xsave = (base + align - 1) &^ (align - 1)
	} else {
		clear(c.extended)
	}
	sigframe.Reset(c.area())
}

// area returns the bytes of the XSAVE or FXSAVE area.
func (c *UserContext) area() []byte {
	off := c.xsave - uintptr(unsafe.Pointer(&c.extended[0]))
	return c.extended[off : off+xsaveSize]
}

// copyExtended makes the state that of from, the caller's.
func (c *UserContext) copyExtended(from *UserContext) {
	from.save()
	c.initExtended()
	if from.extended != nil { // or it has never been a program
		copy(c.area(), from.area())
	}
	c.gsBase = from.gsBase
}

// save makes memory hold the state, which may stay in registers, too.
//
//go:nosplit
func (c *UserContext) save() {
	if c.loaded == 0 {
		return
	}
	flags := IRQSave()
	if xfeatures != 0 {
		xsave(c.xsave, xsaveMask)
	} else {
		fxsave(c.xsave)
	}
	if hasFSGSBASE { // without, a program cannot change it
		c.gsBase = readUserGS()
	}
	IRQRestore(flags)
}

// forget makes the next EnterUser load the state from memory.
//
//go:nosplit
func (c *UserContext) forget() { c.loaded, c.lastCPU = 0, 0 }

// Values of UserContext.loaded: with and without FSGSBASE.
const (
	loadedFast = 1
	loadedSlow = 2
)

// load puts the state into this CPU's registers. Interrupts are masked.
//
//go:nosplit
func (c *UserContext) load() {
	cpu := this()
	me := uintptr(unsafe.Pointer(c))
	cpu.user = me
	c.loaded = loadedSlow
	if hasFSGSBASE {
		c.loaded = loadedFast
	}
	if cpu.debug != c.debugID() {
		c.loadDebug(cpu)
	}
	if cpu.extended == me && c.lastCPU == cpu.id+1 {
		return // nobody else was here
	}
	cpu.extended, c.lastCPU = me, cpu.id+1
	if xfeatures != 0 {
		xrstor(c.xsave, xsaveMask)
	} else {
		fxrstor(c.xsave)
	}
	WriteMSR(msrKernelGS, c.gsBase)
	clearSelectors()
}

// clearSelectors makes the data segments null, as in a new program. They mean
// nothing in 64-bit mode, but one program must not see what another put there.
func clearSelectors()

// SwitchUser saves what the CPU holds of prev; see package arch. What it holds
// is good for prev until another program's is loaded.
//
//go:nosplit
func SwitchUser(prev, _ *UserContext) {
	if prev != nil && prev.loaded != 0 {
		prev.save()
		prev.loaded = 0
	}
}
