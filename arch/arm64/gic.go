//go:build metal && arm64

package arm64

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"onsen/arch/bootinfo"
)

// gic is the interrupt controller. It is set up by the boot CPU in InitIRQ and
// only read afterwards.
var gic struct {
	version      uint32 // 2 or 3; 0 while there is none
	distributor  uintptr
	cpuInterface uintptr // GICv2
	lines        uintptr // number of interrupts, private ones included
	timer        uintptr // the virtual timer's interrupt
	timerEdge    bool
}

// Device registers are read and written with atomic operations, which the
// compiler neither leaves out nor repeats.

//go:nosplit
func read32(addr uintptr) uint32 { return atomic.LoadUint32((*uint32)(at(addr))) }

//go:nosplit
func write32(addr uintptr, v uint32) { atomic.StoreUint32((*uint32)(at(addr)), v) }

//go:nosplit
func read64(addr uintptr) uint64 { return atomic.LoadUint64((*uint64)(at(addr))) }

//go:nosplit
func write64(addr uintptr, v uint64) { atomic.StoreUint64((*uint64)(at(addr)), v) }

// InitIRQ brings up the interrupt controller and the timer's interrupt on the
// boot CPU. All device lines are masked and routed to it.
func InitIRQ(info *bootinfo.Info) error {
	timer := info.Timer.Virtual
	if n := timer.Number; n < firstPPI || n >= firstSPI {
		return fmt.Errorf("the firmware names no virtual timer interrupt: %w", syscall.ENODEV)
	}
	if firmwareHz() == 0 && info.Timer.CounterHz == 0 {
		return fmt.Errorf("the firmware does not tell the frequency of the counter: %w", syscall.ENODEV)
	}
	gic.timer, gic.timerEdge = uintptr(timer.Number), timer.Trigger.Edge()
	flags := IRQSave()
	defer IRQRestore(flags)
	switch c := &info.InterruptController; c.Kind {
	case bootinfo.ControllerGICv2:
		return initGICv2(&c.GIC)
	case bootinfo.ControllerGICv3:
		return initGICv3(&c.GIC)
	default:
		return fmt.Errorf("no driver for an interrupt controller of kind %v: %w", c.Kind, syscall.ENODEV)
	}
}

// initLines masks all device lines and gives them their priority. bits for the
// first 32 are each CPU's own.
//
//go:nosplit
func initLines(base, first, n uintptr) {
	for irq := first; irq < n; irq += perWord {
		offset, _ := bitWord(0, irq)
		write32(base+gicdClrEnable+offset, ^uint32(0))
		write32(base+gicdClrActive+offset, ^uint32(0))
	}
	for irq := first; irq < n; irq += perQuarter {
		write32(base+gicdPriority+irq, priorityDefault*0x01010101)
	}
}

// initPrivate sets up the software generated and private interrupts of this
// CPU, whose registers are at base.
//
//go:nosplit
func initPrivate(base uintptr) {
	initLines(base, 0, firstSPI)
	setTrigger(base, gic.timer, gic.timerEdge)
	write32(base+gicdSetEnable, 1<<sgiWake|1<<sgiStop|1<<sgiRetire|1<<(gic.timer&31))
}

//go:nosplit
func setTrigger(base, irq uintptr, edge bool) {
	offset, bit := configBits(irq)
	v := read32(base+offset) &^ bit
	if edge {
		v |= bit
	}
	write32(base+offset, v)
}

// SetupIRQ routes a device line to the boot CPU, masked. The level is always
// active high, and edges rise: the GIC knows nothing else. It returns EINVAL
// for a line the controller does not have.
func SetupIRQ(irq int, level, _ bool) error {
	if irq < firstSPI || uintptr(irq) >= gic.lines {
		return syscall.EINVAL
	}
	MaskIRQ(irq)
	setTrigger(gic.distributor, uintptr(irq), !level)
	if gic.version == 2 {
		target := gic.distributor + gicdTargets + uintptr(irq)&^3
		shift := uint(irq) % 4 * 8
		write32(target, read32(target)&^(0xff<<shift)|cpus[0].gicTarget<<shift)
	} else {
		write64(gic.distributor+gicdRoute+8*uintptr(irq), cpus[0].mpidr)
	}
	return nil
}

// MaskIRQ keeps a device line from interrupting.
//
//go:nosplit
func MaskIRQ(irq int) { setEnable(gicdClrEnable, irq) }

// UnmaskIRQ lets a device line interrupt again.
//
//go:nosplit
func UnmaskIRQ(irq int) { setEnable(gicdSetEnable, irq) }

//go:nosplit
func setEnable(array uintptr, irq int) {
	if irq < firstSPI || uintptr(irq) >= gic.lines {
		return
	}
	offset, bit := bitWord(array, uintptr(irq))
	write32(gic.distributor+offset, bit)
}

// acknowledge takes the most urgent interrupt. It returns what endInterrupt
// wants, and the interrupt's number, from maxIRQ on if there is none.
//
//go:nosplit
func acknowledge() (token, irq uintptr) {
	if gic.version == 2 {
		token = uintptr(read32(gic.cpuInterface + giccAck))
		return token, token & giccID
	}
	token = readIAR()
	return token, token
}

// endInterrupt lets the next interrupt come.
//
//go:nosplit
func endInterrupt(token uintptr) {
	if gic.version == 2 {
		write32(gic.cpuInterface+giccEnd, uint32(token))
	} else {
		writeEOIR(token)
	}
}

// sendSGI sends a software generated interrupt. What the caller has written
// before is visible to the CPU that takes it.
//
//go:nosplit
func sendSGI(c *percpu, sgi uint32) {
	storeBarrier()
	if gic.version == 2 {
		write32(gic.distributor+gicdSGI, c.gicTarget<<16|sgi)
	} else {
		writeSGI1R(c.gicSGI | uint64(sgi)<<sgiNumberShift)
	}
}

// initGICCPU brings up the controller's part of a CPU other than the first.
// It runs on the CPU's idle stack.
//
//go:nosplit
func initGICCPU(c *percpu) {
	if gic.version == 2 {
		initGICv2CPU(c)
	} else {
		initGICv3CPU(c)
	}
}
