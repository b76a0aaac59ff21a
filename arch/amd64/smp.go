//go:build metal && amd64

package amd64

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// trampolinePage is the physical address of the page in which other processors
// start; 0 if there is none. Probe chooses it.
var trampolinePage uintptr

// In smp_amd64.s.
func realStartPC() uintptr
func longStartPC() uintptr
func secondaryPC() uintptr

// StartCPU starts another CPU; see package arch. One call at a time.
func StartCPU(cpu int, info *bootinfo.Info) error {
	if cpu <= 0 || cpu >= len(info.CPUs) || cpu >= spec.MaxCPUs {
		return syscall.EINVAL
	}
	firmware := info.CPUs[cpu]
	if !firmware.Enabled || firmware.EnableMethod != bootinfo.EnableINIT || !lapic.x2apic && firmware.HardwareID >= 0xff {
		return syscall.EINVAL
	}
	c := &percpus[cpu]
	if c.self != 0 || trampolinePage == 0 {
		return syscall.EIO
	}
	if !c.prepare(cpu) {
		return syscall.ENOMEM
	}
	c.apicID = uint32(firmware.HardwareID)
	alive := fillTrampoline(c)
	startProcessor(c.apicID, alive)
	const patience = 1_000_000_000
	for end := Ktime() + patience; Ktime() < end; {
		if onlineCPUs.Load() > int32(cpu) {
			return nil
		}
		CPURelax()
	}
	// It must not come to life later, when nobody expects it.
	command(c.apicID, commandAssert|deliverINIT)
	c.self = 0
	return syscall.ETIMEDOUT
}

// fillTrampoline writes code and data for a processor into the trampoline. The
// result becomes 1 when the processor has got through it.
func fillTrampoline(c *percpu) (alive *atomic.Uint64) {
	page := PhysToVirt(trampolinePage)
	for i := uintptr(0); i < trampolineCode; i += 8 {
		store64(page+i, load64(realStartPC()+i))
		store64(page+trampolineLong+i, load64(longStartPC()+i))
	}
	const gdtBytes = 3 * 8 // null, code, data
	store64(page+trampolineGDTR, (gdtBytes-1)|bootGDT<<16)
	store64(page+trampolineJump, (trampolinePage+trampolineLong)|selKernelCode<<32)
	store64(page+trampolineCPU, uintptr(unsafe.Pointer(c)))
	store64(page+trampolineGo, secondaryPC())
	store64(page+trampolineAlive, 0)
	return (*atomic.Uint64)(pointer(page + trampolineAlive))
}

func store64(a, v uintptr) { *(*uintptr)(pointer(a)) = v }

// bootGDT is the physical address of the segment table that the image brings
// along, in the page before its page tables.
const bootGDT = bootTables - pageSize

// startProcessor sends the sequence INIT, start-up, start-up (SDM vol. 3,
// 9.4.4.1). The pauses are for processors; the second start-up IPI is only for
// one that has missed the first.
func startProcessor(id uint32, alive *atomic.Uint64) {
	const afterINIT, afterStartup = 10_000, 300_000 // ns
	command(id, commandAssert|deliverINIT)
	wait(afterINIT)
	for range 2 {
		command(id, commandAssert|deliverStartup|uint32(trampolinePage/pageSize))
		for end := Ktime() + afterStartup; Ktime() < end; {
			if alive.Load() != 0 {
				return
			}
			CPURelax()
		}
	}
}
