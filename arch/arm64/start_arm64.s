//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// TCR_EL1 without IPS and AS: 48-bit addresses in both halves, 4 KiB pages,
// tables in write-back, inner shareable memory. T0SZ and T1SZ 16, IRGN0/1 and
// ORGN0/1 1, SH0/1 3, TG0 0, TG1 2. Arm ARM D19.2, TCR_EL1.
#define TCR_FIXED 0xb5103510
#define TCR_AS_SHIFT 36	/* 16-bit ASIDs */
#define TCR_TBI0 (1<<37)	/* programs may tag their pointers */

// SCTLR_EL1: the bits that are 1 on every CPU without the extension that gives
// them a meaning (EOS 11, EIS 22, SPAN 23, nTLSMD 28, LSMAOE 29, TSCXT 20, SED
// 8), user access to DC ZVA, CTR_EL0, cache maintenance, WFI and WFE (14, 15,
// 26, 16, 18), and stack alignment checks (3, 4). Arm ARM D19.2, SCTLR_EL1.
#define SCTLR_OFF 0x34d5c918
// With MMU and both caches: M 0, C 2, I 12.
#define SCTLR_ON (SCTLR_OFF | 1<<0 | 1<<2 | 1<<12)
#define SCTLR_SPAN (1<<23)

// CPACR_EL1.FPEN: no trap on vector registers. Arm ARM D19.2.
#define CPACR_FPEN (3<<20)

// NO_CALLER ends the chain of frames, and says that there is no goroutine.
#define NO_CALLER \
	MOVD	ZR, R29	\
	MOVD	ZR, g

