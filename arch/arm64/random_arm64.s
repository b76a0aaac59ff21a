//go:build metal && arm64

#include "textflag.h"

// func rndr() (v uint64, ok bool)
TEXT ·rndr(SB),NOSPLIT,$0-9
	WORD	$0xd53b2400		// MRS RNDR, R0: S3_3_C2_C4_0
	CSET	NE, R1
	MOVD	R0, v+0(FP)
	MOVB	R1, ok+8(FP)
	RET
