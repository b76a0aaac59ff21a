//go:build metal

#include "go_asm.h"
#include "textflag.h"

// All functions that touch user memory have the same arguments and result, and
// userFault returns for them. Where they do it,
//	CX is the number of steps that are left, and
//	R8 says what a step is.

#define STEP_QUADS_COPY 0
#define STEP_QUADS_CLEAR 1
#define STEP_OTHER 2

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

// userFault is where an access that has faulted goes on. One by quads tries
// again by bytes, to get as far as possible.
TEXT ·userFault(SB),NOSPLIT|NOFRAME,$0-32
	CMPL	R8, $STEP_OTHER
	JEQ	done
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
