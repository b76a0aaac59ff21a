//go:build metal

#include "go_asm.h"
#include "textflag.h"
#include "vector_amd64.h"

// REG is a register of the UserContext at SP, or at AX.
#define REG(name) (UserContext_regs+name)(SP)
#define AXREG(name) (UserContext_regs+name)(AX)

// The general registers but those that the way in or out needs itself: AX, CX,
// R11 and SP.
#define LOAD_USER \
	MOVQ	REG(PtRegs_r15), R15 \
	MOVQ	REG(PtRegs_r14), R14 \
	MOVQ	REG(PtRegs_r13), R13 \
	MOVQ	REG(PtRegs_r12), R12 \
	MOVQ	REG(PtRegs_bp), BP \
	MOVQ	REG(PtRegs_bx), BX \
	MOVQ	REG(PtRegs_r10), R10 \
	MOVQ	REG(PtRegs_r9), R9 \
	MOVQ	REG(PtRegs_r8), R8 \
	MOVQ	REG(PtRegs_dx), DX \
	MOVQ	REG(PtRegs_si), SI \
	MOVQ	REG(PtRegs_di), DI

#define SAVE_USER(REG) \
	MOVQ	R15, REG(PtRegs_r15) \
	MOVQ	R14, REG(PtRegs_r14) \
	MOVQ	R13, REG(PtRegs_r13) \
	MOVQ	R12, REG(PtRegs_r12) \
	MOVQ	BP, REG(PtRegs_bp) \
	MOVQ	BX, REG(PtRegs_bx) \
	MOVQ	R10, REG(PtRegs_r10) \
	MOVQ	R9, REG(PtRegs_r9) \
	MOVQ	R8, REG(PtRegs_r8) \
	MOVQ	DX, REG(PtRegs_dx) \
	MOVQ	SI, REG(PtRegs_si) \
	MOVQ	DI, REG(PtRegs_di)

// func EnterUser(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry
//
// From here the stack of the calling goroutine rests, which cannot move as long
// as the goroutine is not at a safe point, until user mode is left. Then the
// function returns, or has a Go function with the same arguments go on.
TEXT ·EnterUser(SB),NOSPLIT|NOFRAME,$0-25
	MOVQ	c+0(FP), AX
	MOVQ	flags+8(FP), CX
	MOVL	work+16(FP), DX
	CLI
	TESTL	DX, (CX)
	JNE	work
	CMPL	percpu_events(GS), $0
	JNE	work
	CMPL	UserContext_loaded(AX), $const_loadedFast
	JNE	notFast
fast:
	MOVQ	SP, percpu_goSP(GS)
	MOVQ	BP, percpu_goBP(GS)
	LOAD_VECTOR
	MOVQ	AX, SP
	MOVQ	UserContext_fsBase(SP), AX
	WRFSBASEQ	AX
haveFS:
	// The flag exactRegs, as bit 63 of an immediate that is sign-extended and
	// has no other bit that is ever set, RF and TF. "Restoring" the last two
	// with SYSRET would trap before the program's next instruction.
	TESTQ	$(0xffffffff80000000|1<<16|1<<8), REG(PtRegs_flags)
	JNE	exact
	LOAD_USER
	MOVQ	REG(PtRegs_ax), AX
	MOVQ	REG(PtRegs_ip), CX
	MOVQ	REG(PtRegs_flags), R11
	MOVQ	REG(PtRegs_sp), SP
	SWAPGS
	BYTE	$0x48; BYTE $0x0f; BYTE $0x07 // rex.w sysretq

exact:
	MOVQ	REG(PtRegs_ip), DX
	MOVQ	$const_TaskSize, AX
	CMPQ	DX, AX
	JCC	nowhere
	MOVQ	$const_userSegments, AX
	CMPQ	REG(PtRegs_cs), AX // and ss
	JNE	segments
segmented:
	// IRETQ takes what it loads from a stack: the thread's kernel stack, of
	// which nothing is in use.
	MOVQ	percpu_kstack(GS), CX
	MOVQ	DX, -40(CX)
	MOVL	REG(PtRegs_cs), AX
	MOVQ	AX, -32(CX)
	MOVQ	REG(PtRegs_flags), AX
	BTRQ	$63, AX
	MOVQ	AX, -24(CX)
	MOVQ	REG(PtRegs_sp), AX
	MOVQ	AX, -16(CX)
	MOVL	REG(PtRegs_ss), AX
	MOVQ	AX, -8(CX)
	MOVQ	REG(PtRegs_cx), AX
	MOVQ	AX, -48(CX)
	LOAD_USER
	MOVQ	REG(PtRegs_ax), AX
	MOVQ	REG(PtRegs_r11), R11
	LEAQ	-40(CX), SP
	MOVQ	-48(CX), CX
	SWAPGS
	IRETQ

segments: // 32-bit code?
	MOVQ	REG(PtRegs_cs), CX
	BTSQ	$const_selBit64, CX
	CMPQ	CX, AX
	JNE	nowhere
	MOVQ	DX, CX // which has to be below 4 GiB then
	SHRQ	$32, CX
	JEQ	segmented
