package kernel

// processTimers are a process's timers.
type processTimers struct{}

// exitProcessTimers stops the timers of a process whose last thread ends.
func exitProcessTimers(t *Task) {}
