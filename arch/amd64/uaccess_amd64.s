//go:build metal

#include "go_asm.h"
#include "textflag.h"
#include "vector_amd64.h"

// All functions that touch user memory have the same arguments and result, and
// userFault returns for them. Where they do it,
//	CX is the number of steps that are left, and
//	R8 says what a step is.
// R9 is fixUserAccess's.

#define STEP_QUADS_COPY 0
#define STEP_QUADS_CLEAR 1
#define STEP_OTHER 2
#define STEP_STATE 3

#define OPEN_USER \
	CMPB	·hasSMAP(SB), $0 \
	JEQ	2(PC) \
	STAC

#define CLOSE_USER \
	CMPB	·hasSMAP(SB), $0 \
	JEQ	2(PC) \
	CLAC

TEXT ·userAccess(SB),NOSPLIT|NOFRAME,$0
	INT	$3

// func copyUser(dst, src, n uintptr) (left uintptr)
TEXT ·copyUser(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	dst+0(FP), DI
	MOVQ	src+8(FP), SI
	MOVQ	n+16(FP), CX
	MOVQ	CX, DX
	SHRQ	$3, CX
	ANDL	$7, DX
	MOVL	$STEP_QUADS_COPY, R8
	OPEN_USER
	REP; MOVSQ
	MOVL	DX, CX
	MOVL	$STEP_OTHER, R8
	REP; MOVSB
	CLOSE_USER
	MOVQ	CX, left+24(FP)
	RET

// func clearUser(dst, _, n uintptr) (left uintptr)
TEXT ·clearUser(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	dst+0(FP), DI
	MOVQ	n+16(FP), CX
	XORL	AX, AX
	MOVQ	CX, DX
	SHRQ	$3, CX
	ANDL	$7, DX
	MOVL	$STEP_QUADS_CLEAR, R8
	OPEN_USER
	REP; STOSQ
	MOVL	DX, CX
	MOVL	$STEP_OTHER, R8
	REP; STOSB
	CLOSE_USER
	MOVQ	CX, left+24(FP)
	RET

// func loadUser32(dst, src, n uintptr) (left uintptr)
TEXT ·loadUser32(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	dst+0(FP), DI
	MOVQ	src+8(FP), SI
	MOVQ	n+16(FP), CX
	MOVL	$STEP_OTHER, R8
	OPEN_USER
	MOVL	(SI), AX
	CLOSE_USER
	MOVL	AX, (DI)
	MOVQ	$0, left+24(FP)
	RET

// func cmpxchgUser32(pair, addr, n uintptr) (left uintptr)
//
// pair points to the old and the new value; the first becomes what was there.
TEXT ·cmpxchgUser32(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	pair+0(FP), DI
	MOVQ	addr+8(FP), SI
	MOVQ	n+16(FP), CX
	MOVL	0(DI), AX
	MOVL	4(DI), DX
	MOVL	$STEP_OTHER, R8
	OPEN_USER
	LOCK
	CMPXCHGL	DX, (SI)
	CLOSE_USER
	MOVL	AX, (DI)
	MOVQ	$0, left+24(FP)
	RET

// COMPONENTS loads what the instructions below take for the components in AX.
#define COMPONENTS \
	MOVQ	AX, DX \
	SHRQ	$32, DX

#define XSAVE_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x27 // xsave64 (%rdi)
#define XRSTOR_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x2f // xrstor64 (%rdi)

// func storeFrame(dst, c, state uintptr) (left uintptr)
//
// The program's signal frame goes to dst, and its extended state, for which this
// CPU's registers lack only what Go code uses, to state; the registers get the
// state of a new program. MXCSR is the program's meanwhile, which is why
// interrupts are masked.
TEXT ·storeFrame(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	dst+0(FP), DI
	MOVQ	c+8(FP), AX
	MOVL	$STEP_STATE, R8
	MOVQ	UserContext_frame(AX), SI
	MOVL	$const_frameQuads, CX
	MOVQ	AX, R10
	CLI
	LOAD_VECTOR
	OPEN_USER
	REP; MOVSQ
	MOVQ	state+16(FP), DI
	MOVQ	·xfeatures(SB), AX
	TESTQ	AX, AX
	JEQ	legacy
	// XSAVE leaves alone what it does not know of the header.
	XORL	DX, DX
	MOVQ	DX, (const_fxsaveSize+0)(DI)
	MOVQ	DX, (const_fxsaveSize+8)(DI)
	MOVQ	DX, (const_fxsaveSize+16)(DI)
	MOVQ	DX, (const_fxsaveSize+24)(DI)
	MOVQ	DX, (const_fxsaveSize+32)(DI)
	MOVQ	DX, (const_fxsaveSize+40)(DI)
	MOVQ	DX, (const_fxsaveSize+48)(DI)
	MOVQ	DX, (const_fxsaveSize+56)(DI)
	COMPONENTS
	XSAVE_DI
	ORQ	$const_legacyState, const_fxsaveSize(DI)
	MOVQ	·xsaveSize(SB), DX
	MOVL	$const_magic2, (DI)(DX*1)
software:
	MOVUPS	·software+0(SB), X0
	MOVUPS	·software+16(SB), X1
	MOVUPS	·software+32(SB), X2
	MOVUPS	X0, (const_offSoftware+0)(DI)
	MOVUPS	X1, (const_offSoftware+16)(DI)
	MOVUPS	X2, (const_offSoftware+32)(DI)
	CLOSE_USER
	MOVQ	·newState(SB), DI
	TESTQ	AX, AX
	JEQ	newLegacy
	COMPONENTS
	XRSTOR_DI
reset:
	LDMXCSR	·kernelMXCSR(SB)
	MOVQ	R10, AX
	STI
	SAVE_VECTOR
	MOVQ	$0, left+24(FP)
	RET
legacy:
	FXSAVE64	(DI)
	JMP	software
newLegacy:
	FXRSTOR64	(DI)
	JMP	reset

// func loadUsualState(c, src, _ uintptr) (left uintptr)
//
// The opposite for a state at src that says of itself what storeFrame has. One
// that does not changes nothing, and the result is unusualState.
TEXT ·loadUsualState(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	c+0(FP), R10
	MOVQ	src+8(FP), SI
	MOVL	$STEP_STATE, R8
	MOVQ	·xsaveSize(SB), CX
	MOVQ	·software+0(SB), AX
	MOVQ	·software+8(SB), BX
	MOVQ	·software+16(SB), DX
	MOVQ	·xfeatures(SB), R11
	CLI
	OPEN_USER
	CMPQ	AX, (const_offSoftware+0)(SI)
	JNE	unusual
	CMPQ	BX, (const_offSoftware+8)(SI)
	JNE	unusual
	CMPL	DX, (const_offSoftware+16)(SI)
	JNE	unusual
	CMPL	(SI)(CX*1), $const_magic2
	JNE	unusual
	JMP	·loadComponents(SB)
unusual:
	MOVL	$const_unusualState, R9
	JMP	·noState(SB)

// func loadState(c, src, components uintptr) (left uintptr)
//
// The same for any state: of the components, or of those of FXRSTOR if that is legacyOnly,
// the state at src, and of all others that of a new program.
TEXT ·loadState(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	c+0(FP), R10
	MOVQ	src+8(FP), SI
	MOVQ	components+16(FP), R11
	MOVL	$STEP_STATE, R8
	MOVQ	·newState(SB), DI
	MOVQ	·xfeatures(SB), AX
	CLI
	CMPQ	R11, $const_legacyOnly
	JEQ	legacy
	XORQ	R11, AX
	JEQ	all
	COMPONENTS
	XRSTOR_DI
all:
	OPEN_USER
	JMP	·loadComponents(SB)
legacy:
	TESTQ	AX, AX
	JEQ	no
	COMPONENTS
	XRSTOR_DI
no:
	OPEN_USER
	FXRSTOR64	(SI)
	JMP	·loadedState(SB)

// loadComponents is the end of the functions above: the components in R11 are
// loaded from SI. R10 is the UserContext.
TEXT ·loadComponents(SB),NOSPLIT|NOFRAME,$0-32
	MOVQ	SI, DI
	MOVQ	R11, AX
	COMPONENTS
	XRSTOR_DI
	JMP	·loadedState(SB)

// loadedState lets the UserContext in R10 have what was loaded.
TEXT ·loadedState(SB),NOSPLIT|NOFRAME,$0-32
	CLOSE_USER
	MOVQ	R10, AX
	SAVE_VECTOR
	STI
	MOVQ	$0, left+24(FP)
	RET

// noState ends a function that has not moved the state, for the reason in R9.
TEXT ·noState(SB),NOSPLIT|NOFRAME,$0-32
	LDMXCSR	·kernelMXCSR(SB)
	CLOSE_USER
	STI
	MOVQ	R9, left+24(FP)
	RET

// userFault is where an access that has faulted goes on. One by quads tries
// again by bytes, to get as far as possible.
TEXT ·userFault(SB),NOSPLIT|NOFRAME,$0-32
	CMPL	R8, $STEP_OTHER
	JEQ	done
	CMPL	R8, $STEP_STATE
	JEQ	state
	LEAQ	(DX)(CX*8), CX
	CMPL	R8, $STEP_QUADS_CLEAR
	MOVL	$STEP_OTHER, R8
	JEQ	clear
	REP; MOVSB
	JMP	done
clear:
	REP; STOSB
done:
	CLOSE_USER
	MOVQ	CX, left+24(FP)
	RET
state:
	JMP	·noState(SB) // R9 is the vector

TEXT ·userAccessEnd(SB),NOSPLIT|NOFRAME,$0
	INT	$3

// func userAccessPC() uintptr
TEXT ·userAccessPC(SB),NOSPLIT,$0-8
	LEAQ	·userAccess(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func userAccessEndPC() uintptr
TEXT ·userAccessEndPC(SB),NOSPLIT,$0-8
	LEAQ	·userAccessEnd(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func userFaultPC() uintptr
TEXT ·userFaultPC(SB),NOSPLIT,$0-8
	LEAQ	·userFault(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
