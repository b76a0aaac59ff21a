//go:build metal && amd64

package amd64

import (
	"sync/atomic"
	"unsafe"
)

// MMContext is an address space as the processor sees it.
type MMContext struct {
	// Pgd is the physical address of the top-level table.
	Pgd uintptr
	// cpus are those that use the table, or did last and have not been given
	// another one: their TLBs may hold its translations. A CPU sets its bit
	// before it loads the table.
	cpus atomic.Uint64
}

// SwitchMM loads the page tables of c on this CPU; see package arch. The
// processor forgets those of the old ones (SDM vol. 3, 4.10.4.1).
//
//go:nosplit
func SwitchMM(c *MMContext) {
	flags := IRQSave()
	cpu := this()
	old := cpu.mm
	if old == uintptr(unsafe.Pointer(c)) {
		IRQRestore(flags)
		return
	}
	me := uint64(1) << cpu.id
	root := kernelRoot
	if c != nil {
		c.cpus.Or(me)
		root = c.Pgd
	}
	cpu.mm = uintptr(unsafe.Pointer(c))
	writeCR3(root)
	if old != 0 {
		(*MMContext)(pointer(old)).cpus.And(^me)
	}
	IRQRestore(flags)
}

// RetireMM makes every CPU forget c; see package arch. Those that run a kernel
// thread on it change to the kernel's own tables.
//
//go:nosplit
func RetireMM(c *MMContext) {
	flags := IRQSave()
	cpu := this()
	if cpu.mm == uintptr(unsafe.Pointer(c)) {
		dropMM(cpu)
	}
	if others := c.cpus.Load() &^ (1 << cpu.id); others != 0 {
		request(others, 0, 0, uintptr(unsafe.Pointer(c)))
	}
	c.cpus.Store(0)
	IRQRestore(flags)
}

// dropMM makes this CPU use the kernel's own page tables.
//
//go:nosplit
func dropMM(cpu *percpu) {
	writeCR3(kernelRoot)
	cpu.mm = 0
}

// FlushTLB flushes a range of c; see package arch.
//
//go:nosplit
func FlushTLB(c *MMContext, start, end uintptr) {
	flags := IRQSave()
	me := uint64(1) << this().id
	// A locked instruction: the entries that the caller has changed are
	// visible before the mask is read. A CPU that comes later finds them.
	cpus := c.cpus.Add(0)
	if cpus&^me != 0 {
		request(cpus&^me, start, end, 0)
	}
	if cpus&me != 0 {
		flushLocal(start, end)
	}
	IRQRestore(flags)
}

// FixSpuriousFault does nothing: a fault makes the processor forget the
// translation that caused it (SDM vol. 3, 4.10.4.1).
//
//go:nosplit
func FixSpuriousFault(*MMContext, uintptr) {}

// CoherentCode says that SyncICache does nothing.
const CoherentCode = true

// SyncICache does nothing: instruction fetches see all stores.
//
//go:nosplit
func SyncICache(_, _ uintptr) {}
