//go:build metal

#include "go_asm.h"
#include "textflag.h"

// func In8(port uint16) uint8
TEXT ·In8(SB),NOSPLIT,$0-9
	MOVW	port+0(FP), DX
	XORL	AX, AX
	INB
	MOVB	AX, ret+8(FP)
	RET

// func Out8(port uint16, v uint8)
TEXT ·Out8(SB),NOSPLIT,$0-3
	MOVW	port+0(FP), DX
	MOVB	v+2(FP), AX
	OUTB
	RET

// func In16(port uint16) uint16
TEXT ·In16(SB),NOSPLIT,$0-10
	MOVW	port+0(FP), DX
	XORL	AX, AX
	INW
	MOVW	AX, ret+8(FP)
	RET

// func Out16(port uint16, v uint16)
TEXT ·Out16(SB),NOSPLIT,$0-4
	MOVW	port+0(FP), DX
	MOVW	v+2(FP), AX
	OUTW
	RET

// func In32(port uint16) uint32
TEXT ·In32(SB),NOSPLIT,$0-12
	MOVW	port+0(FP), DX
	INL
	MOVL	AX, ret+8(FP)
	RET

// func Out32(port uint16, v uint32)
TEXT ·Out32(SB),NOSPLIT,$0-8
	MOVW	port+0(FP), DX
	MOVL	v+4(FP), AX
	OUTL
	RET

// func ReadMSR(msr uint32) uint64
TEXT ·ReadMSR(SB),NOSPLIT,$0-16
	MOVL	msr+0(FP), CX
	RDMSR
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+8(FP)
	RET

// func WriteMSR(msr uint32, v uint64)
TEXT ·WriteMSR(SB),NOSPLIT,$0-16
	MOVL	msr+0(FP), CX
	MOVQ	v+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	WRMSR
	RET

// func CPUID(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·CPUID(SB),NOSPLIT,$0-24
	MOVL	leaf+0(FP), AX
	MOVL	sub+4(FP), CX
	CPUID
	MOVL	AX, a+8(FP)
	MOVL	BX, b+12(FP)
	MOVL	CX, c+16(FP)
	MOVL	DX, d+20(FP)
	RET

// func ReadTSC() uint64
TEXT ·ReadTSC(SB),NOSPLIT,$0-8
	LFENCE
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET

// func IRQEnable()
TEXT ·IRQEnable(SB),NOSPLIT,$0-0
	STI
	RET

// func IRQDisable()
TEXT ·IRQDisable(SB),NOSPLIT,$0-0
	CLI
	RET

// func IdleWait()
//
// "If IF = 0, maskable hardware interrupts remain inhibited on the instruction
// boundary following an execution of STI" - SDM vol. 2, STI. So no interrupt
// is lost between the two.
TEXT ·IdleWait(SB),NOSPLIT,$0-0
	STI
	HLT
	CLI
	RET

// func readFlags() uintptr
TEXT ·readFlags(SB),NOSPLIT,$0-8
	PUSHFQ
	POPQ	AX
	MOVQ	AX, ret+0(FP)
	RET

// func readCR2() uintptr
TEXT ·readCR2(SB),NOSPLIT,$0-8
	MOVQ	CR2, AX
	MOVQ	AX, ret+0(FP)
	RET

// func readCR3() uintptr
TEXT ·readCR3(SB),NOSPLIT,$0-8
	MOVQ	CR3, AX
	MOVQ	AX, ret+0(FP)
	RET

// func writeCR3(v uintptr)
TEXT ·writeCR3(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR3
	RET

// func readCR4() uintptr
TEXT ·readCR4(SB),NOSPLIT,$0-8
	MOVQ	CR4, AX
	MOVQ	AX, ret+0(FP)
	RET

// func writeCR4(v uintptr)
TEXT ·writeCR4(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR4
	RET

// func writeFSBase(v uintptr)
TEXT ·writeFSBase(SB),NOSPLIT,$0-8
	MOVQ	v+0(FP), AX
	WRFSBASEQ	AX
	RET

// func invlpg(va uintptr)
TEXT ·invlpg(SB),NOSPLIT,$0-8
	MOVQ	va+0(FP), AX
	INVLPG	(AX)
	RET

// func halt()
TEXT ·halt(SB),NOSPLIT,$0-0
	HLT
	RET

// func CPURelax()
//
// Clearing and setting CR4.PGE flushes every translation, global ones too
// (SDM vol. 3, 4.10.4.1). An address space that is to be given up is left.
TEXT ·CPURelax(SB),NOSPLIT,$0-0
	CMPL	percpu_flush(GS), $0
	JNE	flush
	PAUSE
	RET
flush:
	MOVQ	CR4, AX
	MOVQ	AX, CX
	ANDQ	$~const_cr4PGE, CX
	MOVQ	CX, CR4
	MOVQ	AX, CR4
	MOVQ	·shootdown+const_offRetired(SB), AX
	TESTQ	AX, AX
	JEQ	answered
	CMPQ	AX, percpu_mm(GS)
	JNE	answered
	MOVQ	·kernelRoot(SB), AX
	MOVQ	AX, CR3
	MOVQ	$0, percpu_mm(GS)
answered:
	MOVL	$0, percpu_flush(GS)
	RET

// func zeroPage(va uintptr)
TEXT ·zeroPage(SB),NOSPLIT,$0-8
	MOVQ	va+0(FP), DI
	MOVL	$(4096/8), CX
	XORL	AX, AX
	REP; STOSQ
	RET

// func loadTables(gdtr, idtr *descriptor)
//
// Loads the tables, then every segment register: CS through a far return. GS
// is null afterwards until its base is written.
TEXT ·loadTables(SB),NOSPLIT,$0-16
	MOVQ	gdtr+0(FP), AX
	LGDT	(AX)
	MOVQ	idtr+8(FP), AX
	LIDT	(AX)
	MOVW	$const_selTSS, AX
	LTR	AX
	// No local descriptor table. At reset there is one, at address 0, where a
	// program may have memory (SDM vol. 3, table 9-1).
	XORL	AX, AX
	BYTE	$0x0f; BYTE $0x00; BYTE $0xd0 // lldt %ax
	MOVW	$const_selKernelData, AX
	MOVW	AX, SS
	XORL	AX, AX
	MOVW	AX, DS
	MOVW	AX, ES
	MOVW	AX, GS
	POPQ	CX // return address
	PUSHQ	$const_selKernelCode
	PUSHQ	CX
	RETFQ
