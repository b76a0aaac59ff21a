//go:build metal && arm64

#include "textflag.h"

// func rndr() (v uint64, ok bool)
TEXT ·rndr(SB),NOSPLIT,$0-9
	WORD	$0xd53b2400 // mrs x0, s3_3_c2_c4_0 (RNDR)
	CSET	NE, R1
	MOVD	R0, v+0(FP)
	MOVB	R1, ok+8(FP)
	RET
