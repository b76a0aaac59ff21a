package sched

import "onsen/arch/spec"

// Handlers of the events that are not the scheduler's own. Set at start-up;
// they run with preemption disabled and must not sleep.
var (
	// HandleDevices runs the handlers of recorded device interrupts.
	HandleDevices = func() {}
	// HandleCalls runs the functions that other CPUs have queued for this one.
	HandleCalls = func() {}
)

// HandleEvents takes what interrupts have recorded for this CPU and does it.
// The caller is a task; no spin lock is held.
func HandleEvents() {
	if atomicContext() {
		panic("sched: events handled while atomic")
	}
	preemptDisable()
	events := takeEvents()
	if events&spec.EventDevice != 0 {
		HandleDevices()
	}
	if events&spec.EventCallFunction != 0 {
		HandleCalls()
	}
	rq := thisRq()
	if events&spec.EventTimer != 0 {
		timerTick()
		rq.timers.expire()
	}
	if rq.timers.stale.Load() {
		rq.timers.refresh()
	}
	rq.tickIfWanted()
	preemptEnable()
	rq.lendIfDue()
}
