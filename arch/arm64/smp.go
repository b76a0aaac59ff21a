//go:build metal && arm64

package arm64

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"onsen/arch/bootinfo"
	"onsen/arch/spec"
)

// notArrived stands in the kstack of a CPU that has been started, until the idle
// loop calls LoadThread: by then package rt knows the CPU.
const notArrived = 1

// startTimeout is how long a CPU may take to arrive, in nanoseconds.
const startTimeout = 1e9

// StartCPU starts another CPU and returns when it runs its idle loop. It is
// called for one CPU at a time. Errors: EINVAL for a CPU the firmware does not
// know, ENOTSUP if it starts CPUs in another way than PSCI, EIO when it refuses
// to, ENODEV if the interrupt controller has no place for the CPU, ENOMEM,
// ETIMEDOUT when it does not arrive.
func StartCPU(cpu int, info *bootinfo.Info) error {
	if cpu <= 0 || cpu >= len(info.CPUs) || cpu >= spec.MaxCPUs {
		return syscall.EINVAL
	}
	firm := &info.CPUs[cpu]
	if !firm.Enabled || cpus[cpu].online.Load() != 0 {
		return syscall.EINVAL
	}
	if firm.EnableMethod != bootinfo.EnablePSCI {
		return fmt.Errorf("enable method %v: %w", firm.EnableMethod, syscall.ENOTSUP)
	}
	c := &cpus[cpu]
	c.id, c.mpidr = uint64(cpu), firm.HardwareID
	if gic.version == 3 {
		c.redistributor = findRedistributor(&info.InterruptController.GIC, c.mpidr)
		if c.redistributor == 0 {
			return fmt.Errorf("no redistributor: %w", syscall.ENODEV)
		}
	}
	if !c.mapStacks() {
		return syscall.ENOMEM
	}
	atomic.StoreUintptr(&c.kstack, notArrived)
	storeBarrier()
	if err := cpuOn(c.mpidr, VirtToPhys(secondaryEntry()), uintptr(cpu)); err != nil {
		return err
	}
	for end := Ktime() + startTimeout; atomic.LoadUintptr(&c.kstack) == notArrived; {
		if Ktime() > end {
			return syscall.ETIMEDOUT
		}
		CPURelax()
	}
	return nil
}

// mapStacks maps the idle and the emergency stack of a CPU, each with a guard
// page below, unless that was done before. It reports false if there is no
// memory.
func (c *percpu) mapStacks() bool {
	slot := stackBase + uintptr(c.id)*stackSlot
	c.idleStack, c.emergency = slot+idleStackTop, slot+emergencyStackTop
	return mapStack(c.idleStack, idleStackSize) && mapStack(c.emergency, emergencyStackSize)
}

func mapStack(top, size uintptr) bool {
	for va := top - size; va < top; va += pageSize {
		if KernelPageMapped(va) {
			continue
		}
		pa := mmAllocHeapPage()
		if pa == 0 {
			return false
		}
		ZeroPage(PhysToVirt(pa))
		if !MapKernelPage(va, pa, spec.ProtR|spec.ProtW) {
			mmFreePage(pa)
			return false
		}
	}
	return true
}

// secondary is entered from start_arm64.s by every CPU but the first, on its
// idle stack with interrupts masked.
//
//go:nosplit
func secondary(cpu int) {
	c := thisCPU()
	c.midr = readMIDR()
	initGICCPU(c)
	c.online.Store(1)
	rtSecondaryStart(cpu)
}
