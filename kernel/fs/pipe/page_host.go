//go:build !metal

package pipe

import (
	"sync"
	"unsafe"
)

// On the host pages are Go memory, kept alive by this table of their owners.
var hostPages = struct {
	sync.Mutex
	owners map[*[pageSize]byte]int
	limit  int // how many there may be, for tests
}{owners: map[*[pageSize]byte]int{}, limit: 1 << 20}

func allocPage() uintptr {
	hostPages.Lock()
	defer hostPages.Unlock()
	if len(hostPages.owners) >= hostPages.limit {
		return 0
	}
	p := new([pageSize]byte)
	hostPages.owners[p] = 1
	return uintptr(unsafe.Pointer(p))
}

func getPage(pa uintptr) { own(pa, 1) }
func putPage(pa uintptr) { own(pa, -1) }

func shared(pa uintptr) bool { return own(pa, 0) > 1 }

func own(pa uintptr, by int) int {
	hostPages.Lock()
	defer hostPages.Unlock()
	p := pageBytes(pa)
	n := hostPages.owners[p]
	if n == 0 {
		panic("pipe: page without owner")
	}
	if n += by; n == 0 {
		delete(hostPages.owners, p)
	} else {
		hostPages.owners[p] = n
	}
	return n
}

// pageBytes returns the contents of a page.
func pageBytes(pa uintptr) *[pageSize]byte {
	return *(**[pageSize]byte)(unsafe.Pointer(&pa))
}

// pageSlice returns n bytes at an offset of a page, all of them within it.
func pageSlice(pa uintptr, off, n uint32) []byte { return pageBytes(pa)[off : off+n] }
