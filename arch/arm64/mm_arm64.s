//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// func setUserTable(v uint64)
TEXT ·setUserTable(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	v+0(FP), R0
	MSR	R0, TTBR0_EL1
	ISB	$15
	RET

// func wideASIDs() bool
// ASIDBits is 0 or 2: Arm ARM D19.2, ID_AA64MMFR0_EL1.
TEXT ·wideASIDs(SB),NOSPLIT|NOFRAME,$0-1
	MRS	ID_AA64MMFR0_EL1, R0
	UBFX	$5, R0, $1, R0
	MOVB	R0, ret+0(FP)
	RET

// func flushLocal()
TEXT ·flushLocal(SB),NOSPLIT|NOFRAME,$0-0
	DSB	$6
	TLBI	VMALLE1
	DSB	$7
	ISB	$15
	RET

// func flushASID(asid uint64)
TEXT ·flushASID(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	asid+0(FP), R0
	DSB	$10
	TLBI	ASIDE1IS, R0
	DSB	$11
	RET

// func flushUserRange(asid uint64, start, end uintptr)
// The operand holds bits 55:12 of the address below the ASID: Arm ARM C5.5,
// TLBI VAE1IS.
TEXT ·flushUserRange(SB),NOSPLIT|NOFRAME,$0-24
	MOVD	asid+0(FP), R3
	MOVD	start+8(FP), R0
	MOVD	end+16(FP), R1
	DSB	$10
	B	check
next:
	ORR	R0>>12, R3, R2
	TLBI	VAE1IS, R2
	ADD	$const_pageSize, R0
check:
	CMP	R1, R0
	BLO	next
	DSB	$11
	RET

// func cleanToPoU(start, end uintptr)
// CTR_EL0 bits 19:16 are log2 of the smallest data cache line in words; bit 28
// (IDC) says that data need not be cleaned, bit 29 (DIC) that the instruction
// cache need not be emptied. Arm ARM D19.2.
TEXT ·cleanToPoU(SB),NOSPLIT|NOFRAME,$0-16
	MOVD	start+0(FP), R0
	MOVD	end+8(FP), R1
	MRS	CTR_EL0, R2
	TBNZ	$28, R2, clean
	UBFX	$16, R2, $4, R4
	MOVD	$4, R3
	LSL	R4, R3, R3
	SUB	$1, R3, R4
	BIC	R4, R0
next:
	DC	CVAU, R0
	ADD	R3, R0
	CMP	R1, R0
	BLO	next
clean:
	DSB	$11
	TBNZ	$29, R2, done
	WORD	$0xd508711f		// ic ialluis (Arm ARM C5.3)
	DSB	$11
done:
	ISB	$15
	RET
