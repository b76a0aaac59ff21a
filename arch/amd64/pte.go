//go:build metal && amd64

package amd64

import (
	"syscall"
	"unsafe"

	"onsen/arch/spec"
)

// PTE is an entry of a program's page tables.
type PTE uint64

// Bits of a program's entries. Those that the processor ignores are ours.
const (
	pteUser = 1 << 2 // for user mode
	// pteKept marks a page that is not present for the processor because
	// nobody may use it (PROT_NONE).
	pteKept = 1 << 9
	// pteTable marks the entry of a table.
	pteTable = 1 << 10
)

// MakePTE returns the entry for a page; see package arch. Accessed and dirty
// are set at once: nobody looks at them, and the processor need not set them.
//
//go:nosplit
func MakePTE(pa uintptr, p spec.UserProt) PTE {
	return PTE(pa).WithProt(p)
}

// MakeTable returns the entry for a table.
//
//go:nosplit
func MakeTable(pa uintptr) PTE {
	return PTE(pa) | pteTable | pteP | pteRW | pteUser | pteA
}

// None reports whether the entry is empty.
//
//go:nosplit
func (e PTE) None() bool { return e == 0 }

// Table reports whether the entry is that of a table.
//
//go:nosplit
func (e PTE) Table() bool { return e&pteTable != 0 }

// PA returns the address of the page or table.
//
//go:nosplit
func (e PTE) PA() uintptr { return uintptr(e & pteAddr) }

// Prot returns the rights. Every page that may be written or executed may be
// read on this architecture.
//
//go:nosplit
func (e PTE) Prot() spec.UserProt {
	if e&pteP == 0 {
		return 0
	}
	p := spec.UserR
	if e&pteRW != 0 {
		p |= spec.UserW
	}
	if e&pteNX == 0 {
		p |= spec.UserX
	}
	return p
}

// WrProtect returns the entry without the right to write.
//
//go:nosplit
func (e PTE) WrProtect() PTE { return e &^ (pteRW | pteD) }

// WithProt returns the entry with other rights.
//
//go:nosplit
func (e PTE) WithProt(p spec.UserProt) PTE {
	e &= pteAddr
	if p == 0 {
		return e | pteKept | pteNX
	}
	e |= pteP | pteUser | pteA
	if p&spec.UserW != 0 {
		e |= pteRW | pteD
	}
	if p&spec.UserX == 0 {
		e |= pteNX
	}
	return e
}

// PgdInit gives the context a page table with nothing in its lower half. The
// upper half is the kernel's; what the kernel adds there later comes in when it
// is missed. It returns ENOMEM if alloc, which returns the physical address of a
// cleared page, has none.
func (c *MMContext) PgdInit(alloc func() uintptr) error {
	pgd := alloc()
	if pgd == 0 {
		return syscall.ENOMEM
	}
	type table [2][pageSize / 16]uint64 // the halves
	(*table)(unsafe.Pointer(entry(pgd)))[1] = (*table)(unsafe.Pointer(entry(kernelRoot)))[1]
	c.Pgd = pgd
	return nil
}

// syncKernelHalf copies the top-level entry for a kernel address into the page
// table in use, if that does not have it yet. It reports whether there was
// something to copy.
//
//go:nosplit
func syncKernelHalf(addr uintptr) bool {
	if int64(addr) >= 0 {
		return false
	}
	off := addr >> 39 & 511 * 8
	e := entry(readCR3()&pteAddr + off)
	kernel := entry(kernelRoot + off).Load()
	if kernel == 0 || e.Load() == kernel {
		return false
	}
	e.Store(kernel)
	return true
}
