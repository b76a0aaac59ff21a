//go:build metal && amd64

package amd64

import "sync/atomic"

// shootdown is the one request to flush translations that can be under way.
// The CPU that holds lock owns start and end; it waits until every other
// CPU's percpu.flush is clear again.
var shootdown struct {
	lock       atomic.Uint32
	start, end uintptr
}

// flushAllAbove is the size in bytes beyond which it is cheaper to flush
// everything than page by page.
const flushAllAbove = 32 * pageSize

// FlushKernelTLB flushes a range on all CPUs; see package arch.
//
//go:nosplit
func FlushKernelTLB(start, end uintptr) {
	flags := IRQSave()
	n := onlineCPUs.Load()
	if n == 1 {
		flushLocal(start, end)
		IRQRestore(flags)
		return
	}
	for !shootdown.lock.CompareAndSwap(0, 1) {
		CPURelax()
	}
	shootdown.start, shootdown.end = start, end
	me := int32(CPU())
	for i := range n {
		if c := &percpus[i]; i != me && c.self != 0 && c.stopped.Load() == 0 {
			c.flush.Store(1)
			sendIPI(c.apicID, vecFlush)
		}
	}
	flushLocal(start, end)
	for i := range n {
		for percpus[i].flush.Load() != 0 {
			CPURelax()
		}
	}
	shootdown.lock.Store(0)
	IRQRestore(flags)
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
	if c.flush.Load() != 0 {
		flushLocal(shootdown.start, shootdown.end)
		c.flush.Store(0)
	}
}

// flushLocal flushes kernel translations on this CPU. They are global, so that
// only INVLPG and a change of CR4.PGE reach them (SDM vol. 3, 4.10.4.1).
//
//go:nosplit
func flushLocal(start, end uintptr) {
	if end-start > flushAllAbove {
		cr4 := readCR4()
		writeCR4(cr4 &^ cr4PGE)
		writeCR4(cr4)
		return
	}
	for va := start &^ pageMask; va < end; va += pageSize {
		invlpg(va)
	}
}
