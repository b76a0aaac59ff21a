//go:build metal

#include "go_asm.h"
#include "textflag.h"

// realStart is copied to the start of the trampoline page, where a processor
// begins after a start-up IPI: in real mode with CS = page>>4 and IP = 0. Its
// data is in the same page; see trampoline.go for the offsets. It goes straight
// to long mode on the page tables that the image brings along, and leaves the
// page's address in EBX.
//
// mode: 16
TEXT ·realStart(SB),NOSPLIT|NOFRAME,$0
	BYTE $0xfa; // cli
	BYTE $0xfc; // cld
	BYTE $0x8c; BYTE $0xc8; // mov %cs,%ax
	BYTE $0x8e; BYTE $0xd8; // mov %ax,%ds
	BYTE $0x66; BYTE $0x31; BYTE $0xdb; // xor %ebx,%ebx
	BYTE $0x89; BYTE $0xc3; // mov %ax,%bx
	BYTE $0x66; BYTE $0xc1; BYTE $0xe3; BYTE $0x04; // shl $0x4,%ebx
	BYTE $0x66; BYTE $0xb8; LONG $0x00101000; // mov $0x101000,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xd8; // mov %eax,%cr3
	// CR4.PAE, PGE, OSFXSR, OSXMMEXCPT, as on the boot CPU
	BYTE $0x66; BYTE $0xb8; LONG $0x000006a0; // mov $0x6a0,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xe0; // mov %eax,%cr4
	BYTE $0x66; BYTE $0xb9; LONG $0xc0000080; // mov $-0x3fffff80,%ecx
	BYTE $0x0f; BYTE $0x32; // rdmsr
	// EFER.SCE, LME, NXE (SDM vol. 3, 2.2.1)
	BYTE $0x66; BYTE $0x0d; LONG $0x00000901; // or $0x901,%eax
	BYTE $0x0f; BYTE $0x30; // wrmsr
	BYTE $0x66; BYTE $0x0f; BYTE $0x01; BYTE $0x16; WORD $0x0fc0; // lgdtl 0xfc0
	// CR0.PG, WP, NE, ET, MP, PE; caches on (SDM vol. 3, 2.5). Until the far
	// jump this is compatibility mode with a 16-bit segment.
	BYTE $0x66; BYTE $0xb8; LONG $0x80010033; // mov $-0x7ffeffcd,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xc0; // mov %eax,%cr0
	BYTE $0x66; BYTE $0xff; BYTE $0x2e; WORD $0x0fc8; // ljmp *0xfc8

// longStart is copied to the trampoline page as well. BX = the page's address.
// It tells that it has come this far and goes on in the kernel, with
// DI = the processor's percpu record.
TEXT ·longStart(SB),NOSPLIT|NOFRAME,$0
	MOVL	$const_selKernelData, AX
	MOVW	AX, SS
	MOVW	AX, DS
	MOVW	AX, ES
	MOVL	BX, BX
	MOVQ	$1, const_trampolineAlive(BX)
	MOVQ	const_trampolineCPU(BX), DI
	MOVQ	const_trampolineGo(BX), AX
	JMP	AX

// func realStartPC() uintptr
TEXT ·realStartPC(SB),NOSPLIT,$0-8
	LEAQ	·realStart(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func longStartPC() uintptr
TEXT ·longStartPC(SB),NOSPLIT,$0-8
	LEAQ	·longStart(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func secondaryPC() uintptr
TEXT ·secondaryPC(SB),NOSPLIT,$0-8
	LEAQ	·secondary64(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
