package arm64

import "onsen/arch/spec"

// PTE is an entry of a program's translation tables.
type PTE uint64

// More bits of descriptors, Arm ARM D8.3.
const (
	descUser      = 1 << 6  // AP[1]: EL0 may do what EL1 may
	descNotGlobal = 1 << 11 // nG: of one ASID
	// softTable marks tables: a table and a page look the same but for their
	// level. Bit 55 is for software in pages and ignored in tables.
	softTable = 1 << 55
	// softKept is a page that is kept though nobody may reach it. The
	// processor ignores all of an entry that is not valid.
	softKept = 1 << 58
)

const (
	userFixed  = descAccessed | descInner | descNotGlobal | descUser | descPXN
	userRights = descUXN | descReadOnly | softKept | descPage
)

// rights returns the bits that depend on what programs may do with a page.
// What may be executed can be read.
//
//go:nosplit
func rights(p spec.UserProt) PTE {
	if p == 0 {
		return softKept | descUXN | descReadOnly
	}
	e := PTE(descPage)
	if p&spec.UserW == 0 {
		e |= descReadOnly
	}
	if p&spec.UserX == 0 {
		e |= descUXN
	}
	return e
}

// MakePTE returns the entry for a page of user memory.
func MakePTE(pa uintptr, p spec.UserProt) PTE { return PTE(pa) | userFixed | rights(p) }

// MakeTable returns the entry for a table of the next level.
func MakeTable(pa uintptr) PTE { return PTE(pa) | softTable | descTable }

// None reports whether the entry is empty.
func (e PTE) None() bool { return e == 0 }

// Table reports whether the entry is that of a table.
func (e PTE) Table() bool { return e&softTable != 0 }

// PA returns the address of the page or table.
func (e PTE) PA() uintptr { return uintptr(e & descAddress) }

// Prot returns what programs may do with the page.
func (e PTE) Prot() spec.UserProt {
	if e&descValid == 0 {
		return 0
	}
	p := spec.UserR
	if e&descReadOnly == 0 {
		p |= spec.UserW
	}
	if e&descUXN == 0 {
		p |= spec.UserX
	}
	return p
}

// WrProtect returns the entry without the right to write.
func (e PTE) WrProtect() PTE { return e | descReadOnly }

// WithProt returns the entry with other rights.
func (e PTE) WithProt(p spec.UserProt) PTE { return e&^userRights | rights(p) }
