//go:build metal

#include "go_asm.h"
#include "textflag.h"

#define CALL_KERNEL(n) \
	MOVD	$n, R8 \
	SVC

#define CHECK(what, have, want) \
	MOVD	$what, R0 \
	CMP	want, have \
	BNE	bad

TEXT ·code(SB),NOSPLIT|NOFRAME,$0
	MOVD	0(RSP), R9
	MOVD	8(RSP), R10
	CMP	$const_Null, R9
	BEQ	null
	CMP	$const_Load, R9
	BEQ	load
	CMP	$const_Store, R9
	BEQ	store
	CMP	$const_Count, R9
	BEQ	count
	CMP	$const_Poll, R9
	BEQ	poll
	CMP	$const_State, R9
	BEQ	state
	WORD	$0 // UDF #0

null:
	MOVD	$0x100000001, R19
	ADD	R19, R19, R20
	ADD	R19, R20, R21
	ADD	R19, R21, R22
	ADD	R19, R22, R23
	ADD	R19, R23, R24
	MOVD	$1, R0
	MOVD	$2, R1
	MOVD	$3, R2
	MOVD	$4, R3
	MOVD	$5, R4
	MOVD	$6, R5
	CALL_KERNEL(const_SysNull)
	ADD	R19, R20, R1
	ADD	R21, R1
	ADD	R22, R1
	ADD	R23, R1
	ADD	R24, R1
	CALL_KERNEL(const_SysReport)
	B	null

load:
	MOVD	(R10), R0
	CALL_KERNEL(const_SysReport)
	B	load

store:
	MOVD	$1, R1
	MOVD	R1, (R10)
	MOVD	$0, R0
	CALL_KERNEL(const_SysReport)
	B	store

count:
	MOVD	(R10), R0
	ADD	$1, R0
	MOVD	R0, (R10)
	B	count

poll:
	MOVD	(R10), R0
	CBZ	R0, poll
	CALL_KERNEL(const_SysReport)
	B	poll

state:
	VDUP	R10, V0.D2
	VADD	V0.D2, V0.D2, V7.D2
	VADD	V7.D2, V7.D2, V31.D2
	ADD	R10, R10, R11
	ADD	R11, R11, R12
	// The rounding mode: Arm ARM (DDI 0487), C5.2.8.
	AND	$3, R10, R13
	LSL	$22, R13
	MSR	R13, FPCR
again:
	MOVD	$200, R14
look:
	VMOV	V0.D[0], R1
	CHECK(0, R1, R10)
	VMOV	V0.D[1], R1
	CHECK(1, R1, R10)
	VMOV	V7.D[1], R1
	CHECK(2, R1, R11)
	VMOV	V31.D[1], R1
	CHECK(3, R1, R12)
	MRS	TPIDR_EL0, R1
	MOVD	(R1), R1
	CHECK(7, R1, R10)
	MRS	FPCR, R1
	CHECK(8, R1, R13)
	SUB	$1, R14
	CBNZ	R14, look
	CALL_KERNEL(const_SysYield)
	B	again
bad:
	CALL_KERNEL(const_SysBad)
	B	bad

// func codePC() uintptr
TEXT ·codePC(SB),NOSPLIT,$0-8
	MOVD	$·code(SB), R0
	MOVD	R0, ret+0(FP)
	RET
