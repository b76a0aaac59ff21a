package sched

import "onsen/arch/spec"

// HandleDevices runs the handlers of the device interrupts recorded for this
// CPU. Set at start-up; it runs with preemption disabled and must not sleep.
var HandleDevices = func() {}

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
		runCalls()
	}
	rq := thisRq()
	if rq.wakeList.Load() != nil {
		rq.finishWakes()
	}
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
