//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// The assembler counts what is subtracted from RSP against the nosplit limit of
// Go's stacks; this is the kernel stack. userRecord__size, Arm ARM C6.2.339 and
// C6.2.4.
#define PUSH_RECORD \
	WORD	$0xd10103ff	// sub sp, sp, #0x40
#define POP_RECORD \
	WORD	$0x910103ff	// add sp, sp, #0x40

// Offsets in UserContext, whose first field is regs.
#define X(n) (UserContext_regs+PtRegs_R+8*n)
#define Q(n) (UserContext_v+16*n)

// func EnterUser(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry
TEXT ·EnterUser(SB),NOSPLIT|NOFRAME,$0-25
	MOVD	c+0(FP), R0
	MOVD	flags+8(FP), R3
	MOVWU	work+16(FP), R4
	MRS	TPIDR_EL1, R1
	MSR	$2, DAIFSet
	MOVWU	(R3), R3
	MOVWU	percpu_events(R1), R2
	AND	R4, R3
	ORR	R3, R2
	CBNZ	R2, work
	MOVD	percpu_user(R1), R2
	CMP	R0, R2
	BNE	load
loaded:
	LDP	UserContext_fpsr(R0), (R1, R2)
	MSR	R1, FPSR
	MSR	R2, FPCR
	FLDPQ	Q(30)(R0), (F30, F31)
	FLDPQ	Q(28)(R0), (F28, F29)
	FLDPQ	Q(26)(R0), (F26, F27)
	FLDPQ	Q(24)(R0), (F24, F25)
	FLDPQ	Q(22)(R0), (F22, F23)
	FLDPQ	Q(20)(R0), (F20, F21)
	FLDPQ	Q(18)(R0), (F18, F19)
	FLDPQ	Q(16)(R0), (F16, F17)
	FLDPQ	Q(14)(R0), (F14, F15)
	FLDPQ	Q(12)(R0), (F12, F13)
	FLDPQ	Q(10)(R0), (F10, F11)
	FLDPQ	Q(8)(R0), (F8, F9)
	FLDPQ	Q(6)(R0), (F6, F7)
	FLDPQ	Q(4)(R0), (F4, F5)
	FLDPQ	Q(2)(R0), (F2, F3)
	FLDPQ	Q(0)(R0), (F0, F1)

	MSR	$1, SPSel
	PUSH_RECORD
	MRS	SP_EL0, R1
	STP	(R0, R1), userRecord_context(RSP)
	STP	(g, R29), userRecord_g(RSP)
	MOVD	R30, userRecord_lr(RSP)
	LDP	(UserContext_regs+PtRegs_Stack)(R0), (R4, R5)	// Stack, IP
	MOVD	(UserContext_regs+PtRegs_PState)(R0), R6
	MSR	R4, SP_EL0
	MSR	R5, ELR_EL1
	MSR	R6, SPSR_EL1
	LDP	X(2)(R0), (R2, R3)
	LDP	X(4)(R0), (R4, R5)
	LDP	X(6)(R0), (R6, R7)
	LDP	X(8)(R0), (R8, R9)
	LDP	X(10)(R0), (R10, R11)
	LDP	X(12)(R0), (R12, R13)
	LDP	X(14)(R0), (R14, R15)
	LDP	X(16)(R0), (R16, R17)
	LDP	X(18)(R0), (R18_PLATFORM, R19)
	LDP	X(20)(R0), (R20, R21)
	LDP	X(22)(R0), (R22, R23)
	LDP	X(24)(R0), (R24, R25)
	LDP	X(26)(R0), (R26, R27)
	LDP	X(28)(R0), (g, R29)
	MOVD	X(30)(R0), R30
	LDP	X(0)(R0), (R0, R1)
	ERET
work:
	MSR	$2, DAIFClr
	MOVD	$const_entryWork, R0
	MOVB	R0, ret+24(FP)
	RET
load:	// a new program, without a switch of tasks in front
	MOVD	R0, percpu_user(R1)
	MOVD	UserContext_tls(R0), R2
	MSR	R2, TPIDR_EL0
	B	loaded