// start is where the boot loader enters the kernel: MMU and data cache off,
// interrupts masked, at EL1 or EL2, x0 = physical address of the device tree.
// Linux's Documentation/arch/arm64/booting.rst, section 4. Until enableMMU the
// code runs where it was loaded; all its addresses are relative to the PC.
TEXT ·start(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MSR	$15, DAIFSet
	MOVD	R0, R19			// device tree
	MRS	CurrentEL, R20
	LSR	$2, R20, R20		// entry level
	BL	·enterEL1(SB)
	MRS	CNTVCT_EL0, R21		// time zero
	BL	·whereLoaded(SB)

	// A line that the loader left dirty here, behind what it had to clean, must
	// not be written back over the stack or the tables.
	MOVD	R22, R0
	MOVD	$const_bootTableEnd, R1
	ADD	R22, R1
	BL	·invalidate(SB)
	ADD	$const_bootIdleTop, R22, R0
	MOVD	R0, RSP

	// 8(RSP) up: arguments and result of bootTables; then what it may not lose.
	SUB	$96, RSP
	MOVD	R22, 8(RSP)
	MOVD	R23, 16(RSP)
	STP	(R19, R20), 32(RSP)
	STP	(R21, R22), 48(RSP)
	MOVD	R23, 64(RSP)
	BL	·bootTables(SB)
	MOVD	24(RSP), R24		// end of the used pool
	LDP	32(RSP), (R19, R20)
	LDP	48(RSP), (R21, R22)
	MOVD	64(RSP), R23
	CBZ	R24, tooLarge

	// What was written with the cache off must not be read from stale lines.
	MOVD	R22, R0
	MOVD	R24, R1
	BL	·invalidate(SB)
	BL	·enableMMU(SB)
	B	·bootHigh(SB)
tooLarge:
	WFI
	B	tooLarge

// bootHigh goes on at the linked address, with the stack where it was loaded.
TEXT ·bootHigh(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MOVD	RSP, R0
	ADD	R23, R0
	MOVD	R0, RSP
	BL	·leaveIdentity(SB)
	NO_CALLER
	MOVD	$·cpus(SB), R0
	MSR	R0, TPIDR_EL1
	STP	(R19, R20), 8(RSP)	// tree, level
	MOVD	R21, 24(RSP)		// zero
	MOVD	R23, 32(RSP)		// offset
	ADD	R23, R22
	MOVD	R22, 40(RSP)		// area
	MOVD	R24, 48(RSP)		// poolEnd
	BL	·bootGo(SB)
	MOVD	56(RSP), R0

	// This stack becomes the idle loop's. The first thread runs at EL1t.
	MSR	R0, SP_EL0
	MRS	TPIDR_EL1, R1
	MOVD	percpu_kstack(R1), R1
	MOVD	R1, RSP
	MSR	$0, SPSel
	NO_CALLER
	MSR	$6, DAIFClr		// system errors and interrupts
	JMP	_rt0_arm64_linux(SB)

// secondaryStart is where the firmware enters the kernel on another CPU, in
// the state that start expects; x0 = the CPU's index. PSCI 6.4.
TEXT ·secondaryStart(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MSR	$15, DAIFSet
	MOVD	R0, R19
	BL	·enterEL1(SB)
	BL	·whereLoaded(SB)
	BL	·enableMMU(SB)
	B	·secondaryHigh(SB)

TEXT ·secondaryHigh(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	ADD	R23, R22
	BL	·leaveIdentity(SB)
	MOVD	$percpu__size, R0
	MUL	R19, R0, R0
	MOVD	$·cpus(SB), R1
	ADD	R0, R1
	MSR	R1, TPIDR_EL1
	MOVD	percpu_idleStack(R1), R0
	MOVD	R0, RSP
	NO_CALLER
	SUB	$32, RSP
	MOVD	R19, 8(RSP)
	BL	·secondary(SB)
	UNDEF

// func secondaryEntry() uintptr
TEXT ·secondaryEntry(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·secondaryStart(SB), R0
	MOVD	R0, ret+0(FP)
	RET

// whereLoaded sets R22 to the start of bootArea, as the PC sees it, and R23 to
// the linked minus the actual address of everything.
TEXT ·whereLoaded(SB),NOSPLIT|NOFRAME,$0-0
	MOVD	$·bootArea(SB), R22
	ADD	$const_pageMask, R22
	AND	$~const_pageMask, R22
	MOVD	$·sectionTable(SB), R23
	MOVD	imageSections_text(R23), R23
	MOVD	$runtime·text(SB), R0
	SUB	R0, R23
	RET

// enableMMU turns the MMU and the caches on, with the tables in bootArea at
// physical address R22, and returns to the caller at its linked address: the
// identity map has this function only. It uses R0 to R2; R23 is the distance.
TEXT ·enableMMU(SB),NOSPLIT|NOFRAME,$0-0
	MOVD	$const_mairValue, R0
	MSR	R0, MAIR_EL1
	MOVD	$(TCR_FIXED|TCR_TBI0), R0
	// IPS (34:32) is what the CPU can do, but 5 (48 bits) at most; AS (36) if
	// it has 16-bit ASIDs. Arm ARM D19.2, ID_AA64MMFR0_EL1.
	MRS	ID_AA64MMFR0_EL1, R1
	AND	$15, R1, R2
	CMP	$5, R2
	BLS	physical
	MOVD	$5, R2
physical:
	ORR	R2<<32, R0
	UBFX	$5, R1, $1, R2		// ASIDBits is 0 or 2
	ORR	R2<<TCR_AS_SHIFT, R0
	MSR	R0, TCR_EL1
	ADD	$const_bootIdentityRoot, R22, R0
	MSR	R0, TTBR0_EL1
	ADD	$const_bootKernelRoot, R22, R0
	MSR	R0, TTBR1_EL1
	ISB	$15
	TLBI	VMALLE1
	WORD	$0xd508751f		// ic iallu (Arm ARM C5.3.16)
	DSB	$7
	ISB	$15
	MOVD	$SCTLR_ON, R0
	MRS	ID_AA64MMFR1_EL1, R1
	UBFX	$20, R1, $4, R1		// PAN
	CBZ	R1, noPAN
	// Exceptions set PSTATE.PAN: kernel code never touches user memory but in
	// the routines made for it.
	BIC	$SCTLR_SPAN, R0
noPAN:
	MSR	R0, SCTLR_EL1
	ISB	$15
	ADD	R23, R30
	RET

// leaveIdentity gives up the identity map and sets the rest of the CPU's
// control registers. R22 is the linked address of the bootArea. From here on
// the low half faults. It uses R0 and R1.
TEXT ·leaveIdentity(SB),NOSPLIT|NOFRAME,$0-0
	MRS	TTBR1_EL1, R0
	ADD	$(const_bootEmptyTable-const_bootKernelRoot), R0
	MSR	R0, TTBR0_EL1
	ISB	$15
	TLBI	VMALLE1
	DSB	$7
	MOVD	$·vectors(SB), R0
	MSR	R0, VBAR_EL1
	MSR	ZR, MDSCR_EL1		// no debug exceptions
	MOVD	$2, R0			// EL0VCTEN: programs may read the counter
	MSR	R0, CNTKCTL_EL1
	MSR	ZR, CNTV_CTL_EL0
	MSR	ZR, TPIDR_EL0
	MSR	ZR, TPIDRRO_EL0
	MRS	ID_AA64MMFR1_EL1, R1
	UBFX	$20, R1, $4, R1
	CBZ	R1, noPAN
	MOVD	$(1<<22), R0		// PAN: Arm ARM C5.2.19
	MSR	R0, PAN
noPAN:
	MRS	ID_AA64DFR0_EL1, R1
	UBFX	$8, R1, $4, R1		// PMUVer: 0 none, 15 another kind
	SUB	$1, R1
	CMP	$14, R1
	BHS	noPMU
	MSR	ZR, PMUSERENR_EL0	// the counters are not for programs
noPMU:
	ISB	$15
	RET

// invalidate drops the cached copies of [R0, R1). It uses R2 and R3. CTR_EL0
// bits 19:16 are log2 of the smallest line in words: Arm ARM D19.2.
TEXT ·invalidate(SB),NOSPLIT|NOFRAME,$0-0
	MRS	CTR_EL0, R2
	UBFX	$16, R2, $4, R2
	MOVD	$4, R3
	LSL	R2, R3, R3
next:
	DC	IVAC, R0
	ADD	R3, R0
	CMP	R1, R0
	BLO	next
	DSB	$15
	RET
