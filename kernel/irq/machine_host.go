//go:build !metal

package irq

import (
	"log"
	"runtime"

	"onsen/arch"
)

// machine is package arch's fake machine, which has no interrupts.
type machine struct{}

func (machine) TakeIRQ() (int, bool) { return arch.TakeIRQ() }
func (machine) MaskIRQ(irq int)      { arch.MaskIRQ(irq) }
func (machine) UnmaskIRQ(irq int)    { arch.UnmaskIRQ(irq) }
func (machine) CPU() int             { return arch.CPU() }
func (machine) EnterHandler()        {}
func (machine) LeaveHandler()        {}

func (machine) SetupIRQ(irq int, level, activeLow bool) error {
	return arch.SetupIRQ(irq, level, activeLow)
}

func relax() { runtime.Gosched() }

func report(format string, args ...any) { log.Printf(format, args...) }
