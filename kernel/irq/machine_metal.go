//go:build metal

package irq

import (
	"runtime"

	"onsen/arch"
	"onsen/kernel/printk"
)

// machine is the controller of the real machine.
type machine struct{}

func (machine) TakeIRQ() (int, bool) { return arch.TakeIRQ() }
func (machine) MaskIRQ(irq int)      { arch.MaskIRQ(irq) }
func (machine) UnmaskIRQ(irq int)    { arch.UnmaskIRQ(irq) }
func (machine) CPU() int             { return arch.CPU() }

func (machine) SetupIRQ(irq int, level, activeLow bool) error {
	return arch.SetupIRQ(irq, level, activeLow)
}

// The Go runtime does not recover from a panic while preemption is disabled.
// RunPending's caller has disabled it once, and the CPU's task stays on its CPU
// without that.
func (machine) EnterHandler() { runtime.PreemptEnable() }
func (machine) LeaveHandler() { runtime.PreemptDisable() }

func relax() { arch.CPURelax() }

func report(format string, args ...any) { printk.Err(format, args...) }
