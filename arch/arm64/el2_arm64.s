//go:build metal && arm64

#include "textflag.h"

// The assembler does not know the registers of EL2: they are written out, with
// the name behind. All are in Arm ARM D19.2 or D19.12 (timer), the GIC's in
// GICv3 12.2 and 12.4.

#define HCR_VALUE 0x30080000000	/* RW 31: EL1 is 64-bit; APK 40, API 41: no pointer authentication traps */
#define CNTHCTL_ACCESS 3	/* EL1PCTEN, EL1PCEN */
#define CPTR_RES1 0x33ff	/* no trap on vector registers */
#define ICC_SRE_ACCESS 9	/* SRE 0, Enable 3 */
#define SPSR_EL1H 0x3c5		/* EL1h, D, A, I and F masked */

// enterEL1 returns at EL1, on SP_EL1, with MMU and data cache off, whether it
// is called at EL2 or at EL1. At EL3 it stops: the boot protocol rules that
// out. EL2 is left alone afterwards; it traps nothing that EL1 does. It uses R0
// and R1.
TEXT ·enterEL1(SB),NOSPLIT|NOFRAME,$0-0
	MRS	CurrentEL, R0
	CMP	$(2<<2), R0
	BLO	atEL1
	BHI	atEL3

	MOVD	$HCR_VALUE, R0
	WORD	$0xd51c1100	// msr s3_4_c1_c1_0, x0 (HCR_EL2)
	ISB	$15
	// The counter and the timers belong to EL1, without offset.
	WORD	$0xd53ce100	// mrs x0, s3_4_c14_c1_0 (CNTHCTL_EL2)
	ORR	$CNTHCTL_ACCESS, R0
	WORD	$0xd51ce100	// msr s3_4_c14_c1_0, x0 (CNTHCTL_EL2)
	WORD	$0xd51ce07f	// msr s3_4_c14_c0_3, xzr (CNTVOFF_EL2)
	// No traps on vector registers, debug registers and the like.
	MOVD	$CPTR_RES1, R0
	WORD	$0xd51c1140	// msr s3_4_c1_c1_2, x0 (CPTR_EL2)
	WORD	$0xd51c117f	// msr s3_4_c1_c1_3, xzr (HSTR_EL2)
	MRS	ID_AA64DFR0_EL1, R1
	UBFX	$8, R1, $4, R1	// PMUVer: 0 none, 15 another kind
	SUB	$1, R1, R0
	CMP	$14, R0
	MOVD	ZR, R0
	BHS	noPMU
	MRS	PMCR_EL0, R0
	UBFX	$11, R0, $5, R0	// all counters belong to EL1
noPMU:
	WORD	$0xd51c1120	// msr s3_4_c1_c1_1, x0 (MDCR_EL2)
	// No second stage of translation; EL1 sees the CPU's own numbers.
	WORD	$0xd51c211f	// msr s3_4_c2_c1_0, xzr (VTTBR_EL2)
	MRS	MIDR_EL1, R0
	WORD	$0xd51c0000	// msr s3_4_c0_c0_0, x0 (VPIDR_EL2)
	MRS	MPIDR_EL1, R0
	WORD	$0xd51c00a0	// msr s3_4_c0_c0_5, x0 (VMPIDR_EL2)
	// Fine-grained traps, if there are any: ID_AA64MMFR0_EL1.FGT.
	MRS	ID_AA64MMFR0_EL1, R0
	UBFX	$56, R0, $4, R0
	CBZ	R0, noFGT
	WORD	$0xd51c119f	// msr s3_4_c1_c1_4, xzr (HFGRTR_EL2)
	WORD	$0xd51c11bf	// msr s3_4_c1_c1_5, xzr (HFGWTR_EL2)
	WORD	$0xd51c11df	// msr s3_4_c1_c1_6, xzr (HFGITR_EL2)
	WORD	$0xd51c319f	// msr s3_4_c3_c1_4, xzr (HDFGRTR_EL2)
	WORD	$0xd51c31bf	// msr s3_4_c3_c1_5, xzr (HDFGWTR_EL2)
noFGT:
	// The GIC's system registers, if it has them: ID_AA64PFR0_EL1.GIC.
	MRS	ID_AA64PFR0_EL1, R0
	UBFX	$24, R0, $4, R0
	CBZ	R0, noGIC
	WORD	$0xd53cc9a0	// mrs x0, s3_4_c12_c9_5 (ICC_SRE_EL2)
	ORR	$ICC_SRE_ACCESS, R0
	WORD	$0xd51cc9a0	// msr s3_4_c12_c9_5, x0 (ICC_SRE_EL2)
	ISB	$15
	WORD	$0xd51ccb1f	// msr s3_4_c12_c11_0, xzr (ICH_HCR_EL2)
noGIC:
	MOVD	$SPSR_EL1H, R0
	WORD	$0xd51c4000	// msr s3_4_c4_c0_0, x0 (SPSR_EL2)
	WORD	$0xd51c403e	// msr s3_4_c4_c0_1, x30 (ELR_EL2)
	MOVD	$0x34d5c918, R0	// SCTLR_OFF of start_arm64.s
	MSR	R0, SCTLR_EL1
	MOVD	$(3<<20), R0	// CPACR_FPEN of start_arm64.s
	MSR	R0, CPACR_EL1
	ISB	$15
	ERET
atEL1:
	MOVD	$0x34d5c918, R0
	MSR	R0, SCTLR_EL1
	MOVD	$(3<<20), R0
	MSR	R0, CPACR_EL1
	ISB	$15
	MSR	$1, SPSel
	RET
atEL3:
	WFI
	B	atEL3
