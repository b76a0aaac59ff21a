package sched

// Kick makes t look at its thread flags if it is in user mode right now: the CPU
// that runs it is interrupted. A task that is in the kernel will look before it
// leaves. Linux's kick_process.
//
// Preconditions: preemption is disabled.
func Kick(t *Task) {
	if t.onCPU.Load() == 0 {
		return
	}
	if cpu := t.CPU(); cpu != thisCPU() {
		sendReschedule(cpu)
	}
}
