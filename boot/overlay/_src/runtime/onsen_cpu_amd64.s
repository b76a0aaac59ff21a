#include "textflag.h"

// func CPURecord() unsafe.Pointer
TEXT runtime·CPURecord<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	0(GS), AX
	RET

// func IRQSave() uintptr
TEXT runtime·IRQSave<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	PUSHFQ
	POPQ	AX
	CLI
	RET

// func IRQRestore(flags uintptr)
//
// POPFQ is slow on real processors, STI is not. Callers have nothing but the
// interrupt flag (bit 9) to restore.
TEXT runtime·IRQRestore<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	BTL	$9, AX
	JCC	masked
	STI
masked:
	RET
