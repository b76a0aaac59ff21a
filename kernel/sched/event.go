package sched

import "onsen/arch/spec"

// HandleDevices runs the handlers of the device interrupts recorded for this
// CPU. Set at start-up; it runs with preemption disabled and must not sleep. It
// calls each handler between IsolateHandler(true) and (false).
var HandleDevices = func() {}

// HandleEvents takes what interrupts have recorded for this CPU and does it.
// The caller is a task; no spin lock is held.
func HandleEvents() {
	rq := thisRq()
	if rq.atomic() {
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
	if noted.Load() {
		handleNote()
	}
	if rq.wakeList.Load() != nil {
		rq.finishWakes()
	}
	if events&spec.EventTimer != 0 {
		timerTick()
		rq.timers.expire()
	}
	if CPUMask(rtOverload.Load()).Has(rq.cpu) {
		rq.pushRealTime()
	}
	if rq.timers.stale.Load() {
		rq.timers.refresh()
	}
	rq.tickIfWanted()
	preemptEnable()
	rq.lendIfDue()
}

// IsolateHandler begins or ends a part of HandleDevices in which a panic can be
// recovered from: the Go runtime gives up on one while preemption is disabled.
// Preemption is enabled in that part, and the task must not sleep all the same.
func IsolateHandler(on bool) {
	rq := thisRq()
	if on {
		rq.inHandler = true
		preemptEnable()
		return
	}
	preemptDisable()
	rq.inHandler = false
}

// atomic reports whether the calling task, on rq's CPU, must not sleep.
func (rq *Rq) atomic() bool { return atomicContext() || rq.inHandler }
