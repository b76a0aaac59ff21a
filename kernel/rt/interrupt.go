//go:build metal

package rt

import "onsen/arch"

// Interrupt is called after an interrupt was taken in kernel mode and recorded.
// It lets the task side have the CPU if a background thread was interrupted.
//
//go:nosplit
func Interrupt(f *arch.Frame) {
	c := thisCPU()
	if c.cur < 0 {
		return // the idle loop looks for itself
	}
	t := &threads[c.cur]
	lock()
	c.timerFired()
	c.preempt()
	thisCPU().arm()
	unlock()
	t.deliver(f)
}
