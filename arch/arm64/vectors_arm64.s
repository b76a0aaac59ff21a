//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// The assembler counts what is subtracted from RSP against the nosplit limit
// of Go's stacks. Kernel stacks are larger, so frames are hidden from it. Their
// size is frameSize, Arm ARM C6.2.4 and C6.2.339.
#define PUSH_FRAME \
	WORD	$0xd10d03ff	// sub sp, sp, #0x340
#define POP_FRAME \
	WORD	$0x910d03ff	// add sp, sp, #0x340

// vectors is the exception vector table, Arm ARM D1.3.1.2: 16 entries of 128
// bytes, four each for EL1 on SP_EL0, EL1 on SP_EL1, and 64-bit and 32-bit EL0.
// Each entry has x0 and x1 saved and the number of the entry in x0.
#define ENTRY(number, handler) \
	PCALIGN	$128	\
	PUSH_FRAME	\
	STP	(R0, R1), Frame_R(RSP)	\
	MOVD	$number, R0	\
	B	handler

// In user mode the kernel stack holds a userRecord; see enter_arm64.s.
#define USER_ENTRY(handler) \
	PCALIGN	$128	\
	STP	(g, R30), userRecord_scratch(RSP)	\
	MOVD	userRecord_context(RSP), g	\
	B	handler

