//go:build metal && arm64

package arm64

import (
	"fmt"
	"syscall"

	"onsen/arch/bootinfo"
)

// initGICv2 brings up a GICv2 on the boot CPU. GICv2 chapter 4.
func initGICv2(g *bootinfo.GIC) error {
	if g.Distributor.Empty() || g.CPUInterface.Empty() {
		return fmt.Errorf("GICv2 without distributor or CPU interface: %w", syscall.ENODEV)
	}
	d := mapRegisters(g.Distributor)
	gic.distributor, gic.cpuInterface = d, mapRegisters(g.CPUInterface)
	gic.lines = controllerLines(d)
	write32(d+gicdControl, 0)
	c := thisCPU()
	initGICv2CPU(c)
	initLines(d, firstSPI, gic.lines)
	for irq := uintptr(firstSPI); irq < gic.lines; irq += perQuarter {
		write32(d+gicdTargets+irq, c.gicTarget*0x01010101)
	}
	write32(d+gicdControl, gicdControlV2)
	gic.version = 2
	return nil
}

// initGICv2CPU sets up this CPU's banked registers and its CPU interface.
//
//go:nosplit
func initGICv2CPU(c *percpu) {
	c.gicTarget = ownTarget(gic.distributor)
	initPrivate(gic.distributor)
	write32(gic.cpuInterface+giccPriority, priorityMask)
	write32(gic.cpuInterface+giccBinary, 0)
	write32(gic.cpuInterface+giccControl, 1)
}

// ownTarget returns the bit that stands for this CPU in target lists: all
// private interrupts have it as their target. With a single CPU they read as 0,
// GICv2 4.3.12.
//
//go:nosplit
func ownTarget(distributor uintptr) uint32 {
	v := uint32(0)
	for irq := uintptr(0); irq < firstSPI; irq += perQuarter {
		v |= read32(distributor + gicdTargets + irq)
	}
	v |= v >> 16
	v |= v >> 8
	return max(v&0xff, 1)
}
