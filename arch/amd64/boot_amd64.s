//go:build metal

#include "go_asm.h"
#include "textflag.h"

// bootPVH is where a PVH boot loader enters: 32-bit protected mode with flat
// segments, paging and interrupts off, EBX = physical address of the
// hvm_start_info (Xen's docs/misc/pvh.pandoc). The image carries a boot segment
// at physical 0x100000: the GDT, its descriptor at +0x20, zeros at +0x28, the
// address of the image's last word at +0x38, what to say if that is beyond the
// end of memory at +0x40, and page tables from +0x1000 that map the low 4 GiB one
// to one and the image in the high half.
//
// mode: 32
TEXT ·bootPVH(SB),NOSPLIT|NOFRAME,$0
	BYTE $0xfa; // cli
	BYTE $0xfc; // cld
	BYTE $0x89; BYTE $0xdf; // mov %ebx,%edi
	BYTE $0xbc; LONG $0x00101000; // mov $0x101000,%esp
	// Is there memory where the image ends? The boot loader may not have looked.
	BYTE $0x8b; BYTE $0x15; LONG $0x00100038; // mov 0x100038,%edx
	BYTE $0xc7; BYTE $0x02; LONG $0x6f6e7365; // movl $0x6f6e7365,(%edx)
	BYTE $0x81; BYTE $0x3a; LONG $0x6f6e7365; // cmpl $0x6f6e7365,(%edx)
	BYTE $0x74; BYTE $0x26; // je .+0x26
	// No: write the boot segment's message to the first serial port, and reset.
	BYTE $0xbe; LONG $0x00100040; // mov $0x100040,%esi
	BYTE $0xac; // lods %ds:(%esi),%al
	BYTE $0x84; BYTE $0xc0; // test %al,%al
	BYTE $0x74; BYTE $0x14; // je .+0x14
	BYTE $0x89; BYTE $0xc1; // mov %eax,%ecx
	BYTE $0x66; BYTE $0xba; WORD $0x03fd; // mov $0x3fd,%dx
	BYTE $0xec; // in (%dx),%al
	// Line status: the transmitter is empty (16550 data sheet).
	BYTE $0xa8; BYTE $0x20; // test $0x20,%al
	BYTE $0x74; BYTE $0xfb; // je .-0x5
	BYTE $0x89; BYTE $0xc8; // mov %ecx,%eax
	BYTE $0x66; BYTE $0xba; WORD $0x03f8; // mov $0x3f8,%dx
	BYTE $0xee; // out %al,(%dx)
	BYTE $0xeb; BYTE $0xe7; // jmp .-0x19
	// An exception without an interrupt table is a shutdown (SDM vol. 3, 6.15),
	// which PCs turn into a reset.
	BYTE $0x0f; BYTE $0x01; BYTE $0x1d; LONG $0x00100028; // lidtl 0x100028
	BYTE $0xcc; // int3
	BYTE $0xc7; BYTE $0x02; LONG $0x00000000; // movl $0x0,(%edx)
	BYTE $0xb8; LONG $0x00101000; // mov $0x101000,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xd8; // mov %eax,%cr3
	BYTE $0x0f; BYTE $0x20; BYTE $0xe0; // mov %cr4,%eax
	// PAE, PGE, OSFXSR, OSXMMEXCPT (SDM vol. 3, 2.5). OSXSAVE stays off, so
	// that the Go runtime settles for SSE and never touches the upper halves
	// of a program's vector registers.
	BYTE $0x0d; LONG $0x000006a0; // or $0x6a0,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xe0; // mov %eax,%cr4
	BYTE $0xb9; LONG $0xc0000080; // mov $0xc0000080,%ecx
	BYTE $0x0f; BYTE $0x32; // rdmsr
	// EFER.SCE, LME, NXE (SDM vol. 3, 2.2.1)
	BYTE $0x0d; LONG $0x00000901; // or $0x901,%eax
	BYTE $0x0f; BYTE $0x30; // wrmsr
	BYTE $0x0f; BYTE $0x20; BYTE $0xc0; // mov %cr0,%eax
	// EM and TS off; PG, WP, NE, MP, PE on (SDM vol. 3, 2.5)
	BYTE $0x83; BYTE $0xe0; BYTE $0xf3; // and $0xfffffff3,%eax
	BYTE $0x0d; LONG $0x80010023; // or $0x80010023,%eax
	BYTE $0x0f; BYTE $0x22; BYTE $0xc0; // mov %eax,%cr0
	BYTE $0x0f; BYTE $0x01; BYTE $0x15; LONG $0x00100020; // lgdtl 0x100020
	// A far return to the instruction behind it loads the 64-bit code segment.
	BYTE $0x6a; BYTE $0x08; // push $0x8
	BYTE $0xe8; LONG $0x00000000; // call .+0x0
	BYTE $0x83; BYTE $0x04; BYTE $0x24; BYTE $0x05; // addl $0x5,(%esp)
	BYTE $0xcb; // lret
	// mode: 64
	MOVL	$0x10, AX
	MOVW	AX, SS
	MOVW	AX, DS
	MOVW	AX, ES
	MOVL	DI, DI
	MOVQ	·start64Address(SB), AX
	JMP	AX

// The link-time address of start64: code that runs at its physical address can
// read it, but cannot compute it.
DATA ·start64Address+0(SB)/8, $·start64(SB)
GLOBL ·start64Address(SB), NOPTR|RODATA, $8

// start64 runs at its own address, on the boot segment's page tables.
// DI = physical address of the hvm_start_info.
TEXT ·start64(SB),NOSPLIT|NOFRAME,$0
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ·entryTSC(SB)
	MOVQ	DI, ·startInfo(SB)
	// The tables show the low 4 GiB in the direct map, too.
	MOVQ	$0x101000, BX
	MOVQ	(BX), AX
	MOVQ	AX, (273*8)(BX) // DirectMapBase>>39&511
	LEAQ	·earlyStack+const_earlyStackSize(SB), SP
	ANDQ	$~15, SP
	PUSHQ	$0 // ends the chain of frame pointers
	POPQ	BP
	// Go code finds g through FS, even where it has none.
	LEAQ	·percpus+(percpu_dummy+8)(SB), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$const_msrFSBase, CX
	WRMSR
	SUBQ	$16, SP
	CALL	·earlyStart(SB)
	MOVQ	0(SP), SP
	STI
	JMP	_rt0_amd64_linux(SB)

// secondary64 runs another CPU: long mode, on the boot segment's page tables.
// DI = its percpu record, which is all it knows.
TEXT ·secondary64(SB),NOSPLIT|NOFRAME,$0
	MOVQ	·kernelRoot(SB), AX
	MOVQ	AX, CR3
	MOVQ	percpu_idleSP(DI), SP
	PUSHQ	$0 // ends the chain of frame pointers
	POPQ	BP
	LEAQ	(percpu_dummy+8)(DI), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$const_msrFSBase, CX
	WRMSR
	SUBQ	$16, SP
	MOVQ	DI, 0(SP)
	CALL	·earlySecondary(SB)
	INT	$3 // not reached
