//go:build metal && arm64

package arm64

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// MMContext is an address space as the processor sees it.
type MMContext struct {
	// Pgd is the physical address of the level 0 table. Constant.
	Pgd uintptr

	id      atomic.Uint64 // ASID and its generation; 0 before the first use
	retired atomic.Uint32 // RetireMM was called
}

// PgdInit gives the context an empty table from alloc, which returns the
// physical address of a cleared page or 0. It returns ENOMEM.
func (c *MMContext) PgdInit(alloc func() uintptr) error {
	if c.Pgd = alloc(); c.Pgd == 0 {
		return syscall.ENOMEM
	}
	storeBarrier() // the zeros come before the table is used
	return nil
}

var allAsids asids

// asidCount returns how many ASIDs the CPUs have.
//
//go:nosplit
func asidCount() uint64 {
	if wideASIDs() {
		return 1 << 16
	}
	return 1 << 8
}

// SwitchMM makes c the address space of this CPU, or none if c is nil. The
// caller cannot migrate.
//
//go:nosplit
func SwitchMM(c *MMContext) {
	p := thisCPU()
	if p.mm == uintptr(unsafe.Pointer(c)) {
		return
	}
	flags := runtime.IRQSave()
	if c == nil {
		dropMM()
		runtime.IRQRestore(flags)
		return
	}
	atomic.StoreUintptr(&p.mm, uintptr(unsafe.Pointer(c)))
	setUserTable(uint64(c.Pgd) | allAsids.use(&c.id, int(p.id))<<ttbrASIDShift)
	runtime.IRQRestore(flags)
}

// ttbrASIDShift is where the ASID begins in TTBR0_EL1.
const ttbrASIDShift = 48

// dropMM makes this CPU forget its address space. Interrupts are masked.
//
//go:nosplit
func dropMM() {
	setUserTable(uint64(kernel.root) + bootEmptyTable - bootKernelRoot)
	atomic.StoreUintptr(&thisCPU().mm, 0)
}

// RetireMM makes every CPU that still has c loaded forget it: afterwards its
// tables can be freed. No program runs in it. It waits for the other CPUs, and
// answers them meanwhile.
//
//go:nosplit
func RetireMM(c *MMContext) {
	mm := uintptr(unsafe.Pointer(c))
	c.retired.Store(1)
	flags := runtime.IRQSave()
	if thisCPU().mm == mm {
		dropMM()
	}
	for i := range cpus {
		p := &cpus[i]
		if atomic.LoadUintptr(&p.mm) != mm {
			continue
		}
		atomic.StoreUint32(&p.retire, 1)
		sendSGI(p, sgiRetire)
		for atomic.LoadUintptr(&p.mm) == mm {
			CPURelax()
		}
	}
	runtime.IRQRestore(flags)
	if id := c.id.Load(); id != 0 {
		flushASID(id << ttbrASIDShift)
	}
}

// answerRetire forgets this CPU's address space if RetireMM on another CPU asks
// for it.
//
//go:nosplit
func answerRetire() {
	flags := runtime.IRQSave()
	p := thisCPU()
	atomic.StoreUint32(&p.retire, 0)
	if p.mm != 0 && (*MMContext)(at(p.mm)).retired.Load() != 0 {
		dropMM()
	}
	runtime.IRQRestore(flags)
}

// userFlushLimit is how many pages FlushTLB flushes one by one; Linux's
// MAX_TLBI_OPS.
const userFlushLimit = 512

// FlushTLB makes every CPU forget the translations of [start, end) of c, and
// the tables on the way to them. It returns when they have.
//
//go:nosplit
func FlushTLB(c *MMContext, start, end uintptr) {
	id := c.id.Load()
	if id == 0 {
		return // never used
	}
	asid := id << ttbrASIDShift
	start &^= pageMask
	if end-start > userFlushLimit*pageSize {
		flushASID(asid)
		return
	}
	flushUserRange(asid, start, end)
}

// FixSpuriousFault makes all CPUs forget the translation of the page at addr,
// which may allow less than the table does now: a permission fault does not
// remove it. Linux's ptep_set_access_flags.
//
//go:nosplit
func FixSpuriousFault(c *MMContext, addr uintptr) { FlushTLB(c, addr, addr+1) }

// CoherentCode says that SyncICache does nothing.
const CoherentCode = false

// SyncICache makes the n bytes of code at va, an address of the kernel, fit to
// be executed by programs on all CPUs.
//
//go:nosplit
func SyncICache(va, n uintptr) { cleanToPoU(va, va+n) }

// setUserTable writes TTBR0_EL1.
func setUserTable(v uint64)

// wideASIDs reports whether ASIDs have 16 bits, see enableMMU.
func wideASIDs() bool

// flushLocal makes this CPU forget all translations.
func flushLocal()

// flushASID makes all CPUs forget all translations of the ASID in bits 63:48.
func flushASID(asid uint64)

// flushUserRange makes all CPUs forget the translations of [start, end), which
// starts at a page boundary, of the ASID in bits 63:48.
func flushUserRange(asid uint64, start, end uintptr)

// cleanToPoU makes the data in [start, end) visible to instruction fetches and
// empties the instruction caches.
func cleanToPoU(start, end uintptr)