nowhere:
	LDMXCSR	·kernelMXCSR(SB)
	MOVQ	percpu_goSP(GS), SP
	CALL	kernelFS<>(SB)
	JMP	·wentNowhere(SB)
work:
	STI
	MOVB	$const_entryWork, ret+24(FP)
	RET
notFast:
	CMPL	UserContext_loaded(AX), $0
	JNE	slow
	LEAQ	-8(SP), SP
	MOVQ	AX, 0(SP)
	CALL	·loadExtended(SB)
	LEAQ	8(SP), SP
	MOVQ	c+0(FP), AX
	CMPL	UserContext_loaded(AX), $const_loadedFast
	JEQ	fast
slow: // without FSGSBASE
	MOVQ	SP, percpu_goSP(GS)
	MOVQ	BP, percpu_goBP(GS)
	LOAD_VECTOR
	MOVQ	AX, SP
	MOVQ	UserContext_fsBase(SP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$const_msrFSBase, CX
	WRMSR
	JMP	haveFS

// What syscallEntry and slowSyscallEntry have in common: to the UserContext, in
// AX, and back to the goroutine.
#define SYSCALL_SAVE \
	SWAPGS \
	MOVQ	SP, percpu_scratch(GS) \
	MOVQ	percpu_user(GS), SP \
	SAVE_USER(REG) \
	MOVQ	AX, REG(PtRegs_ax) \
	MOVQ	CX, REG(PtRegs_ip) \
	MOVQ	R11, REG(PtRegs_flags) \
	MOVQ	percpu_scratch(GS), CX \
	MOVQ	CX, REG(PtRegs_sp) \
	MOVQ	SP, AX \
	SAVE_VECTOR

#define SYSCALL_RETURN \
	MOVQ	percpu_goSP(GS), SP \
	MOVQ	percpu_goBP(GS), BP \
	MOVB	$const_entrySyscall, 32(SP) /* EnterUser's ret+24(FP) */ \
	STI \
	RET

// syscallEntry is where SYSCALL arrives, with interrupts masked by SFMASK. The
// Go runtime executes it in kernel mode, too: then the return address in CX
// lies in the high half. Neither the stack nor GS were switched. R11 is the
// caller's flags.
TEXT ·syscallEntry(SB),NOSPLIT|NOFRAME,$0
	TESTQ	CX, CX
	JMI	kernel
	SYSCALL_SAVE
	RDFSBASEQ	DX
	MOVQ	DX, UserContext_fsBase(AX)
	MOVQ	percpu_tls(GS), CX
	WRFSBASEQ	CX
	SYSCALL_RETURN
kernel:
	JMP	·kernelSyscallEntry(SB)

// slowSyscallEntry is syscallEntry on a processor without FSGSBASE. There only
// arch_prctl changes the program's FS base, so it is known.
TEXT ·slowSyscallEntry(SB),NOSPLIT|NOFRAME,$0
	TESTQ	CX, CX
	JMI	kernel
	SYSCALL_SAVE
	MOVQ	percpu_tls(GS), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$const_msrFSBase, CX
	WRMSR
	SYSCALL_RETURN
kernel:
	JMP	·kernelSyscallEntry(SB)

// syscall32Entry is where SYSCALL of 32-bit code arrives, on processors that have it
// there. It goes back at once, with ENOSYS: Linux's ignore_sysret. The stack and GS are
// the program's all the time, and interrupts are masked.
TEXT ·syscall32Entry(SB),NOSPLIT|NOFRAME,$0
	MOVL	$-38, AX
	SYSRET // without REX.W: to 32-bit code

// func syscall32EntryPC() uintptr
TEXT ·syscall32EntryPC(SB),NOSPLIT,$0-8
	LEAQ	·syscall32Entry(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// userTrap goes on where trapEntry has found that a program was interrupted.
// The stack holds what the stub and the processor have pushed: vector, error
// code, and the processor's frame.
TEXT ·userTrap(SB),NOSPLIT|NOFRAME,$0
	SWAPGS
	MOVQ	AX, percpu_scratch(GS)
	MOVQ	percpu_user(GS), AX
	SAVE_USER(AXREG)
	MOVQ	CX, AXREG(PtRegs_cx)
	MOVQ	R11, AXREG(PtRegs_r11)
	MOVQ	percpu_scratch(GS), CX
	MOVQ	CX, AXREG(PtRegs_ax)
	MOVQ	0(SP), CX
	MOVQ	CX, UserContext_vec(AX)
	MOVQ	8(SP), CX
	MOVQ	CX, UserContext_code(AX)
	MOVQ	16(SP), CX
	MOVQ	CX, AXREG(PtRegs_ip)
	MOVWLZX	24(SP), CX
	MOVL	CX, AXREG(PtRegs_cs)
	MOVWLZX	48(SP), CX
	MOVL	CX, AXREG(PtRegs_ss)
	MOVQ	32(SP), CX
	BTSQ	$63, CX // exactRegs
	MOVQ	CX, AXREG(PtRegs_flags)
	MOVQ	40(SP), CX
	MOVQ	CX, AXREG(PtRegs_sp)
	MOVQ	CR2, CX
	MOVQ	CX, UserContext_cr2(AX)
	CLD
	CMPB	·hasSMAP(SB), $0
	JEQ	closed
	CLAC
closed:
	SAVE_VECTOR
	CMPB	·hasFSGSBASE(SB), $0
	JEQ	known // as in slowSyscallEntry
	RDFSBASEQ	DX
	MOVQ	DX, UserContext_fsBase(AX)
known:
	CALL	kernelFS<>(SB)
	MOVQ	percpu_goSP(GS), SP
	MOVQ	percpu_goBP(GS), BP
	JMP	·leftUser(SB)

// kernelFS sets FS base to the running thread's. It uses AX, CX and DX.
TEXT kernelFS<>(SB),NOSPLIT|NOFRAME,$0
	MOVQ	percpu_tls(GS), AX
	CMPB	·hasFSGSBASE(SB), $0
	JEQ	slow
	WRFSBASEQ	AX
	RET
slow:
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$const_msrFSBase, CX
	WRMSR
	RET

DATA ·kernelMXCSR(SB)/4, $const_defaultMXCSR
GLOBL ·kernelMXCSR(SB), NOPTR|RODATA, $4

// func writeXCR0(v uint64)
TEXT ·writeXCR0(SB),NOSPLIT,$0-8
	XORL	CX, CX
	MOVQ	v+0(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	XSETBV
	RET

// func fxsave(area uintptr)
TEXT ·fxsave(SB),NOSPLIT,$0-8
	MOVQ	area+0(FP), DI
	FXSAVE64	(DI)
	RET

// func fxrstor(area uintptr)
TEXT ·fxrstor(SB),NOSPLIT,$0-8
	MOVQ	area+0(FP), DI
	FXRSTOR64	(DI)
	RET

// func xsave(area uintptr, mask uint64)
TEXT ·xsave(SB),NOSPLIT,$0-16
	MOVQ	area+0(FP), DI
	MOVQ	mask+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	BYTE	$0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x27 // xsave64 (%rdi)
	RET

// func xrstor(area uintptr, mask uint64)
TEXT ·xrstor(SB),NOSPLIT,$0-16
	MOVQ	area+0(FP), DI
	MOVQ	mask+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	BYTE	$0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x2f // xrstor64 (%rdi)
	RET

// func readUserGS() uint64
//
// The program's GS base, while interrupts are masked.
TEXT ·readUserGS(SB),NOSPLIT,$0-8
	SWAPGS
	RDGSBASEQ	AX
	SWAPGS
	MOVQ	AX, ret+0(FP)
	RET

// func clearSelectors()
//
// Loading GS or FS would change its base, so those are only loaded if they are
// not null, and the base then gets its value back. Interrupts are masked.
TEXT ·clearSelectors(SB),NOSPLIT,$0-0
	XORL	AX, AX
	MOVW	AX, DS
	MOVW	AX, ES
	MOVW	FS, CX
	MOVW	GS, DX
	ORL	CX, DX
	JEQ	done
	MOVL	$const_msrFSBase, CX
	RDMSR
	MOVL	AX, R8
	MOVL	DX, R9
	XORL	BX, BX
	MOVW	BX, FS
	MOVL	R8, AX
	MOVL	R9, DX
	WRMSR
	MOVL	$const_msrGSBase, CX
	RDMSR
	MOVL	AX, R8
	MOVL	DX, R9
	MOVW	BX, GS
	MOVL	R8, AX
	MOVL	R9, DX
	WRMSR
done:
	RET

// func writeDebug(addr *[breakpoints]uint64, dr7 uint64)
TEXT ·writeDebug(SB),NOSPLIT,$0-16
	MOVQ	addr+0(FP), BX
	XORL	AX, AX
	MOVQ	AX, DR7
	MOVQ	0(BX), AX
	MOVQ	AX, DR0
	MOVQ	8(BX), AX
	BYTE $0x0f; BYTE $0x23; BYTE $0xc8; // mov %rax,%db1
	MOVQ	16(BX), AX
	MOVQ	AX, DR2
	MOVQ	24(BX), AX
	MOVQ	AX, DR3
	MOVQ	dr7+8(FP), AX
	MOVQ	AX, DR7
	RET

// func takeDR6() uint64
//
// "Debug exceptions are the reasons since DR6 was last cleared" - SDM vol. 3,
// 17.2.3: the processor never clears it.
TEXT ·takeDR6(SB),NOSPLIT,$0-8
	MOVQ	DR6, AX
	MOVQ	AX, ret+0(FP)
	MOVL	$0xffff0ff0, AX // its value after reset
	MOVQ	AX, DR6
	RET
