//go:build metal && amd64

package amd64

import "onsen/arch/spec"

// WalkKernel calls visit for every mapping of the kernel's page tables; see
// package arch.
func WalkKernel(visit func(va, size uintptr, p spec.Prot)) {
	walkTable(kernelRoot, 3, 0, visit)
}

// highBits make an address of the upper half canonical (SDM vol. 1, 3.3.7.1).
const highBits uintptr = 0xffff_0000_0000_0000

// walkTable visits what is mapped below one table, which begins at va.
func walkTable(table uintptr, level uint, va uintptr, visit func(va, size uintptr, p spec.Prot)) {
	span := uintptr(pageSize) << (9 * level)
	for i := range uintptr(512) {
		v := entry(table + i*8).Load()
		at := va + i*span
		if level == 3 && i >= 256 {
			at |= highBits
		}
		switch {
		case v&pteP == 0:
		case level == 0 || v&ptePS != 0:
			visit(at, span, protOf(v))
		default:
			walkTable(uintptr(v&pteAddr), level-1, at, visit)
		}
	}
}

// protOf undoes flagsOf.
func protOf(v uint64) spec.Prot {
	p := spec.ProtR
	if v&pteRW != 0 {
		p |= spec.ProtW
	}
	if v&pteNX == 0 {
		p |= spec.ProtX
	}
	if v&ptePCD != 0 {
		p |= spec.ProtDevice
	}
	return p
}
