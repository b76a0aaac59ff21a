//go:build metal && arm64

#include "go_asm.h"
#include "textflag.h"

// Barriers: DSB and DMB take the type from Arm ARM C6.2.96 as a number:
// 7 NSH, 10 ISHST, 11 ISH, 14 ST, 15 SY.

// func IRQEnable()
TEXT ·IRQEnable(SB),NOSPLIT|NOFRAME,$0-0
	MSR	$2, DAIFClr
	RET

// func IRQDisable()
TEXT ·IRQDisable(SB),NOSPLIT|NOFRAME,$0-0
	MSR	$2, DAIFSet
	RET

// func IRQDisabled() bool
// PSTATE.I is bit 7 of DAIF: Arm ARM C5.2.3.
TEXT ·IRQDisabled(SB),NOSPLIT|NOFRAME,$0-1
	MRS	DAIF, R0
	UBFX	$7, R0, $1, R0
	MOVB	R0, ret+0(FP)
	RET

// func CPURelax()
TEXT ·CPURelax(SB),NOSPLIT|NOFRAME,$0-0
	YIELD
	MOVWU	·stopper(SB), R0
	CBNZ	R0, stop
	MRS	TPIDR_EL1, R0
	MOVWU	percpu_retire(R0), R0
	CBNZ	R0, retire
	RET
retire:
	MOVD	$·answerRetire(SB), R0
	JMP	(R0)
stop:
	// Indirect, because it does not return if it needs much stack.
	MOVD	$·answerStop(SB), R0
	JMP	(R0)

// func position() (pc, sp, fp uintptr)
TEXT ·position(SB),NOSPLIT|NOFRAME,$0-24
	MOVD	RSP, R0
	MOVD	R30, pc+0(FP)
	MOVD	R0, sp+8(FP)
	MOVD	R29, fp+16(FP)
	RET

// func readMPIDR() uint64
TEXT ·readMPIDR(SB),NOSPLIT|NOFRAME,$0-8
	MRS	MPIDR_EL1, R0
	MOVD	R0, ret+0(FP)
	RET

// func readMIDR() uint64
TEXT ·readMIDR(SB),NOSPLIT|NOFRAME,$0-8
	MRS	MIDR_EL1, R0
	MOVD	R0, ret+0(FP)
	RET

