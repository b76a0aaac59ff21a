// Package amd64 is the mechanism of the kernel on 64-bit x86: entry from and
// return to interrupted code, page tables, descriptor tables, the local and
// I/O APIC, the clock, and the start of further processors.
//
// It implements the interface written down in package arch, under the same
// names. Manual references are to the Intel 64 and IA-32 Architectures
// Software Developer's Manual ("SDM") and to AMD's Architecture Programmer's
// Manual ("APM").
package amd64
