//go:build !metal

package mm

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/arch"
)

// On the host the allocator runs on a pretended machine: physical memory and
// the page array are address space that costs nothing until it is touched. The
// page array is inaccessible until it is mapped, so that a look at memory that
// is not there faults as it would on hardware.

const (
	maxCPUs       = 8
	hostPhysLimit = 64 << 30
	vmemmapLimit  = hostPhysLimit / PageSize * pageStructSize
)

var (
	hostPhys    = hostReserve(hostPhysLimit, syscall.PROT_READ|syscall.PROT_WRITE)
	vmemmapBase = hostReserve(int(vmemmapLimit), syscall.PROT_NONE)
	hostCPU     = int32(-1) // atomic; the CPU all code runs on, -1: by stack
	hostPages   sync.Map    // mapped pages: virtual to physical address
	hostTables  sync.Map    // page tables: by the 2 MiB they map
)

func hostReserve(size, prot int) uintptr {
	b, err := syscall.Mmap(-1, 0, size, prot, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		panic("mm: " + err.Error())
	}
	return uintptr(unsafe.Pointer(unsafe.SliceData(b)))
}

// hwCPU spreads goroutines over the CPUs by where their stacks are. Two of
// them may be on one CPU at a time: the locks make that harmless.
//
//go:nosplit
func hwCPU() int {
	if n := atomic.LoadInt32(&hostCPU); n >= 0 {
		return int(n)
	}
	var here byte
	return int(uintptr(unsafe.Pointer(&here)) >> 13 % maxCPUs)
}

//go:nosplit
func hwCPURelax() { runtime.Gosched() }

//go:nosplit
func hwIRQSave() uintptr { return 0 }

//go:nosplit
func hwIRQRestore(uintptr) {}

//go:nosplit
func hwPhysToVirt(pa uintptr) uintptr { return hostPhys + pa }

//go:nosplit
func hwZeroPage(va uintptr) {
	clear(unsafe.Slice((*byte)(unsafe.Add(nil, va)), PageSize))
}

func hwMapDirect(start, end uintptr) {}

func hwMapPage(va, pa uintptr) bool {
	if _, ok := hostTables.Load(va >> 21); !ok {
		table := AllocPage()
		if table == 0 {
			return false
		}
		hostTables.Store(va>>21, table)
	}
	if _, mapped := hostPages.Swap(va, pa); mapped {
		panic("mm: page mapped twice")
	}
	hostProtect(va, syscall.PROT_READ|syscall.PROT_WRITE)
	return true
}

func hwUnmapPage(va uintptr) (pa uintptr, ok bool) {
	v, ok := hostPages.LoadAndDelete(va)
	if !ok {
		return 0, false
	}
	hostProtect(va, syscall.PROT_NONE)
	return v.(uintptr), true
}

func hwPageMapped(va uintptr) bool {
	_, ok := hostPages.Load(va)
	return ok
}

func hwFlushTLB(start, end uintptr) {}

func hostProtect(va uintptr, prot int) {
	b := unsafe.Slice((*byte)(unsafe.Add(nil, va)), PageSize)
	if err := syscall.Mprotect(b, prot); err != nil {
		panic("mm: " + err.Error())
	}
}

// InitHost gives tests of other packages size bytes of pretended memory, which
// package arch then shows in its direct map.
func InitHost(size uint64) error {
	const start, poolSize = 1 << 30, 4 << 20
	arch.SetDirectMap(hostPhys)
	InitEarly(0, start, poolSize)
	return Init(Config{Memory: []Range{{Start: start, End: start + size}}})
}
