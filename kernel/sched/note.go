package sched

import "sync/atomic"

// noted says that OnNote is to be called.
var noted atomic.Bool

// OnNote is called soon after Note, once for any number of them, by a CPU that
// handles its events: preemption is disabled, and it must not sleep. Set at
// start-up.
var OnNote = func() {}

// Note has OnNote called soon. Any code may call it, also with any spin lock
// held; Linux's irq_work.
func Note() {
	if !noted.Swap(true) {
		sendReschedule(thisCPU())
	}
}

// handleNote follows a Note.
func handleNote() {
	if noted.Swap(false) {
		OnNote()
	}
}
