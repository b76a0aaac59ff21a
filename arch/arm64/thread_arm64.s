//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// func SwitchStack(save *uintptr, to uintptr)
// What a Go function keeps over a call is x29, x30 and g; the record is a
// switchRecord.
TEXT ·SwitchStack(SB),NOSPLIT|NOFRAME,$0-16
	MOVD	save+0(FP), R0
	MOVD	to+8(FP), R1
	MOVD	RSP, R2
	SUB	$switchRecord__size, R2
	STP	(R29, R30), switchRecord_fp(R2)
	MOVD	g, switchRecord_g(R2)
	MOVD	R2, (R0)
	LDP	switchRecord_fp(R1), (R29, R30)
	MOVD	switchRecord_g(R1), g
	ADD	$switchRecord__size, R1
	MOVD	R1, RSP
	RET

// func onKernelStack(f func() uintptr) uintptr
// By Go's internal calling convention the closure is in R26, the result in R0.
// At EL1t, SP_EL1 is the top of an empty kernel stack.
TEXT ·onKernelStack(SB),NOSPLIT|NOFRAME,$0-16
	MOVD	f+0(FP), R26
	MRS	DAIF, R1
	MRS	SPSel, R2
	MSR	$2, DAIFSet
	MSR	$1, SPSel
	SUB	$48, RSP
	STP	(R1, R2), 8(RSP)
	MOVD	R30, 32(RSP)
	MOVD	(R26), R0
	CALL	(R0)
	LDP	8(RSP), (R1, R2)
	MOVD	32(RSP), R30
	ADD	$48, RSP
	MSR	R2, SPSel
	MSR	R1, DAIF
	MOVD	R0, ret+8(FP)
	RET

// func idleEntry() uintptr
TEXT ·idleEntry(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·idleStack(SB), R0
	MOVD	R0, ret+0(FP)
	RET

// idleStack is where the boot CPU's idle stack begins.
TEXT ·idleStack(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SUB	$16, RSP
	BL	·idleStart(SB)
	UNDEF

// func threadEntry() uintptr
TEXT ·threadEntry(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·threadStack(SB), R0
	MOVD	R0, ret+0(FP)
	RET

// threadStack is where a new thread begins, with its frame on the stack.
TEXT ·threadStack(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	SUB	$16, RSP
	BL	·threadStart(SB)
	ADD	$16, RSP
	B	·resume(SB)
