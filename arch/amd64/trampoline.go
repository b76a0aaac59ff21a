package amd64

// The trampoline is a page below 1 MiB in which other processors start, in real
// mode. Its code is position independent and finds its data by these offsets
// in the page; smp_amd64.s has them as numbers, which a test compares.
const (
	trampolineLong  = 0x100 // the 64-bit part of the code
	trampolineGDTR  = 0xfc0 // operand of LGDT: limit, 32-bit base
	trampolineJump  = 0xfc8 // operand of the far jump: 32-bit offset, selector
	trampolineCPU   = 0xfd0 // address of the percpu record
	trampolineGo    = 0xfd8 // address of secondary64
	trampolineAlive = 0xfe0 // the processor stores 1 here

	// trampolineCode is how much is copied of either part, at least its
	// length.
	trampolineCode = 0x80
)
