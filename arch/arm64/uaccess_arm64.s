//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// Kernel code may touch user memory between OPEN_USER and CLOSE_USER only, if
// the CPU has PAN: the Armv8.1 bit that takes the right away. OPEN_USER uses R7.
#define OPEN_USER(skip) \
	MOVBU	·hasPAN(SB), R7	\
	CBZ	R7, skip	\
	WORD	$0xd500409f	/* msr pan, #0x0 (Arm ARM C6.2) */

#define CLOSE_USER(skip) \
	MOVBU	·hasPAN(SB), R7	\
	CBZ	R7, skip	\
	WORD	$0xd500419f	/* msr pan, #0x1 (Arm ARM C6.2) */

// func detectPAN() bool
// Arm ARM D19.2, ID_AA64MMFR1_EL1.
TEXT ·detectPAN(SB),NOSPLIT|NOFRAME,$0-1
	MRS	ID_AA64MMFR1_EL1, R0
	UBFX	$20, R0, $4, R0
	CMP	$0, R0
	CSET	NE, R0
	MOVB	R0, ret+0(FP)
	RET

// func copyUser(dst, src unsafe.Pointer, n uintptr) (left uintptr)
// R0 and R1 are where it stands, R4 the end of dst. They advance after a block
// was copied, so that copyUserBytes can take over in the middle of one.
TEXT ·copyUser(SB),NOSPLIT|NOFRAME,$0-32
	MOVD	dst+0(FP), R0
	MOVD	src+8(FP), R1
	MOVD	n+16(FP), R2
	ADD	R2, R0, R4
	OPEN_USER(open)
open:
	SUBS	$128, R2
	BLO	tail
block:
	FLDPQ	0(R1), (F0, F1)
	FLDPQ	32(R1), (F2, F3)
	FLDPQ	64(R1), (F4, F5)
	FLDPQ	96(R1), (F6, F7)
	FSTPQ	(F0, F1), 0(R0)
	FSTPQ	(F2, F3), 32(R0)
	FSTPQ	(F4, F5), 64(R0)
	FSTPQ	(F6, F7), 96(R0)
	ADD	$128, R1
	ADD	$128, R0
	SUBS	$128, R2
	BHS	block
tail:
	TBZ	$6, R2, no64		// R2 is n - 128 modulo 128 now
	FLDPQ	0(R1), (F0, F1)
	FLDPQ	32(R1), (F2, F3)
	FSTPQ	(F0, F1), 0(R0)
	FSTPQ	(F2, F3), 32(R0)
	ADD	$64, R1
	ADD	$64, R0
no64:
	TBZ	$5, R2, no32
	FLDPQ	0(R1), (F0, F1)
	FSTPQ	(F0, F1), 0(R0)
	ADD	$32, R1
	ADD	$32, R0
no32:
	TBZ	$4, R2, no16
	LDP	0(R1), (R5, R6)
	STP	(R5, R6), 0(R0)
	ADD	$16, R1
	ADD	$16, R0
no16:
	TBZ	$3, R2, no8
	MOVD	0(R1), R5
	MOVD	R5, 0(R0)
	ADD	$8, R1
	ADD	$8, R0
no8:
	TBZ	$2, R2, no4
	MOVWU	0(R1), R5
	MOVW	R5, 0(R0)
	ADD	$4, R1
	ADD	$4, R0
no4:
	AND	$3, R2
	CBZ	R2, done
	B	·copyUserBytes(SB)
done:
	B	·copyUserDone(SB)

// copyUserBytes copies what is left one by one.
TEXT ·copyUserBytes(SB),NOSPLIT|NOFRAME,$0-32
next:
	CMP	R4, R0
	BEQ	done
	MOVBU	0(R1), R5
	MOVB	R5, 0(R0)
	ADD	$1, R1
	ADD	$1, R0
	B	next
done:
	B	·copyUserDone(SB)

TEXT ·copyUserDone(SB),NOSPLIT|NOFRAME,$0-32
	CLOSE_USER(closed)
closed:
	SUB	R0, R4, R3
	MOVD	R3, left+24(FP)
	RET

// func ClearUser(dst, n uintptr) (left uintptr)
// As copyUser.
TEXT ·ClearUser(SB),NOSPLIT|NOFRAME,$0-24
	MOVD	dst+0(FP), R0
	MOVD	n+8(FP), R2
	ADD	R2, R0, R4
	OPEN_USER(open)
