//go:build metal && amd64

package amd64

import "unsafe"

// Segment selectors; those of 64-bit programs are in ptregs.go. SYSRET wants
// STAR+8 as stack segment and STAR+16 as code segment (SDM vol. 3, 5.8.8).
// 32-bit code runs as under a Linux without IA32 emulation: there are no system
// calls for it.
const (
	selKernelCode = 1 << 3
	selKernelData = 2 << 3
	selTSS        = 8 << 3
)

// Interrupt stacks in the TSS (SDM vol. 3, 7.7), counted from 1 as in the IDT.
const (
	istFault     = 1 // per CPU: exceptions that return
	istInterrupt = 2 // the running thread's kernel stack
	istFatal     = 3 // per CPU: NMI, double fault, machine check
)

// descriptor is the operand of LGDT and LIDT.
type descriptor struct {
	limit uint16
	base  [4]uint16 // unaligned 64-bit address
}

//go:nosplit
func (d *descriptor) set(base uintptr, size uintptr) {
	d.limit = uint16(size - 1)
	for i := range d.base {
		d.base[i] = uint16(base >> (16 * i))
	}
}

// idt has two words a gate. It is written once, on the boot CPU.
var (
	idt  [2 * 256]uint64
	idtr descriptor
)

// setGate points a vector to its stub. Interrupt gates mask interrupts.
//
//go:nosplit
func setGate(v int, stub uintptr, ist uint64) {
	kind := uint64(0x8e00) // present interrupt gate: SDM vol. 3, 6.14.1
	if v == vecBreakpoint || v == vecOverflow {
		kind |= 3 << 13 // INT3 and INTO are instructions of programs
	}
	a := uint64(stub)
	idt[2*v] = a&0xffff | selKernelCode<<16 | ist<<32 | kind<<32 | a>>16&0xffff<<48
	idt[2*v+1] = a >> 32
}

// initIDT fills the table. Exceptions run on their own stacks because the
// stack of the code that causes them is demand-mapped too.
//
//go:nosplit
func initIDT() {
	base := stubBase()
	for v := range 256 {
		ist := uint64(istInterrupt)
		switch {
		case v == vecNMI || v == vecDoubleFault || v == vecMachineCheck:
			ist = istFatal
		case v < 32:
			ist = istFault
		}
		setGate(v, base+uintptr(v)*stubSize, ist)
	}
	idtr.set(uintptr(unsafe.Pointer(&idt)), unsafe.Sizeof(idt))
}

// initGDT fills the CPU's segment table (SDM vol. 3, 3.4.5 and 7.2.3).
//
//go:nosplit
func (c *percpu) initGDT() {
	c.gdt[1] = 0x00af_9b00_0000_ffff               // kernel code: 64-bit, DPL 0
	c.gdt[2] = 0x00cf_9300_0000_ffff               // kernel data
	c.gdt[selUser32Code/8] = 0x00cf_fb00_0000_ffff // DPL 3
	c.gdt[selUserData/8] = 0x00cf_f300_0000_ffff   // DPL 3
	c.gdt[selUserCode/8] = 0x00af_fb00_0000_ffff   // 64-bit, DPL 3
	tss := uint64(uintptr(unsafe.Pointer(&c.tss)))
	const availableTSS = 0x89
	c.gdt[selTSS/8] = uint64(unsafe.Sizeof(c.tss)) - 1 | tss&0xff_ffff<<16 | availableTSS<<40 | tss>>24&0xff<<56
	c.gdt[selTSS/8+1] = tss >> 32
	c.tss[25] = uint32(unsafe.Sizeof(c.tss)) << 16 // no I/O permission map
	c.gdtr.set(uintptr(unsafe.Pointer(&c.gdt)), unsafe.Sizeof(c.gdt))
}

// setIST sets an interrupt stack. IST1 begins at byte 36 of the TSS.
//
//go:nosplit
func (c *percpu) setIST(n int, top uintptr) {
	c.tss[7+2*n] = uint32(top)
	c.tss[8+2*n] = uint32(top >> 32)
}
