// Package arm64 is the mechanism of the kernel on 64-bit Arm: entry from the
// boot loader, exceptions, page tables, the generic interrupt controller, the
// generic timer, and the start of further processors.
//
// It implements the interface written down in package arch, under the same
// names. What needs no hardware (descriptors, layouts, arithmetic) has no
// build tag and is tested on the host.
//
// # Exception levels and stacks
//
// The kernel runs at EL1. Go code uses SP_EL0 (EL1t), so that every exception
// switches to SP_EL1 by itself: Go on arm64 writes below its stack pointer,
// and an exception frame on the same stack would destroy that. SP_EL1 is the
// top of the running thread's kernel stack. The code there (EL1h) is nosplit
// Go with interrupts masked; a fault it causes nests on the same stack.
//
// Register 28 is g. TPIDR_EL1 points to this CPU's record. TPIDR_EL0 and
// register 18 belong to user programs.
//
// # References
//
// "Arm ARM" is the Arm Architecture Reference Manual for A-profile, DDI 0487,
// issue J.a; system registers are in its chapter D19 under their names.
// "GICv2" is IHI 0048B, "GICv3" is IHI 0069H, "PSCI" is DEN 0022F, "PL011" is
// DDI 0183G.
package arm64