// func readFeatures(id *[idRegisters]uint64)
TEXT ·readFeatures(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	id+0(FP), R0
	MRS	ID_AA64ISAR0_EL1, R1
	MOVD	R1, (const_idISAR0*8)(R0)
	MRS	ID_AA64ISAR1_EL1, R1
	MOVD	R1, (const_idISAR1*8)(R0)
	MRS	ID_AA64PFR0_EL1, R1
	MOVD	R1, (const_idPFR0*8)(R0)
	RET

// func readCounter() uint64
// The barrier keeps the read in its place: Arm ARM D11.2.2.
TEXT ·readCounter(SB),NOSPLIT|NOFRAME,$0-8
	ISB	$15
	MRS	CNTVCT_EL0, R0
	MOVD	R0, ret+0(FP)
	RET

// func firmwareHz() uint64
TEXT ·firmwareHz(SB),NOSPLIT|NOFRAME,$0-8
	MRS	CNTFRQ_EL0, R0
	MOVD	R0, ret+0(FP)
	RET

// func setTimer(v uint64)
// CNTV_CTL_EL0: bit 0 ENABLE, bit 1 IMASK. Arm ARM D19.12.
TEXT ·setTimer(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	v+0(FP), R0
	MSR	R0, CNTV_CVAL_EL0
	MOVD	$1, R0
	MSR	R0, CNTV_CTL_EL0
	ISB	$15
	RET

// func disarmTimer()
TEXT ·disarmTimer(SB),NOSPLIT|NOFRAME,$0-0
	MSR	ZR, CNTV_CTL_EL0
	ISB	$15
	RET

// func waitForInterrupt()
TEXT ·waitForInterrupt(SB),NOSPLIT|NOFRAME,$0-0
	DSB	$15
	WFI
	RET

// func storeBarrier()
TEXT ·storeBarrier(SB),NOSPLIT|NOFRAME,$0-0
	DSB	$10
	RET

// func publishTables()
TEXT ·publishTables(SB),NOSPLIT|NOFRAME,$0-0
	DSB	$10
	ISB	$15
	RET

// func flushAll()
TEXT ·flushAll(SB),NOSPLIT|NOFRAME,$0-0
	DSB	$10
	TLBI	VMALLE1IS
	DSB	$11
	ISB	$15
	RET

// func flushRange(start, end uintptr)
// The operand holds bits 55:12 of the address: Arm ARM C5.5, TLBI VAAE1IS.
TEXT ·flushRange(SB),NOSPLIT|NOFRAME,$0-16
	MOVD	start+0(FP), R0
	MOVD	end+8(FP), R1
	DSB	$10
	B	check
next:
	UBFX	$12, R0, $44, R2
	TLBI	VAAE1IS, R2
	ADD	$const_pageSize, R0
check:
	CMP	R1, R0
	BLO	next
	DSB	$11
	ISB	$15
	RET

// func ZeroPage(va uintptr)
// DCZID_EL0 is 4 if DC ZVA is allowed and clears 64 bytes, as on nearly all
// CPUs: Arm ARM D19.2.
TEXT ·ZeroPage(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	va+0(FP), R0
	MRS	DCZID_EL0, R1
	CMP	$4, R1
	BNE	slow
	ADD	$const_pageSize, R0, R2
zero:
	ADD	$64, R0, R3
	DC	ZVA, R0
	ADD	$128, R0, R4
	DC	ZVA, R3
	ADD	$192, R0, R5
	DC	ZVA, R4
	DC	ZVA, R5
	ADD	$256, R0
	CMP	R2, R0
	BLO	zero
	RET
slow:
	JMP	·clearUncached(SB)

// func clearUncached(pa uintptr)
TEXT ·clearUncached(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	pa+0(FP), R0
	ADD	$const_pageSize, R0, R1
clear:
	STP	(ZR, ZR), 0(R0)
	STP	(ZR, ZR), 16(R0)
	STP	(ZR, ZR), 32(R0)
	STP	(ZR, ZR), 48(R0)
	ADD	$64, R0
	CMP	R1, R0
	BLO	clear
	RET

// func sections() *imageSections
TEXT ·sections(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·sectionTable(SB), R0
	MOVD	R0, ret+0(FP)
	RET

DATA ·sectionTable+imageSections_text(SB)/8, $runtime·text(SB)
DATA ·sectionTable+imageSections_etext(SB)/8, $runtime·etext(SB)
DATA ·sectionTable+imageSections_rodata(SB)/8, $runtime·rodata(SB)
DATA ·sectionTable+imageSections_noptrdata(SB)/8, $runtime·noptrdata(SB)
DATA ·sectionTable+imageSections_end(SB)/8, $runtime·end(SB)
DATA ·sectionTable+imageSections_bss(SB)/8, $runtime·bss(SB)
DATA ·sectionTable+imageSections_ebss(SB)/8, $runtime·ebss(SB)
DATA ·sectionTable+imageSections_noptrbss(SB)/8, $runtime·noptrbss(SB)
DATA ·sectionTable+imageSections_enoptrbss(SB)/8, $runtime·enoptrbss(SB)
DATA ·sectionTable+imageSections_enableMMU(SB)/8, $·enableMMU(SB)
GLOBL ·sectionTable(SB), RODATA|NOPTR, $imageSections__size

// func hvc(function, a0, a1, a2 uintptr) uintptr
TEXT ·hvc(SB),NOSPLIT|NOFRAME,$0-40
	MOVD	function+0(FP), R0
	MOVD	a0+8(FP), R1
	MOVD	a1+16(FP), R2
	MOVD	a2+24(FP), R3
	HVC	$0
	MOVD	R0, ret+32(FP)
	RET

// func smc(function, a0, a1, a2 uintptr) uintptr
TEXT ·smc(SB),NOSPLIT|NOFRAME,$0-40
	MOVD	function+0(FP), R0
	MOVD	a0+8(FP), R1
	MOVD	a1+16(FP), R2
	MOVD	a2+24(FP), R3
	SMC	$0
	MOVD	R0, ret+32(FP)
	RET

// func load8(addr uintptr) uint8
TEXT ·load8(SB),NOSPLIT|NOFRAME,$0-9
	MOVD	addr+0(FP), R0
	MOVBU	(R0), R0
	MOVB	R0, ret+8(FP)
	RET

// func store8(addr uintptr, v uint8)
TEXT ·store8(SB),NOSPLIT|NOFRAME,$0-9
	MOVD	addr+0(FP), R0
	MOVBU	v+8(FP), R1
	MOVB	R1, (R0)
	RET

// func readIAR() uintptr
// The barrier orders the acknowledgement before what the handler reads.
TEXT ·readIAR(SB),NOSPLIT|NOFRAME,$0-8
	MRS	ICC_IAR1_EL1, R0
	DSB	$15
	MOVD	R0, ret+0(FP)
	RET

// func writeEOIR(irq uintptr)
TEXT ·writeEOIR(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	irq+0(FP), R0
	MSR	R0, ICC_EOIR1_EL1
	ISB	$15
	RET

// func writeSGI1R(v uint64)
TEXT ·writeSGI1R(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	v+0(FP), R0
	MSR	R0, ICC_SGI1R_EL1
	ISB	$15
	RET

// func enableSystemRegisters() bool
// ICC_SRE_EL1: bit 0 SRE. GICv3 12.2.
TEXT ·enableSystemRegisters(SB),NOSPLIT|NOFRAME,$0-1
	MRS	ICC_SRE_EL1, R0
	ORR	$1, R0
	MSR	R0, ICC_SRE_EL1
	ISB	$15
	MRS	ICC_SRE_EL1, R0
	AND	$1, R0
	MOVB	R0, ret+0(FP)
	RET

// func initCPUInterface(priority uint64)
// ICC_CTLR_EL1 0: an end of interrupt also deactivates it. GICv3 12.2.
TEXT ·initCPUInterface(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	priority+0(FP), R0
	MSR	R0, ICC_PMR_EL1
	MSR	ZR, ICC_BPR1_EL1
	MSR	ZR, ICC_CTLR_EL1
	ISB	$15
	MOVD	$1, R0
	MSR	R0, ICC_IGRPEN1_EL1
	ISB	$15
	RET

// func signalReturn() uintptr
TEXT ·signalReturn(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·sigreturn(SB), R0
	MOVD	R0, ret+0(FP)
	RET

// sigreturn is where a signal handler returns to: rt_sigreturn, which is call
// 139 (Linux's include/uapi/asm-generic/unistd.h).
TEXT ·sigreturn(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MOVD	$139, R8
	SVC
	UNDEF

// func readDFR0() uint64
TEXT ·readDFR0(SB),NOSPLIT|NOFRAME,$0-8
	MRS	ID_AA64DFR0_EL1, R0
	MOVD	R0, ret+0(FP)
	RET

// func writeMDSCR(v uint64)
TEXT ·writeMDSCR(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	v+0(FP), R0
	CBZ	R0, off
	MSR	ZR, OSLAR_EL1
off:
	MSR	R0, MDSCR_EL1
	ISB	$15
	RET

// PAIR loads the address and the control register of breakpoint or watchpoint n,
// if there are more than n: the others are not defined.
#define PAIR(n, value, control) \
	CMP	$n, R2			\
	BLE	done			\
	MOVD	(n*8)(R0), R3		\
	MSR	R3, value		\
	MOVD	(n*8)(R1), R3		\
	MSR	R3, control

// func loadBreakpoints(addr, ctrl *[16]uint64, n int)
TEXT ·loadBreakpoints(SB),NOSPLIT|NOFRAME,$0-24
	MOVD	addr+0(FP), R0
	MOVD	ctrl+8(FP), R1
	MOVD	n+16(FP), R2
	PAIR(0, DBGBVR0_EL1, DBGBCR0_EL1)
	PAIR(1, DBGBVR1_EL1, DBGBCR1_EL1)
	PAIR(2, DBGBVR2_EL1, DBGBCR2_EL1)
	PAIR(3, DBGBVR3_EL1, DBGBCR3_EL1)
	PAIR(4, DBGBVR4_EL1, DBGBCR4_EL1)
	PAIR(5, DBGBVR5_EL1, DBGBCR5_EL1)
	PAIR(6, DBGBVR6_EL1, DBGBCR6_EL1)
	PAIR(7, DBGBVR7_EL1, DBGBCR7_EL1)
	PAIR(8, DBGBVR8_EL1, DBGBCR8_EL1)
	PAIR(9, DBGBVR9_EL1, DBGBCR9_EL1)
	PAIR(10, DBGBVR10_EL1, DBGBCR10_EL1)
	PAIR(11, DBGBVR11_EL1, DBGBCR11_EL1)
	PAIR(12, DBGBVR12_EL1, DBGBCR12_EL1)
	PAIR(13, DBGBVR13_EL1, DBGBCR13_EL1)
	PAIR(14, DBGBVR14_EL1, DBGBCR14_EL1)
	PAIR(15, DBGBVR15_EL1, DBGBCR15_EL1)
done:
	ISB	$15
	RET

// func loadWatchpoints(addr, ctrl *[16]uint64, n int)
TEXT ·loadWatchpoints(SB),NOSPLIT|NOFRAME,$0-24
	MOVD	addr+0(FP), R0
	MOVD	ctrl+8(FP), R1
	MOVD	n+16(FP), R2
	PAIR(0, DBGWVR0_EL1, DBGWCR0_EL1)
	PAIR(1, DBGWVR1_EL1, DBGWCR1_EL1)
	PAIR(2, DBGWVR2_EL1, DBGWCR2_EL1)
	PAIR(3, DBGWVR3_EL1, DBGWCR3_EL1)
	PAIR(4, DBGWVR4_EL1, DBGWCR4_EL1)
	PAIR(5, DBGWVR5_EL1, DBGWCR5_EL1)
	PAIR(6, DBGWVR6_EL1, DBGWCR6_EL1)
	PAIR(7, DBGWVR7_EL1, DBGWCR7_EL1)
	PAIR(8, DBGWVR8_EL1, DBGWCR8_EL1)
	PAIR(9, DBGWVR9_EL1, DBGWCR9_EL1)
	PAIR(10, DBGWVR10_EL1, DBGWCR10_EL1)
	PAIR(11, DBGWVR11_EL1, DBGWCR11_EL1)
	PAIR(12, DBGWVR12_EL1, DBGWCR12_EL1)
	PAIR(13, DBGWVR13_EL1, DBGWCR13_EL1)
	PAIR(14, DBGWVR14_EL1, DBGWCR14_EL1)
	PAIR(15, DBGWVR15_EL1, DBGWCR15_EL1)
done:
	ISB	$15
	RET
