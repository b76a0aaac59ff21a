#include "textflag.h"

// func CPURecord() unsafe.Pointer
TEXT runtime·CPURecord<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	MRS	TPIDR_EL1, R0
	RET

// func IRQSave() uintptr
TEXT runtime·IRQSave<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	MRS	DAIF, R0
	MSR	$2, DAIFSet
	RET

// func IRQRestore(flags uintptr)
TEXT runtime·IRQRestore<ABIInternal>(SB),NOSPLIT|NOFRAME,$0-8
	MSR	R0, DAIF
	RET
