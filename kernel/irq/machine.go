package irq

import (
	"onsen/arch"
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

func (machine) EnterHandler() {
	if Isolate != nil {
		Isolate(true)
	}
}

func (machine) LeaveHandler() {
	if Isolate != nil {
		Isolate(false)
	}
}
