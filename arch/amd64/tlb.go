//go:build metal && amd64

package amd64

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// shootdown is the one request to flush translations that can be under way.
// The CPU that holds lock owns the rest; it waits until the percpu.flush of
// every CPU that it has asked is clear again.
var shootdown struct {
	lock       atomic.Uint32
	start, end uintptr
	retired    uintptr // an MMContext not to use any longer, or 0
}

// offRetired is for assembly.
const offRetired = unsafe.Offsetof(shootdown.retired)

// flushAllAbove is the size in bytes beyond which it is cheaper to flush
// everything than page by page.
const flushAllAbove = 32 * pageSize

// FlushKernelTLB flushes a range on all CPUs; see package arch.
//
//go:nosplit
func FlushKernelTLB(start, end uintptr) {
	flags := IRQSave()
	if n := onlineCPUs.Load(); n > 1 {
		online := ^uint64(0) >> (64 - n)
		request(online&^(1<<this().id), start, end, 0)
	}
	flushLocal(start, end)
	IRQRestore(flags)
}

// request asks other CPUs to flush [start, end), or to stop using the MMContext
// retired, and waits until they have. Interrupts are masked.
//
//go:nosplit
func request(cpus uint64, start, end, retired uintptr) {
	for !shootdown.lock.CompareAndSwap(0, 1) {
		CPURelax()
	}
	shootdown.start, shootdown.end, shootdown.retired = start, end, retired
	for m := cpus; m != 0; m &= m - 1 {
		if c := &percpus[bits.TrailingZeros64(m)]; c.self != 0 && c.stopped.Load() == 0 {
			c.flush.Store(1)
			sendIPI(c.apicID, vecFlush)
		}
	}
	for m := cpus; m != 0; m &= m - 1 {
		for percpus[bits.TrailingZeros64(m)].flush.Load() != 0 {
			CPURelax()
		}
	}
	shootdown.lock.Store(0)
}

// CPURelax is called in every loop that waits for another CPU. That CPU may in
// turn be waiting for a flush here, which then covers everything. It is in
// assembly because such loops stand deep in the lowest layer, where stack is
// short.
func CPURelax()

// answerFlush does what another CPU waits for, if one does.
//
//go:nosplit
func answerFlush(c *percpu) {
	if c.flush.Load() == 0 {
		return
	}
	if shootdown.retired == 0 {
		flushLocal(shootdown.start, shootdown.end)
	} else if c.mm == shootdown.retired {
		dropMM(c)
	}
	c.flush.Store(0)
}

// flushLocal flushes translations on this CPU. Those of the kernel are global,
// so that only INVLPG and a change of CR4.PGE reach them (SDM vol. 3, 4.10.4.1).
//
//go:nosplit
func flushLocal(start, end uintptr) {
	if end-start > flushAllAbove {
		if start < TaskSize {
			writeCR3(readCR3())
			return
		}
		cr4 := readCR4()
		writeCR4(cr4 &^ cr4PGE)
		writeCR4(cr4)
		return
	}
	for va := start &^ pageMask; va < end; va += pageSize {
		invlpg(va)
	}
}
