//go:build metal && arm64

package arm64

import (
	"sync/atomic"

	"onsen/arch/spec"
)

// WalkKernel calls visit for every mapping of the kernel's page tables; see
// package arch. TTBR0 has an empty table while no program runs.
func WalkKernel(visit func(va, size uintptr, p spec.Prot)) {
	kernel.walk(kernel.root, 0, DirectMapBase, visit)
}

// walk visits what is mapped below one table, which begins at va.
func (t *tables) walk(table uintptr, level uint, va uintptr, visit func(va, size uintptr, p spec.Prot)) {
	for i := range uintptr(tableEntries) {
		at := va + i*levelSize(level)
		d := atomic.LoadUint64(t.entry(table, at, level))
		switch {
		case d&descValid == 0:
		case isTable(d, level):
			t.walk(uintptr(d&descAddress), level+1, at, visit)
		default:
			visit(at, levelSize(level), protection(d))
		}
	}
}

// protection undoes attributes.
func protection(d uint64) spec.Prot {
	p := spec.ProtR
	if d&descReadOnly == 0 {
		p |= spec.ProtW
	}
	if d&descPXN == 0 {
		p |= spec.ProtX
	}
	if d&descDevice != 0 {
		p |= spec.ProtDevice
	}
	return p
}