open:
	SUBS	$64, R2
	BLO	tail
block:
	STP	(ZR, ZR), 0(R0)
	STP	(ZR, ZR), 16(R0)
	STP	(ZR, ZR), 32(R0)
	STP	(ZR, ZR), 48(R0)
	ADD	$64, R0
	SUBS	$64, R2
	BHS	block
tail:
	TBZ	$5, R2, no32		// R2 is n - 64 modulo 64 now
	STP	(ZR, ZR), 0(R0)
	STP	(ZR, ZR), 16(R0)
	ADD	$32, R0
no32:
	TBZ	$4, R2, no16
	STP	(ZR, ZR), 0(R0)
	ADD	$16, R0
no16:
	TBZ	$3, R2, no8
	MOVD	ZR, 0(R0)
	ADD	$8, R0
no8:
	B	·clearUserBytes(SB)

// clearUserBytes clears what is left one by one.
TEXT ·clearUserBytes(SB),NOSPLIT|NOFRAME,$0-24
next:
	CMP	R4, R0
	BEQ	done
	MOVB	ZR, 0(R0)
	ADD	$1, R0
	B	next
done:
	B	·clearUserDone(SB)

TEXT ·clearUserDone(SB),NOSPLIT|NOFRAME,$0-24
	CLOSE_USER(closed)
closed:
	SUB	R0, R4, R3
	MOVD	R3, left+16(FP)
	RET

// func LoadUser32(addr uintptr) (v uint32, ok bool)
TEXT ·LoadUser32(SB),NOSPLIT|NOFRAME,$0-13
	MOVD	addr+0(FP), R0
	OPEN_USER(open)
open:
	MOVWU	(R0), R1
	CLOSE_USER(closed)
closed:
	MOVW	R1, v+8(FP)
	MOVD	$1, R0
	MOVB	R0, ok+12(FP)
	RET

TEXT ·loadUser32Fault(SB),NOSPLIT|NOFRAME,$0-13
	CLOSE_USER(closed)
closed:
	MOVW	ZR, v+8(FP)
	MOVB	ZR, ok+12(FP)
	RET

// func CmpxchgUser32(addr uintptr, old, new uint32) (prev uint32, ok bool)
// Release on the store and a barrier behind it: fully ordered, as Linux's
// futex operations.
TEXT ·CmpxchgUser32(SB),NOSPLIT|NOFRAME,$0-21
	MOVD	addr+0(FP), R0
	MOVWU	old+8(FP), R1
	MOVWU	new+12(FP), R2
	OPEN_USER(open)
open:
	LDXRW	(R0), R3
	CMPW	R1, R3
	BNE	differs
	STLXRW	R2, (R0), R4
	CBNZ	R4, open
differs:
	DMB	$11
	CLOSE_USER(closed)
closed:
	MOVW	R3, prev+16(FP)
	MOVD	$1, R0
	MOVB	R0, ok+20(FP)
	RET

TEXT ·cmpxchgUser32Fault(SB),NOSPLIT|NOFRAME,$0-21
	CLOSE_USER(closed)
closed:
	MOVW	ZR, prev+16(FP)
	MOVB	ZR, ok+20(FP)
	RET

// func userAccesses() *[userAccessPieces]userAccess
TEXT ·userAccesses(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·userAccessTable(SB), R0
	MOVD	R0, ret+0(FP)
	RET

DATA ·userAccessTable+0(SB)/8, $·copyUser(SB)
DATA ·userAccessTable+8(SB)/8, $·copyUserBytes(SB)
DATA ·userAccessTable+16(SB)/8, $·copyUserBytes(SB)
DATA ·userAccessTable+24(SB)/8, $·copyUserDone(SB)
DATA ·userAccessTable+32(SB)/8, $·ClearUser(SB)
DATA ·userAccessTable+40(SB)/8, $·clearUserBytes(SB)
DATA ·userAccessTable+48(SB)/8, $·clearUserBytes(SB)
DATA ·userAccessTable+56(SB)/8, $·clearUserDone(SB)
DATA ·userAccessTable+64(SB)/8, $·LoadUser32(SB)
DATA ·userAccessTable+72(SB)/8, $·loadUser32Fault(SB)
DATA ·userAccessTable+80(SB)/8, $·CmpxchgUser32(SB)
DATA ·userAccessTable+88(SB)/8, $·cmpxchgUser32Fault(SB)
GLOBL ·userAccessTable(SB), RODATA|NOPTR, $96