TEXT ·vectors(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	PCALIGN	$2048
	ENTRY(0, ·syncThread(SB))
	ENTRY(1, ·irqThread(SB))
	ENTRY(2, ·strayThread(SB))
	ENTRY(3, ·strayThread(SB))

	// A fault on a kernel stack. If there is no room for another frame, the
	// stack pointer has run into the guard page.
	PCALIGN	$128
	MSR	R0, TPIDRRO_EL0
	MOVD	RSP, R0
	SUB	$const_frameSize, R0
	WORD	$0xd5087820	// at s1e1w, x0 (Arm ARM C5.4)
	ISB	$15
	MRS	PAR_EL1, R0
	TBNZ	$0, R0, overflow	// PAR_EL1.F
	MRS	TPIDRRO_EL0, R0
	MSR	ZR, TPIDRRO_EL0
	PUSH_FRAME
	STP	(R0, R1), Frame_R(RSP)
	B	·syncKernel(SB)
overflow:
	B	·stackOverflow(SB)

	ENTRY(5, ·strayKernel(SB))
	ENTRY(6, ·strayKernel(SB))
	ENTRY(7, ·strayKernel(SB))
	// Programs: 64-bit ones, and 32-bit ones, which cannot be but would be
	// treated alike.
	USER_ENTRY(·userSync(SB))
	USER_ENTRY(·userIRQ(SB))
	ENTRY(10, ·strayThread(SB))
	ENTRY(11, ·strayThread(SB))
	USER_ENTRY(·userSync(SB))
	USER_ENTRY(·userIRQ(SB))
	ENTRY(14, ·strayThread(SB))
	ENTRY(15, ·strayThread(SB))

// SAVE_GENERAL stores what ENTRY has left, but for the stack pointer.
#define SAVE_GENERAL \
	STP	(R2, R3), (Frame_R+16)(RSP)	\
	STP	(R4, R5), (Frame_R+32)(RSP)	\
	STP	(R6, R7), (Frame_R+48)(RSP)	\
	STP	(R8, R9), (Frame_R+64)(RSP)	\
	STP	(R10, R11), (Frame_R+80)(RSP)	\
	STP	(R12, R13), (Frame_R+96)(RSP)	\
	STP	(R14, R15), (Frame_R+112)(RSP)	\
	STP	(R16, R17), (Frame_R+128)(RSP)	\
	STP	(R18_PLATFORM, R19), (Frame_R+144)(RSP)	\
	STP	(R20, R21), (Frame_R+160)(RSP)	\
	STP	(R22, R23), (Frame_R+176)(RSP)	\
	STP	(R24, R25), (Frame_R+192)(RSP)	\
	STP	(R26, R27), (Frame_R+208)(RSP)	\
	STP	(g, R29), (Frame_R+224)(RSP)	\
	MOVD	R30, (Frame_R+240)(RSP)	\
	MRS	ELR_EL1, R2	\
	MRS	SPSR_EL1, R3	\
	STP	(R2, R3), Frame_IP(RSP)

#define SAVE_THREAD_SP \
	MRS	SP_EL0, R2	\
	MOVD	R2, Frame_Stack(RSP)

#define SAVE_KERNEL_SP \
	MOVD	RSP, R2	\
	ADD	$const_frameSize, R2	\
	MOVD	R2, Frame_Stack(RSP)

// SAVE_SYNDROME leaves ESR_EL1 in R2.
#define SAVE_SYNDROME \
	MRS	ESR_EL1, R2	\
	MRS	FAR_EL1, R3	\
	STP	(R2, R3), Frame_ESR(RSP)

#define SAVE_VECTORS \
	FSTPQ	(F0, F1), (Frame_V+0)(RSP)	\
	FSTPQ	(F2, F3), (Frame_V+32)(RSP)	\
	FSTPQ	(F4, F5), (Frame_V+64)(RSP)	\
	FSTPQ	(F6, F7), (Frame_V+96)(RSP)	\
	FSTPQ	(F8, F9), (Frame_V+128)(RSP)	\
	FSTPQ	(F10, F11), (Frame_V+160)(RSP)	\
	FSTPQ	(F12, F13), (Frame_V+192)(RSP)	\
	FSTPQ	(F14, F15), (Frame_V+224)(RSP)	\
	FSTPQ	(F16, F17), (Frame_V+256)(RSP)	\
	FSTPQ	(F18, F19), (Frame_V+288)(RSP)	\
	FSTPQ	(F20, F21), (Frame_V+320)(RSP)	\
	FSTPQ	(F22, F23), (Frame_V+352)(RSP)	\
	FSTPQ	(F24, F25), (Frame_V+384)(RSP)	\
	FSTPQ	(F26, F27), (Frame_V+416)(RSP)	\
	FSTPQ	(F28, F29), (Frame_V+448)(RSP)	\
	FSTPQ	(F30, F31), (Frame_V+480)(RSP)	\
	MRS	FPSR, R4	\
	MRS	FPCR, R5	\
	MOVD	$1, R6	\
	STP	(R4, R5), Frame_FPSR(RSP)	\
	MOVD	R6, Frame_VValid(RSP)

#define LOAD_VECTORS \
	FLDPQ	(Frame_V+0)(RSP), (F0, F1)	\
	FLDPQ	(Frame_V+32)(RSP), (F2, F3)	\
	FLDPQ	(Frame_V+64)(RSP), (F4, F5)	\
	FLDPQ	(Frame_V+96)(RSP), (F6, F7)	\
	FLDPQ	(Frame_V+128)(RSP), (F8, F9)	\
	FLDPQ	(Frame_V+160)(RSP), (F10, F11)	\
	FLDPQ	(Frame_V+192)(RSP), (F12, F13)	\
	FLDPQ	(Frame_V+224)(RSP), (F14, F15)	\
	FLDPQ	(Frame_V+256)(RSP), (F16, F17)	\
	FLDPQ	(Frame_V+288)(RSP), (F18, F19)	\
	FLDPQ	(Frame_V+320)(RSP), (F20, F21)	\
	FLDPQ	(Frame_V+352)(RSP), (F22, F23)	\
	FLDPQ	(Frame_V+384)(RSP), (F24, F25)	\
	FLDPQ	(Frame_V+416)(RSP), (F26, F27)	\
	FLDPQ	(Frame_V+448)(RSP), (F28, F29)	\
	FLDPQ	(Frame_V+480)(RSP), (F30, F31)

#define LOAD_GENERAL \
	MOVD	(Frame_R+240)(RSP), R30	\
	LDP	(Frame_R+224)(RSP), (g, R29)	\
	LDP	(Frame_R+208)(RSP), (R26, R27)	\
	LDP	(Frame_R+192)(RSP), (R24, R25)	\
	LDP	(Frame_R+176)(RSP), (R22, R23)	\
	LDP	(Frame_R+160)(RSP), (R20, R21)	\
	LDP	(Frame_R+144)(RSP), (R18_PLATFORM, R19)	\
	LDP	(Frame_R+128)(RSP), (R16, R17)	\
	LDP	(Frame_R+112)(RSP), (R14, R15)	\
	LDP	(Frame_R+96)(RSP), (R12, R13)	\
	LDP	(Frame_R+80)(RSP), (R10, R11)	\
	LDP	(Frame_R+64)(RSP), (R8, R9)	\
	LDP	(Frame_R+48)(RSP), (R6, R7)	\
	LDP	(Frame_R+32)(RSP), (R4, R5)	\
	LDP	(Frame_R+16)(RSP), (R2, R3)	\
	LDP	(Frame_R+0)(RSP), (R0, R1)

// CALL_GO calls an entry of upcalls, with the frame as its argument, and then
// resumes the frame. By Go's internal calling convention the argument is in R0,
// with room to spill it in the caller's frame, and the closure in R26. The call
// starts a new count of stack: there is more than the linker knows of.
#define CALL_GO(entry) \
	MOVD	RSP, R0	\
	SUB	$32, RSP	\
	MOVD	·upcalls+(entry*8)(SB), R26	\
	MOVD	(R26), R2	\
	CALL	(R2)	\
	ADD	$32, RSP	\
	B	·resume(SB)

// syncThread: a system call, or a fault of a thread. Vector registers are dead
// at a call.
TEXT ·syncThread(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_GENERAL
	SAVE_THREAD_SP
	SAVE_SYNDROME
	LSR	$const_ecShift, R2, R2
	CMP	$const_ecSVC, R2
	BNE	fault
	MOVD	ZR, Frame_VValid(RSP)
	CALL_GO(const_upcallSyscall)
fault:
	B	·faultThread(SB)

TEXT ·faultThread(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_VECTORS
	CALL_GO(const_upcallFault)

// irqThread: an interrupt of a thread.
TEXT ·irqThread(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_GENERAL
	SAVE_THREAD_SP
	SAVE_VECTORS
	CALL_GO(const_upcallInterrupt)

// syncKernel: a fault of code on a kernel stack, which keeps its vector
// registers too.
TEXT ·syncKernel(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_GENERAL
	SAVE_KERNEL_SP
	SAVE_SYNDROME
	SAVE_VECTORS
	CALL_GO(const_upcallFault)

// strayThread and strayKernel: a system error or something that cannot happen.
TEXT ·strayThread(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_GENERAL
	SAVE_THREAD_SP
	SAVE_SYNDROME
	SAVE_VECTORS
	CALL_GO(const_upcallUnexpected)

TEXT ·strayKernel(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SAVE_GENERAL
	SAVE_KERNEL_SP
	SAVE_SYNDROME
	SAVE_VECTORS
	CALL_GO(const_upcallUnexpected)

// stackOverflow: a kernel stack has run into its guard page. x0 is in
// TPIDRRO_EL0. Nothing comes back from here, so TPIDR_EL0 is free too.
TEXT ·stackOverflow(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MSR	R1, TPIDR_EL0
	MRS	TPIDR_EL1, R0
	MOVD	RSP, R1
	MOVD	R1, percpu_overflowSP(R0)
	MOVD	percpu_emergency(R0), R1
	MOVD	R1, RSP
	MRS	TPIDRRO_EL0, R0
	MRS	TPIDR_EL0, R1
	PUSH_FRAME
	STP	(R0, R1), Frame_R(RSP)
	SAVE_GENERAL
	MRS	TPIDR_EL1, R2
	MOVD	percpu_overflowSP(R2), R2
	MOVD	R2, Frame_Stack(RSP)
	SAVE_SYNDROME
	SAVE_VECTORS
	CALL_GO(const_upcallUnexpected)

// resume returns to the code whose frame RSP points to.
TEXT ·resume(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MOVD	Frame_VValid(RSP), R0
	CBZ	R0, general
	LDP	Frame_FPSR(RSP), (R4, R5)
	MSR	R4, FPSR
	MSR	R5, FPCR
	LOAD_VECTORS
general:
	LDP	Frame_IP(RSP), (R2, R3)
	MSR	R2, ELR_EL1
	MSR	R3, SPSR_EL1
	TBNZ	$0, R3, kernel		// pstateSP: the stack pointer comes by itself
	MOVD	Frame_Stack(RSP), R1
	MSR	R1, SP_EL0
kernel:
	LOAD_GENERAL
	POP_FRAME
	ERET
