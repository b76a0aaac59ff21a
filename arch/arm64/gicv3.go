//go:build metal && arm64

package arm64

import (
	"fmt"
	"syscall"

	"onsen/arch/bootinfo"
)

// initGICv3 brings up a GICv3 or GICv4 on the boot CPU, with affinity routing
// and all interrupts in group 1. GICv3 chapter 12.
func initGICv3(g *bootinfo.GIC) error {
	if g.Distributor.Empty() || len(g.Redistributors) == 0 {
		return fmt.Errorf("GICv3 without distributor or redistributors: %w", syscall.ENODEV)
	}
	c := thisCPU()
	if c.redistributor = findRedistributor(g, c.mpidr); c.redistributor == 0 {
		return fmt.Errorf("GICv3 without a redistributor for CPU %#x: %w", c.mpidr, syscall.ENODEV)
	}
	if !enableSystemRegisters() {
		return fmt.Errorf("GICv3 whose system registers the firmware keeps: %w", syscall.ENODEV)
	}
	d := mapRegisters(g.Distributor)
	gic.distributor = d
	gic.lines = controllerLines(d)
	write32(d+gicdControl, 0)
	waitClear(d+gicdControl, gicdWritePending)
	for irq := uintptr(firstSPI); irq < gic.lines; irq += perWord {
		offset, _ := bitWord(gicdGroup, irq)
		write32(d+offset, ^uint32(0))
	}
	initLines(d, firstSPI, gic.lines)
	waitClear(d+gicdControl, gicdWritePending)
	write32(d+gicdControl, gicdControlV3)
	waitClear(d+gicdControl, gicdWritePending)
	for irq := uintptr(firstSPI); irq < gic.lines; irq++ {
		write64(d+gicdRoute+8*irq, c.mpidr)
	}
	initGICv3CPU(c)
	gic.version = 3
	return nil
}

// initGICv3CPU sets up this CPU's redistributor and CPU interface.
//
//go:nosplit
func initGICv3CPU(c *percpu) {
	r := c.redistributor
	write32(r+gicrWaker, read32(r+gicrWaker)&^gicrSleep)
	waitClear(r+gicrWaker, gicrAsleep)
	write32(r+gicrSGIBase+gicdGroup, ^uint32(0))
	initPrivate(r + gicrSGIBase)
	waitClear(r+gicrControl, gicrWritePending)
	c.gicSGI = sgiRegister(c.mpidr)
	enableSystemRegisters()
	initCPUInterface(priorityMask)
}

// findRedistributor returns the address of the redistributor of the CPU with
// this affinity, 0 if there is none. GICv3 9.6 and 12.10, GICR_TYPER.
func findRedistributor(g *bootinfo.GIC, mpidr uint64) uintptr {
	for _, region := range g.Redistributors {
		for pa := region.Start; pa+gicrStride <= region.End; {
			r := MapDevice(uintptr(pa), gicrStride)
			if r == 0 {
				break
			}
			typer := read64(r + gicrType)
			if redistributorAffinity(typer) == mpidr {
				return r
			}
			if typer&gicrLast != 0 {
				break
			}
			pa += redistributorSize(typer, g.RedistributorStride)
		}
	}
	return 0
}

// waitClear waits until bits of a register read as 0, for at most a second: a
// controller that is broken should not stop the kernel without a word.
//
//go:nosplit
func waitClear(addr uintptr, bits uint32) {
	end := Ktime() + 1e9
	for read32(addr)&bits != 0 && Ktime() < end {
		CPURelax()
	}
}

// controllerLines returns how many interrupts the controller has.
func controllerLines(distributor uintptr) uintptr {
	n := uintptr(read32(distributor+gicdType)&gicdTypeLines+1) * perWord
	return min(n, maxIRQ)
}

func mapRegisters(r bootinfo.Range) uintptr { return MapDevice(uintptr(r.Start), uintptr(r.Size())) }
