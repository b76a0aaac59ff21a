//go:build metal && amd64

package amd64

import (
	"unsafe"

	"onsen/arch/spec"
)

// The linked image begins with the ELF header that the linker wrote; its
// program headers say which parts may be written and executed.

// imageStart is the address of the ELF header, one page before the text.
const imageStart = ImageBase + 0x20_0000 - pageSize

// Offsets in ELF-64 headers (System V ABI, chapters 4 and 5).
const (
	elfPhoff  = 32
	elfPhnum  = 56
	phdrSize  = 56
	phdrFlags = 4
	phdrVaddr = 16
	phdrMemsz = 40

	ptLoad = 1
	pfX    = 1
	pfW    = 2
)

// segment returns the address, size and rights of the i-th loaded segment,
// rounded to pages; ok is false behind the last.
//
//go:nosplit
func segment(i uintptr) (va, size uintptr, p spec.Prot, loaded, ok bool) {
	if i >= uintptr(load16(imageStart+elfPhnum)) {
		return 0, 0, 0, false, false
	}
	ph := imageStart + load64(imageStart+elfPhoff) + i*phdrSize
	if load32(ph) != ptLoad {
		return 0, 0, 0, false, true
	}
	start := load64(ph + phdrVaddr)
	end := (start + load64(ph+phdrMemsz) + pageMask) &^ pageMask
	start &^= pageMask
	p = spec.ProtR
	flags := load32(ph + phdrFlags)
	if flags&pfW != 0 {
		p |= spec.ProtW
	}
	if flags&pfX != 0 {
		p |= spec.ProtX
	}
	return start, end - start, p, true, true
}

// mapImage maps the image at its own address and, never executable, in the
// direct map.
//
//go:nosplit
func mapImage() bool {
	for i := uintptr(0); ; i++ {
		va, size, p, loaded, ok := segment(i)
		if !ok {
			return true
		}
		if !loaded {
			continue
		}
		pa := va - ImageBase
		if !mapRange(va, pa, size, p) || !mapRange(DirectMapBase+pa, pa, size, p&^spec.ProtX) {
			return false
		}
	}
}

// imageDirect returns the physical range that mapImage has put into the direct
// map, together with the holes between its segments.
func imageDirect() (lo, hi uintptr) {
	lo = ^uintptr(0)
	for i := uintptr(0); ; i++ {
		va, size, _, loaded, ok := segment(i)
		if !ok {
			return lo, hi
		}
		if loaded {
			lo = min(lo, va-ImageBase)
			hi = max(hi, va-ImageBase+size)
		}
	}
}

//go:nosplit
func load16(a uintptr) uint16 { return *(*uint16)(pointer(a)) }

//go:nosplit
func load32(a uintptr) uint32 { return *(*uint32)(pointer(a)) }

//go:nosplit
func load64(a uintptr) uintptr { return *(*uintptr)(pointer(a)) }

// pointer turns an address from a register or table into a pointer.
//
//go:nosplit
func pointer(a uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }
