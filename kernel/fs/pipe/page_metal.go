//go:build metal

package pipe

import (
	"unsafe"

	"onsen/arch"
	"onsen/kernel/mm"
)

func allocPage() uintptr     { return mm.AllocPage() }
func getPage(pa uintptr)     { mm.GetPage(pa) }
func putPage(pa uintptr)     { mm.PutPage(pa) }
func shared(pa uintptr) bool { return mm.PageOwners(pa) > 1 }

// pageBytes returns the contents of a page.
func pageBytes(pa uintptr) *[pageSize]byte {
	va := arch.PhysToVirt(pa)
	return *(**[pageSize]byte)(unsafe.Pointer(&va))
}

// pageSlice returns n bytes at an offset of a page, all of them within it.
func pageSlice(pa uintptr, off, n uint32) []byte {
	return pageBytes(pa)[off : off+n]
}
