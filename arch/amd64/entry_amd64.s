//go:build metal

#include "go_asm.h"
#include "textflag.h"

// Saving and loading of a Frame at SP, all but the processor's own words.
#define SAVE_GENERAL \
	MOVQ	DI, Frame_DI(SP) \
	MOVQ	SI, Frame_SI(SP) \
	MOVQ	DX, Frame_DX(SP) \
	MOVQ	CX, Frame_CX(SP) \
	MOVQ	AX, Frame_AX(SP) \
	MOVQ	R8, Frame_R8(SP) \
	MOVQ	R9, Frame_R9(SP) \
	MOVQ	R10, Frame_R10(SP) \
	MOVQ	R11, Frame_R11(SP) \
	MOVQ	BX, Frame_BX(SP) \
	MOVQ	BP, Frame_BP(SP) \
	MOVQ	R12, Frame_R12(SP) \
	MOVQ	R13, Frame_R13(SP) \
	MOVQ	R14, Frame_R14(SP) \
	MOVQ	R15, Frame_R15(SP)

#define LOAD_GENERAL \
	MOVQ	Frame_DI(SP), DI \
	MOVQ	Frame_SI(SP), SI \
	MOVQ	Frame_DX(SP), DX \
	MOVQ	Frame_CX(SP), CX \
	MOVQ	Frame_AX(SP), AX \
	MOVQ	Frame_R8(SP), R8 \
	MOVQ	Frame_R9(SP), R9 \
	MOVQ	Frame_R10(SP), R10 \
	MOVQ	Frame_R11(SP), R11 \
	MOVQ	Frame_BX(SP), BX \
	MOVQ	Frame_BP(SP), BP \
	MOVQ	Frame_R12(SP), R12 \
	MOVQ	Frame_R13(SP), R13 \
	MOVQ	Frame_R14(SP), R14 \
	MOVQ	Frame_R15(SP), R15

#define SAVE_VECTOR \
	MOVUPS	X0, (Frame_X+0)(SP) \
	MOVUPS	X1, (Frame_X+16)(SP) \
	MOVUPS	X2, (Frame_X+32)(SP) \
	MOVUPS	X3, (Frame_X+48)(SP) \
	MOVUPS	X4, (Frame_X+64)(SP) \
	MOVUPS	X5, (Frame_X+80)(SP) \
	MOVUPS	X6, (Frame_X+96)(SP) \
	MOVUPS	X7, (Frame_X+112)(SP) \
	MOVUPS	X8, (Frame_X+128)(SP) \
	MOVUPS	X9, (Frame_X+144)(SP) \
	MOVUPS	X10, (Frame_X+160)(SP) \
	MOVUPS	X11, (Frame_X+176)(SP) \
	MOVUPS	X12, (Frame_X+192)(SP) \
	MOVUPS	X13, (Frame_X+208)(SP) \
	MOVUPS	X14, (Frame_X+224)(SP) \
	MOVUPS	X15, (Frame_X+240)(SP)

#define LOAD_VECTOR \
	MOVUPS	(Frame_X+0)(SP), X0 \
	MOVUPS	(Frame_X+16)(SP), X1 \
	MOVUPS	(Frame_X+32)(SP), X2 \
	MOVUPS	(Frame_X+48)(SP), X3 \
	MOVUPS	(Frame_X+64)(SP), X4 \
	MOVUPS	(Frame_X+80)(SP), X5 \
	MOVUPS	(Frame_X+96)(SP), X6 \
	MOVUPS	(Frame_X+112)(SP), X7 \
	MOVUPS	(Frame_X+128)(SP), X8 \
	MOVUPS	(Frame_X+144)(SP), X9 \
	MOVUPS	(Frame_X+160)(SP), X10 \
	MOVUPS	(Frame_X+176)(SP), X11 \
	MOVUPS	(Frame_X+192)(SP), X12 \
	MOVUPS	(Frame_X+208)(SP), X13 \
	MOVUPS	(Frame_X+224)(SP), X14 \
	MOVUPS	(Frame_X+240)(SP), X15

// The calls into Go go through a register: the linker adds up the stack use of
// nosplit functions along direct calls, and here a new stack has just begun.
#define CALL_GO(fn) \
	MOVQ	SP, AX \
	XORL	BP, BP \
	LEAQ	-16(SP), SP \
	MOVQ	AX, 0(SP) \
	LEAQ	fn(SB), AX \
	CALL	AX \
	LEAQ	16(SP), SP

// kernelSyscallEntry goes on where syscallEntry has found that the Go runtime
// made the call.
TEXT ·kernelSyscallEntry(SB),NOSPLIT|NOFRAME,$0
	MOVQ	SP, percpu_scratch(GS)
	MOVQ	percpu_kstack(GS), SP
	LEAQ	-Frame__size(SP), SP
	SAVE_GENERAL
	MOVQ	$const_vecSyscall, Frame_Vec(SP)
	MOVQ	$0, Frame_XValid(SP)
	MOVQ	CX, Frame_IP(SP)
	MOVQ	R11, Frame_Flags(SP)
	MOVQ	percpu_scratch(GS), AX
	MOVQ	AX, Frame_RSP(SP)
	MOVQ	$const_selKernelCode, Frame_CS(SP)
	MOVQ	$const_selKernelData, Frame_SS(SP)
	CALL_GO(·kernelSyscall)
	JMP	·leave(SB)

// trapEntry is where every stub jumps, with vector and error code pushed.
TEXT ·trapEntry(SB),NOSPLIT|NOFRAME,$0
	TESTB	$3, (Frame_CS-Frame_Vec)(SP)
	JEQ	kernel
	JMP	·userTrap(SB)
kernel:
	LEAQ	-Frame_Vec(SP), SP
	SAVE_GENERAL
	SAVE_VECTOR
	MOVQ	$1, Frame_XValid(SP)
	CLD
	CMPB	·hasSMAP(SB), $0
	JEQ	closed
	CLAC
closed:
	CALL_GO(·kernelTrap)
	JMP	·leave(SB)

// fatalEntry is where the stubs of NMI, double fault and machine check jump.
// They come at any time: even where the entry code has not yet set GS, or no
// longer, and FS may be a program's. So both are set for Go code here, and set
// back afterwards. Above the stack is the address of the CPU's record.
TEXT ·fatalEntry(SB),NOSPLIT|NOFRAME,$0
	LEAQ	-Frame_Vec(SP), SP
	SAVE_GENERAL
	SAVE_VECTOR
	MOVQ	$1, Frame_XValid(SP)
	CLD
	MOVQ	SP, SI
	LEAQ	-32(SP), SP
	MOVQ	SI, 0(SP)
	MOVQ	Frame__size(SI), BX
	MOVL	$const_msrGSBase, CX
	MOVQ	BX, DI
	CALL	swapMSR<>(SB)
	MOVQ	DI, 16(SP)
	MOVL	$const_msrFSBase, CX
	LEAQ	(percpu_dummy+8)(BX), DI
	CALL	swapMSR<>(SB)
	MOVQ	DI, 24(SP)
	XORL	BP, BP
	LEAQ	·kernelTrap(SB), AX
	CALL	AX
	MOVL	$const_msrFSBase, CX
	MOVQ	24(SP), DI
	CALL	swapMSR<>(SB)
	MOVL	$const_msrGSBase, CX
	MOVQ	16(SP), DI
	CALL	swapMSR<>(SB)
	LEAQ	32(SP), SP
	JMP	·leave(SB)

// swapMSR exchanges DI with the model specific register CX.
TEXT swapMSR<>(SB),NOSPLIT|NOFRAME,$0
	RDMSR
	SHLQ	$32, DX
	ORQ	AX, DX
	MOVQ	DX, R8
	MOVQ	DI, AX
	MOVQ	DI, DX
	SHRQ	$32, DX
	WRMSR
	MOVQ	R8, DI
	RET

// leave returns to the code whose Frame is at SP.
TEXT ·leave(SB),NOSPLIT|NOFRAME,$0
	CMPQ	Frame_XValid(SP), $0
	JEQ	general
	LOAD_VECTOR
general:
	LOAD_GENERAL
	LEAQ	Frame_IP(SP), SP
	IRETQ

// threadStart is the first code of a new thread, on its kernel stack, with its
// Frame at SP.
TEXT ·threadStart(SB),NOSPLIT|NOFRAME,$0
	LEAQ	·newThread(SB), AX
	CALL	AX
	JMP	·leave(SB)

// idleStart is the first code on the boot CPU's idle stack.
TEXT ·idleStart(SB),NOSPLIT|NOFRAME,$0
	LEAQ	·newIdle(SB), AX
	CALL	AX
	INT	$3 // not reached

// func SwitchStack(save *uintptr, to uintptr)
//
// Go code keeps nothing in registers across a call but the frame pointer, and
// g, which the lowest layer does not use.
TEXT ·SwitchStack(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	save+0(FP), AX
	MOVQ	to+8(FP), CX
	PUSHQ	BP
	PUSHQ	R14
	MOVQ	SP, (AX)
	MOVQ	CX, SP
	POPQ	R14
	POPQ	BP
	RET

// func stubBase() uintptr
TEXT ·stubBase(SB),NOSPLIT,$0-8
	LEAQ	·stubs(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func syscallEntryPC() uintptr
TEXT ·syscallEntryPC(SB),NOSPLIT,$0-8
	LEAQ	·syscallEntry(SB), AX
	CMPB	·hasFSGSBASE(SB), $0
	JNE	done
	LEAQ	·slowSyscallEntry(SB), AX
done:
	MOVQ	AX, ret+0(FP)
	RET

// func threadStartPC() uintptr
TEXT ·threadStartPC(SB),NOSPLIT,$0-8
	LEAQ	·threadStart(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func idleStartPC() uintptr
TEXT ·idleStartPC(SB),NOSPLIT,$0-8
	LEAQ	·idleStart(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// Stubs, 16 bytes each. E is for vectors where the processor pushes an error
// code itself (SDM vol. 3, table 6-1), F and FE for those that fatalEntry takes.
#define N(v) \
	PCALIGN	$16 \
	BYTE	$0x6a; BYTE $0x00 \
	BYTE	$0x68; LONG $v \
	JMP	·trapEntry(SB)
#define F(v) \
	PCALIGN	$16 \
	BYTE	$0x6a; BYTE $0x00 \
	BYTE	$0x68; LONG $v \
	JMP	·fatalEntry(SB)
#define FE(v) \
	PCALIGN	$16 \
	BYTE	$0x68; LONG $v \
	JMP	·fatalEntry(SB)
#define E(v) \
	PCALIGN	$16 \
	BYTE	$0x68; LONG $v \
	JMP	·trapEntry(SB)
#define N4(v) N(v) N((v+1)) N((v+2)) N((v+3))
#define N16(v) N4(v) N4((v+4)) N4((v+8)) N4((v+12))

TEXT ·stubs(SB),NOSPLIT|NOFRAME,$0
	N(0) N(1) F(2) N(3) N4(4)
	FE(8) N(9) E(10) E(11) E(12) E(13) E(14) N(15)
	N(16) E(17) F(18) N(19) N(20) E(21) N(22) N(23)
	N4(24) N(28) E(29) E(30) N(31)
	N16(32) N16(48) N16(64) N16(80) N16(96) N16(112)
	N16(128) N16(144) N16(160) N16(176) N16(192) N16(208) N16(224) N16(240)
