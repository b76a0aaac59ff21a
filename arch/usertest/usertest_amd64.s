//go:build metal

#include "go_asm.h"
#include "textflag.h"

#define CALL_KERNEL(n) \
	MOVQ	$n, AX \
	SYSCALL

#define CHECK(what, have, want) \
	MOVQ	$what, DI \
	CMPQ	have, want \
	JNE	bad

TEXT ·code(SB),NOSPLIT|NOFRAME,$0
	MOVQ	0(SP), AX
	MOVQ	8(SP), DI
	CMPQ	AX, $const_Null
	JEQ	null
	CMPQ	AX, $const_Load
	JEQ	load
	CMPQ	AX, $const_Store
	JEQ	store
	CMPQ	AX, $const_Count
	JEQ	count
	CMPQ	AX, $const_Poll
	JEQ	poll
	CMPQ	AX, $const_State
	JEQ	state
	UD2

null:
	MOVQ	$0x100000001, BX
	LEAQ	(BX)(BX*1), BP
	LEAQ	(BP)(BX*1), R12
	LEAQ	(R12)(BX*1), R13
	LEAQ	(R13)(BX*1), R14
	LEAQ	(R14)(BX*1), R15
	MOVQ	$1, DI
	MOVQ	$2, SI
	MOVQ	$3, DX
	MOVQ	$4, R10
	MOVQ	$5, R8
	MOVQ	$6, R9
	CALL_KERNEL(const_SysNull)
	MOVQ	AX, DI
	LEAQ	(BX)(BP*1), SI
	ADDQ	R12, SI
	ADDQ	R13, SI
	ADDQ	R14, SI
	ADDQ	R15, SI
	CALL_KERNEL(const_SysReport)
	JMP	null

load:
	MOVQ	(DI), DI
	CALL_KERNEL(const_SysReport)
	JMP	load

store:
	MOVQ	$1, (DI)
	XORL	DI, DI
	CALL_KERNEL(const_SysReport)
	JMP	store

count:
	INCQ	(DI)
	JMP	count

poll:
	CMPQ	(DI), $0
	JEQ	poll
	CALL_KERNEL(const_SysReport)
	JMP	poll

	// R13 the parameter, R14 whether there is AVX, R15 whether there is
	// WRGSBASE (SDM vol. 2, CPUID).
state:
	MOVQ	DI, R13
	MOVL	$1, AX
	XORL	CX, CX
	CPUID
	XORL	R14, R14
	ANDL	$(3<<27), CX // OSXSAVE, AVX
	CMPL	CX, $(3<<27)
	SETEQ	R14
	XORL	R15, R15
	XORL	AX, AX
	CPUID
	CMPL	AX, $7
	JLT	old
	MOVL	$7, AX
	XORL	CX, CX
	CPUID
	ANDL	$1, BX
	MOVQ	BX, R15
old:
	MOVQ	R13, X0
	PUNPCKLQDQ	X0, X0
	MOVO	X0, X7
	PADDQ	X7, X7
	MOVO	X7, X15
	PADDQ	X15, X15
	TESTL	R14, R14
	JEQ	noAVX
	VINSERTF128	$1, X7, Y0, Y0
	VINSERTF128	$1, X0, Y15, Y15
noAVX:
	TESTL	R15, R15
	JEQ	noGS
	WRGSBASEQ	R13
noGS:
	// The rounding mode: SDM vol. 1, 8.1.5.3 and 10.2.3.
	MOVL	R13, AX
	ANDL	$3, AX
	SHLL	$13, AX
	ORL	$0x1f80, AX
	MOVL	AX, 16(SP)
	LDMXCSR	16(SP)
	MOVL	R13, AX
	ANDL	$3, AX
	SHLL	$10, AX
	ORL	$0x37f, AX
	MOVQ	AX, 24(SP)
	FLDCW	24(SP)
	LEAQ	(R13)(R13*1), BP
	LEAQ	(BP)(BP*1), BX
again:
	MOVL	$200, R12
look:
	MOVQ	X0, AX
	CHECK(0, AX, R13)
	MOVHLPS	X0, X1
	MOVQ	X1, AX
	CHECK(1, AX, R13)
	MOVQ	X7, AX
	CHECK(2, AX, BP)
	MOVQ	X15, AX
	CHECK(3, AX, BX)
	TESTL	R14, R14
	JEQ	noYMM
	VEXTRACTF128	$1, Y0, X1
	MOVQ	X1, AX
	CHECK(4, AX, BP)
	VEXTRACTF128	$1, Y15, X1
	MOVQ	X1, AX
	CHECK(5, AX, R13)
noYMM:
	TESTL	R15, R15
	JEQ	noBase
	RDGSBASEQ	AX
	CHECK(6, AX, R13)
noBase:
	MOVQ	0(FS), AX
	CHECK(7, AX, R13)
	MOVQ	$0, 32(SP)
	STMXCSR	32(SP)
	MOVL	32(SP), AX
	MOVL	16(SP), CX
	CHECK(8, AX, CX)
	FSTCW	32(SP)
	MOVWLZX	32(SP), AX
	CHECK(9, AX, 24(SP))
	DECL	R12
	JNE	look
	CALL_KERNEL(const_SysYield)
	JMP	again
bad:
	CALL_KERNEL(const_SysBad)
	JMP	bad

// func codePC() uintptr
TEXT ·codePC(SB),NOSPLIT,$0-8
	LEAQ	·code(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