// SAVE_USER stores the registers of the program in its context, which is in g
// then. X0 stays what it was. The vectors have saved g and R30 in the record.
#define SAVE_USER \
	STP	(R0, R1), X(0)(g)	\
	STP	(R2, R3), X(2)(g)	\
	STP	(R4, R5), X(4)(g)	\
	STP	(R6, R7), X(6)(g)	\
	STP	(R8, R9), X(8)(g)	\
	STP	(R10, R11), X(10)(g)	\
	STP	(R12, R13), X(12)(g)	\
	STP	(R14, R15), X(14)(g)	\
	STP	(R16, R17), X(16)(g)	\
	STP	(R18_PLATFORM, R19), X(18)(g)	\
	STP	(R20, R21), X(20)(g)	\
	STP	(R22, R23), X(22)(g)	\
	STP	(R24, R25), X(24)(g)	\
	STP	(R26, R27), X(26)(g)	\
	LDP	userRecord_scratch(RSP), (R2, R3)	\
	STP	(R2, R29), X(28)(g)	\
	MRS	SP_EL0, R4	\
	STP	(R3, R4), X(30)(g)	\
	MRS	ELR_EL1, R5	\
	MRS	SPSR_EL1, R6	\
	STP	(R5, R6), (UserContext_regs+PtRegs_IP)(g)	\
	FSTPQ	(F0, F1), Q(0)(g)	\
	FSTPQ	(F2, F3), Q(2)(g)	\
	FSTPQ	(F4, F5), Q(4)(g)	\
	FSTPQ	(F6, F7), Q(6)(g)	\
	FSTPQ	(F8, F9), Q(8)(g)	\
	FSTPQ	(F10, F11), Q(10)(g)	\
	FSTPQ	(F12, F13), Q(12)(g)	\
	FSTPQ	(F14, F15), Q(14)(g)	\
	FSTPQ	(F16, F17), Q(16)(g)	\
	FSTPQ	(F18, F19), Q(18)(g)	\
	FSTPQ	(F20, F21), Q(20)(g)	\
	FSTPQ	(F22, F23), Q(22)(g)	\
	FSTPQ	(F24, F25), Q(24)(g)	\
	FSTPQ	(F26, F27), Q(26)(g)	\
	FSTPQ	(F28, F29), Q(28)(g)	\
	FSTPQ	(F30, F31), Q(30)(g)	\
	MRS	FPSR, R2	\
	MRS	FPCR, R3	\
	STP	(R2, R3), UserContext_fpsr(g)

// LEAVE goes back to where EnterUser was called, on the goroutine's stack, with
// Go's floating-point mode.
#define LEAVE \
	MSR	ZR, FPCR	\
	MOVD	userRecord_sp(RSP), R1	\
	LDP	userRecord_g(RSP), (g, R29)	\
	MOVD	userRecord_lr(RSP), R30	\
	MSR	R1, SP_EL0	\
	POP_RECORD	\
	MSR	$0, SPSel	\
	MSR	$2, DAIFClr

// userSync: a system call or a fault of a program.
TEXT ·userSync(SB),NOSPLIT|NOFRAME,$0-25
	SAVE_USER
	MRS	ESR_EL1, R1
	LSR	$const_ecShift, R1, R2
	CMP	$const_ecSVC, R2
	BNE	exception
	LEAVE
	MOVD	$const_leftForSyscall, R0
	MOVB	R0, ret+24(FP)
	RET
exception:
	MRS	FAR_EL1, R2
	STP	(R1, R2), (UserContext_regs+PtRegs_ESR)(g)
	LEAVE
	JMP	·leftForException(SB)

// userIRQ: an interrupt of a program. It stays pending.
TEXT ·userIRQ(SB),NOSPLIT|NOFRAME,$0-25
	SAVE_USER
	LEAVE
	MOVD	$const_leftForInterrupt, R0
	MOVB	R0, ret+24(FP)
	RET

// func readTLS() uint64
TEXT ·readTLS(SB),NOSPLIT|NOFRAME,$0-8
	MRS	TPIDR_EL0, R0
	MOVD	R0, ret+0(FP)
	RET

// func writeTLS(v uint64)
TEXT ·writeTLS(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	v+0(FP), R0
	MSR	R0, TPIDR_EL0
	RET
